//! The same sequence of batches leaves both engines in the same state and gets the same answers.

use db::{Batch, CommitError, Engine, Params, Stmt, params};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::{
    DELETE, DELETE_WITH, INSERT, LIST, PUT, PUT_ONCE, REDEEM, REDEEM_ALL, REDEEM_RETURNING,
};

type Planned = (&'static Stmt, Params, Option<u64>);

fn text() -> impl Strategy<Value = String> {
    // Few values, so that they meet; some that engines could order or fold differently.
    prop::sample::select(vec!["a", "A", "b", "ä", "a ", ""]).prop_map(str::to_owned)
}

fn statement() -> impl Strategy<Value = Planned> {
    let values = (
        text(),
        text(),
        prop::option::of(-2..3_i64),
        prop::option::of(text()),
    );
    let guard = prop::option::of(0..3_u64);
    (0..9_usize, values, guard).prop_map(|(kind, (realm, hash, number, note), guard)| {
        let (stmt, params): (&'static Stmt, Params) = match kind {
            0 => (&INSERT, params![realm, hash, number, note]),
            1 => (&PUT, params![realm, hash, number, note]),
            2 => (&PUT_ONCE, params![realm, hash, number, note]),
            3 => (&REDEEM, params![realm, hash, number]),
            4 => (&REDEEM_RETURNING, params![realm, hash, number]),
            5 => (&REDEEM_ALL, params![realm, number]),
            6 => (&DELETE_WITH, params![realm, hash]),
            7 => (&DELETE, params![realm, hash]),
            _ => (&LIST, params![realm]),
        };
        (stmt, params, guard)
    })
}

fn made(planned: &[Planned]) -> Batch {
    let mut batch = Batch::new();
    for (stmt, params, guard) in planned {
        match guard {
            Some(rows) => batch.expect(stmt, params.clone(), *rows),
            None => batch.run(stmt, params.clone()),
        };
    }
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_of_batches_gives_the_same_answers_and_state_on_both_engines() {
    let (one, two) = (
        crate::open(Engine::Sqlite).await,
        crate::open(Engine::Postgres).await,
    );
    let mut runner = TestRunner::default();
    let sequence = vec(vec(statement(), 1..5), 1..40);
    let (mut succeeded, mut guards, mut uniques) = (0, 0, 0);
    for case in 0..40 {
        let batches = sequence.new_tree(&mut runner).unwrap().current();
        for (number, planned) in batches.iter().enumerate() {
            let (a, b) = (
                one.commit(made(planned)).await,
                two.commit(made(planned)).await,
            );
            assert_eq!(a, b, "case {case}, batch {number}: {planned:?}");
            match a {
                Ok(_) => succeeded += 1,
                Err(CommitError::Guard { .. }) => guards += 1,
                Err(CommitError::Unique { .. }) => uniques += 1,
                Err(error) => panic!("{error}"),
            }
        }
        for realm in ["a", "A", "b", "ä", "a ", ""] {
            let (a, b) = (
                one.rows(&LIST, params![realm]).await,
                two.rows(&LIST, params![realm]).await,
            );
            assert_eq!(a.unwrap(), b.unwrap(), "case {case}, realm {realm:?}");
        }
    }
    // The plan met all outcomes, or it shows little.
    assert!(
        succeeded > 50 && guards > 50 && uniques > 20,
        "{succeeded} {guards} {uniques}"
    );
}
