//! What must not be left behind: notes to oneself, and the paths of one machine.

use super::Finding;
use crate::tree::{self, File};

/// Split, so that this file does not hold what it looks for.
const NOTES: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("todo", "!("),
    concat!("unimpl", "emented!("),
];

const PATHS: &[&str] = &[concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Reads every text file but lock files.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let here = tree::root().display().to_string();
    let mut findings = Vec::new();
    for file in files {
        if file.name() == "Cargo.lock" || file.name() == "package-lock.json" {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            if let Some(text) = problem(line, &here) {
                findings.push(Finding::error(file, index + 1, text));
            }
        }
    }
    findings
}

fn problem(line: &str, here: &str) -> Option<String> {
    if let Some(note) = NOTES.iter().find(|note| has_word(line, note)) {
        return Some(format!("`{note}`: do it, or open an issue"));
    }
    let path = PATHS.iter().find(|path| line.contains(**path)).copied();
    let path = path.or_else(|| (here.len() > 1 && line.contains(here)).then_some(here));
    path.map(|path| format!("`{path}` is a path of one machine"))
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joins(before) && (word.ends_with('(') || !joins(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_paths_are_found() {
        for line in [
            concat!("// TO", "DO: later"),
            concat!("    todo", "!()"),
            concat!("see /ho", "me/someone/file"),
            "see /somewhere/checkout/src",
        ] {
            assert!(problem(line, "/somewhere/checkout").is_some(), "{line}");
        }
    }

    #[test]
    fn words_that_merely_hold_one_are_not() {
        assert!(problem("const TODOS: usize = 0;", "/x").is_none());
        assert!(problem("the home page", "/somewhere/checkout").is_none());
    }
}
