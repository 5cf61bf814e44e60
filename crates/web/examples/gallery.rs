//! Writes one HTML file for each kind of page, so that a change of the stylesheet can be looked at without a server:
//! `cargo run -p grantor-web --example gallery -- FOLDER`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::PathBuf;

use askama::Template;
use web::page::Shell;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    shell: Shell,
    error: bool,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct Flow {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "parts.html")]
struct Parts {
    shell: Shell,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    shell: Shell,
    text: &'a str,
    details: Vec<(String, String)>,
    action: Option<(String, String)>,
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or("gallery".to_owned()));
    fs::create_dir_all(&folder).unwrap();
    let shell = |title: &str| Shell::new(title).realm("Meadow Notes", "");
    let write = |name: &str, html: String| {
        let html = html.replace(web::assets::stylesheet_path(), "grantor.css");
        let html = html.replace("\"/favicon.svg\"", "\"icon.svg\"");
        fs::write(folder.join(name), html).unwrap();
    };
    fs::write(
        folder.join("grantor.css"),
        include_str!("../assets/grantor.css"),
    )
    .unwrap();
    fs::write(folder.join("icon.svg"), include_str!("../assets/icon.svg")).unwrap();
    let accent = web::theme::Accent::parse("#0f8a5f").unwrap();
    fs::write(folder.join("theme.css"), accent.stylesheet()).unwrap();
    let sign_in = |error, theme: Option<&str>| {
        let mut shell = shell("Sign in");
        shell.theme = theme.map(str::to_owned);
        SignIn { shell, error }.render().unwrap()
    };
    write("sign-in.html", sign_in(false, None));
    write("sign-in-error.html", sign_in(true, None));
    write("sign-in-theme.html", sign_in(false, Some("theme.css")));
    let consent = Consent {
        shell: shell("Allow access"),
    };
    write("consent.html", consent.render().unwrap());
    let text = "Meadow Notes does not know the address this application wants you to go back to, so you were not sent there. Tell the application’s developer.";
    let problem = Problem {
        shell: shell("This link is not safe to follow"),
        text,
        details: vec![
            ("client_id".into(), "demo-web".into()),
            (
                "redirect_uri".into(),
                "https://app.example/callback?next=%2Fprofile".into(),
            ),
        ],
        action: Some(("Back to the start".into(), "/".into())),
    };
    write("problem.html", problem.render().unwrap());
    let wide = |title: &str| {
        let shell = Shell::new(title).wide().person("alice");
        shell
            .link("Start", "/")
            .link("Metadata", "/.well-known/openid-configuration")
    };
    write(
        "flow.html",
        Flow {
            shell: wide("What just happened"),
        }
        .render()
        .unwrap(),
    );
    write(
        "parts.html",
        Parts {
            shell: wide("Components"),
        }
        .render()
        .unwrap(),
    );
}
