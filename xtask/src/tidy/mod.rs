//! `cargo xtask tidy`: what the compiler cannot see of the structure. Each rule is a function from the files to findings.

mod circles;
mod commands;
mod layers;
mod length;
mod links;
mod marks;
mod names;
mod purity;
mod statements;

use crate::Outcome;
use crate::tree::{self, File};

/// Something that a rule found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file it is in.
    pub(crate) path: String,
    /// The line, from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// What is wrong, and what to do.
    pub(crate) text: String,
    /// Whether it fails the check or is only told.
    pub(crate) fatal: bool,
}

impl Finding {
    /// A finding that fails the check.
    pub(crate) fn error(file: &File, line: usize, text: impl Into<String>) -> Self {
        Self {
            path: file.path.clone(),
            line,
            text: text.into(),
            fatal: true,
        }
    }

    /// A finding that is only told.
    pub(crate) fn warning(file: &File, line: usize, text: impl Into<String>) -> Self {
        Self {
            fatal: false,
            ..Self::error(file, line, text)
        }
    }
}

type Rule = fn(&[File]) -> Vec<Finding>;

const RULES: &[Rule] = &[
    layers::check,
    circles::check,
    purity::check,
    statements::check,
    names::check,
    marks::check,
    links::check,
    commands::check,
    length::check,
];

/// Checks every rule and prints what was found.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let files = tree::files();
    let mut failures = 0;
    for finding in RULES.iter().flat_map(|rule| rule(&files)) {
        let kind = if finding.fatal { "error" } else { "warning" };
        let place = match finding.line {
            0 => finding.path,
            line => format!("{}:{line}", finding.path),
        };
        println!("{kind}: {place}: {}", finding.text);
        failures += usize::from(finding.fatal);
    }
    match failures {
        0 => Ok(()),
        count => Err(format!("{count} to mend")),
    }
}

/// A file for the rules' own tests.
#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File {
        path: path.into(),
        text: text.into(),
    }
}
