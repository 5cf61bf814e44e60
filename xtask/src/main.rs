//! `cargo xtask COMMAND`: what a change must pass, and the slower judges beside it. Plain `std` plus a TOML parser, so that it builds in seconds.
#![expect(
    clippy::print_stdout,
    reason = "a command for people: its output is its purpose"
)]

mod bench;
mod browser;
mod commands;
mod conformance;
mod crash;
mod fuzz;
mod install;
mod matrix;
mod postgres;
mod run;
mod screenshots;
mod specs;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

/// What a command hands back: a line for the person when it fails.
pub(crate) type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let Some(command) = commands::find(&name) else {
        print!("{}", commands::usage());
        return if matches!(name.as_str(), "" | "help" | "--help" | "-h") {
            ExitCode::SUCCESS
        } else {
            eprintln!("xtask: there is no command `{name}`");
            ExitCode::from(2)
        };
    };
    match (command.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask {name}: {problem}");
            ExitCode::FAILURE
        }
    }
}
