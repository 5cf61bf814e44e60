//! `cargo xtask browser`: the tests that drive a real Chromium through `grantor demo`.

use std::process::Command;

use crate::install::{self, CHROMEDRIVER, CHROMIUM};
use crate::run::{self, Count};
use crate::{Outcome, tree};

/// Runs them, or those whose name holds the argument.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut count = Count::default();
    let mut command = command()?;
    command.args(arguments);
    run::counted(command, &mut count)
}

/// The command that runs them: Chromium found, grantor built, both named in the environment.
pub(crate) fn command() -> Result<Command, String> {
    let chromium = install::require(&CHROMIUM)?;
    let driver = install::require(&CHROMEDRIVER)?;
    run::check(run::cargo(&["build", "--quiet", "-p", "grantor"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree::root().join("target"), std::path::PathBuf::from);
    let mut command = run::cargo(&[
        "test",
        "-p",
        "grantor-tests",
        "--features",
        "browser",
        "--test",
        "browser",
        "--no-fail-fast",
        "--",
    ]);
    command
        .env("GRANTOR_TEST_CHROMIUM", chromium)
        .env("GRANTOR_TEST_CHROMEDRIVER", driver)
        .env("GRANTOR_TEST_BINARY", target.join("debug").join("grantor"));
    Ok(command)
}
