//! The commands of `cargo xtask`, in the order in which the help lists them.

use crate::{
    Outcome, bench, browser, conformance, crash, fuzz, matrix, screenshots, specs, test, tidy,
};

/// One command.
pub(crate) struct Command {
    /// What is typed after `cargo xtask`.
    pub(crate) name: &'static str,
    /// One line for the help.
    pub(crate) about: &'static str,
    /// Runs it with the arguments that follow the name.
    pub(crate) run: fn(&[String]) -> Outcome,
}

/// Every command.
pub(crate) const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        about: "everything a change must pass [--fast] [--only PART]… [--skip PART]…",
        run: test::run,
    },
    Command {
        name: "tidy",
        about: "the structure of the code: layers, names, links, length",
        run: tidy::run,
    },
    Command {
        name: "specs",
        about: "docs/specs.md and docs/threats.md name files and tests that exist",
        run: specs::run,
    },
    Command {
        name: "browser",
        about: "the browser tests alone [FILTER]",
        run: browser::run,
    },
    Command {
        name: "crash",
        about: "kills grantor and PostgreSQL under load, again and again [--kills 50]",
        run: crash::run,
    },
    Command {
        name: "fuzz",
        about: "feeds the parsers what nobody would send, each for a minute [--seconds 60] [TARGET]…",
        run: fuzz::run,
    },
    Command {
        name: "screenshots",
        about: "draws docs/screenshots anew from `grantor demo`",
        run: screenshots::run,
    },
    Command {
        name: "matrix",
        about: "runs every grant with every client authentication and binding, and writes the README's table",
        run: matrix::run,
    },
    Command {
        name: "bench",
        about: "the benchmarks, each as a ratio to a bare handler",
        run: bench::run,
    },
    Command {
        name: "conformance",
        about: "the OpenID Foundation's suite, which must run, against grantor [--suite URL] [PLAN]…",
        run: conformance::run,
    },
];

/// The command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// The help text.
pub(crate) fn usage() -> String {
    let mut text = String::from("cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<12} {}\n", command.name, command.about));
    }
    text
}
