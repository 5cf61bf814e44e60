//! `cargo xtask browser`: the tests that drive a real Chromium through `grantor demo`.

use std::process::Command;

use crate::Outcome;
use crate::install::{self, CHROMEDRIVER, CHROMIUM};
use crate::run::{self, Count};

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
    let grantor = run::grantor()?;
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
        .env("GRANTOR_BIN", grantor);
    Ok(command)
}
