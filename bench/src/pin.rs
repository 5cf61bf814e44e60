//! Which cores a process may use: `taskset` of util-linux.

use std::process::{Command, Stdio};

use crate::Failure;

/// Lets this program's main thread, and so every process that it starts from then on, use these cores alone (`0`, `0,1`); the threads that make
/// the load keep theirs.
pub(crate) fn children(cores: &str) -> Result<(), Failure> {
    let own = std::process::id().to_string();
    run(&["-p", "-c", cores, &own])
}

/// Lets all threads of this program use these cores alone.
pub(crate) fn all_threads(cores: &str) -> Result<(), Failure> {
    let own = std::process::id().to_string();
    run(&["-a", "-p", "-c", cores, &own])
}

/// Every core there is, as a list.
pub(crate) fn every_core() -> Result<String, Failure> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
    Ok(text.trim().to_owned())
}

fn run(arguments: &[&str]) -> Result<(), Failure> {
    let status = Command::new("taskset")
        .args(arguments)
        .stdout(Stdio::null())
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("`taskset {}` failed", arguments.join(" ")).into())
}
