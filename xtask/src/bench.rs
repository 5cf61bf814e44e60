//! `cargo xtask bench`: the load generator, in release mode.

use crate::{Outcome, run};

/// Runs it with the arguments that were given.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    run::check(run::cargo(&["build", "--release", "-p", "grantor"]))?;
    let mut command = run::cargo(&["run", "--release", "-p", "grantor-bench", "--"]);
    command.args(arguments);
    run::check(command)
}
