//! `cargo xtask conformance`: the OpenID Foundation's conformance suite, which must be running, against the grantor of this checkout.

use std::path::PathBuf;

use crate::{Outcome, run, tree};

/// Builds grantor and the driver, and runs the plans with the arguments that were given.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let both = ["build", "-p", "grantor", "-p", "grantor-conformance"];
    run::check(run::cargo(&both))?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree::root().join("target"), PathBuf::from);
    let program = target.join("debug").join("grantor-conformance");
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(tree::root());
    run::check(command)
}
