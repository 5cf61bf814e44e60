//! Every grant with every way to authenticate a client and every way to bind a token: the table of the README is what ran here.

pub mod grants;
pub mod party;

use std::path::PathBuf;

use grants::Grant;
use party::{Binding, Method, Party};

use crate::harness::{ALICE, World};
use crate::on_each_engine;

const BEGIN: &str = "<!-- matrix: written by `cargo xtask matrix` from the tests that ran -->\n";
const END: &str = "<!-- end of the matrix -->\n";

on_each_engine! {
    /// Each cell is asked for; the table that comes out is the one that the README shows.
    async fn the_matrix_of_the_readme_is_what_works(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        world.notes().await;
        let found = table(&world).await;
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../README.md");
        let readme = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the matrix");
        let (shown, after) = rest.split_once(END).expect("the matrix of the README ends");
        if std::env::var_os("GRANTOR_TEST_WRITE_MATRIX").is_some() {
            std::fs::write(&path, format!("{before}{BEGIN}{found}{END}{after}")).unwrap();
        } else {
            assert_eq!(shown, found, "`cargo xtask matrix` writes it anew");
        }
    }
}

async fn table(world: &World) -> String {
    let methods = Method::ALL.map(|method| format!("`{}`", method.name()));
    let mut table = format!(
        "| | {} |\n|---|{}\n",
        methods.join(" | "),
        "---|".repeat(methods.len())
    );
    for grant in Grant::ALL {
        let mut row = format!("| `{}`", grant.name());
        for method in Method::ALL {
            row += &format!(" | {}", cell(world, grant, method).await);
        }
        table += &format!("{row} |\n");
    }
    table
}

/// The bindings that work, or a dash.
async fn cell(world: &World, grant: Grant, method: Method) -> String {
    if !grant.authenticates() && method != Method::None {
        return "–".to_owned();
    }
    let mut works = Vec::new();
    for binding in Binding::ALL {
        if ran(world, grant, method, binding).await {
            works.push(binding.name());
        }
    }
    if works.is_empty() {
        "–".to_owned()
    } else {
        works.join(" ")
    }
}

/// Whether the client got its token; panics when it got one that is bound otherwise than it should be.
async fn ran(world: &World, grant: Grant, method: Method, binding: Binding) -> bool {
    let Some(party) = Party::register(world, grant, method, binding).await else {
        return false;
    };
    let answer = grant.ask(&party).await;
    if answer.status != 200 {
        assert!([400, 401].contains(&answer.status), "{answer:?}");
        return false;
    }
    party.check(grant, &answer).await;
    true
}
