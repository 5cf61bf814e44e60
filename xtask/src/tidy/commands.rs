//! The commands that the documentation tells people to type exist.

use super::Finding;
use crate::commands;
use crate::tree::File;

/// Reads the code blocks of the README and of the documentation.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let source: String = files
        .iter()
        .filter(|file| file.path.starts_with("crates/grantor/src/") && file.extension() == "rs")
        .map(|file| file.text.as_str())
        .collect();
    let mut findings = Vec::new();
    let documents = files.iter().filter(|file| {
        file.path == "README.md" || file.path.starts_with("docs/") && file.extension() == "md"
    });
    for file in documents {
        for (line, typed) in typed(&file.text) {
            if let Some(text) = problem(&typed, &source) {
                findings.push(Finding::error(file, line, text));
            }
        }
    }
    findings
}

/// Command lines in fenced code, without the prompt.
fn typed(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let line = line.strip_prefix("$ ").unwrap_or(line);
            lines.push((index + 1, line.to_owned()));
        }
    }
    lines
}

fn problem(line: &str, source: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["cargo", "xtask", name, ..] if commands::find(name).is_none() => {
            Some(format!("there is no `cargo xtask {name}`"))
        }
        ["cargo", "run", rest @ ..] => {
            let after = rest.iter().position(|word| *word == "--")?;
            let name = rest.get(after + 1)?;
            unknown(name, source)
        }
        ["grantor", name, ..] => unknown(name, source),
        _ => None,
    }
}

/// A command is a variant of one of clap's enums: `demo` is `Demo`.
fn unknown(name: &str, source: &str) -> Option<String> {
    if !name.chars().all(|c| c.is_ascii_lowercase() || c == '-') || name.starts_with('-') {
        return None;
    }
    let variant: String = name
        .split('-')
        .map(|part| {
            let (first, rest) = part.split_at(part.len().min(1));
            format!("{}{rest}", first.to_uppercase())
        })
        .collect();
    let known = source.lines().any(|line| {
        let line = line.trim();
        line.strip_prefix(variant.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', '{', ',', ' ']))
    });
    (!known).then(|| format!("there is no `grantor {name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        let source = "enum Command {\n    /// The demo.\n    Demo(Demo),\n}\n";
        assert!(problem("cargo xtask nothing", source).is_some());
        assert!(problem("cargo xtask test", source).is_none());
        assert!(problem("cargo run --release -- demo", source).is_none());
        assert!(problem("cargo run --release -- gone", source).is_some());
        assert!(problem("grantor gone --now", source).is_some());
        assert!(problem("grantor demo --port 1", source).is_none());
    }
}
