//! `cargo xtask matrix`: writes the README's table of grants, client authentication and bound tokens from the tests that ran.

use crate::Outcome;
use crate::run::{self, Count};

/// Runs the test that makes the table, and lets it write.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let mut command = run::cargo(&["test", "-p", "grantor-tests", "--test", "it"]);
    command
        .args(["matrix::", "--", "--skip", "on_postgresql"])
        .env("GRANTOR_TEST_WRITE_MATRIX", "1");
    let mut count = Count::default();
    run::counted(command, &mut count)?;
    if count.passed == 0 {
        return Err("no test made the table".into());
    }
    Ok(())
}
