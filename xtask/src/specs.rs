//! `cargo xtask specs`: docs/specs.md and docs/threats.md are tables `| § | what it demands | file(s) | test(s) |`; what they name exists.

use std::collections::BTreeSet;

use crate::Outcome;
use crate::tree::{self, File};

const DOCUMENTS: &[&str] = &["docs/specs.md", "docs/threats.md"];

/// What a row says in its last cells while nothing proves it.
const OPEN: &str = "not yet";

/// One row of a table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: usize,
    section: String,
    files: Vec<String>,
    tests: Vec<String>,
    open: bool,
}

/// Checks both documents.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    let files = tree::files();
    let tests = test_names(&files);
    let mut problems = 0;
    for path in DOCUMENTS {
        let Some(document) = files.iter().find(|file| file.path == *path) else {
            return Err(format!("{path} is missing"));
        };
        let (rows, malformed) = rows(&document.text);
        let open = rows.iter().filter(|row| row.open).count();
        let found = malformed
            .into_iter()
            .chain(rows.iter().flat_map(|row| check(row, &files, &tests)));
        for (line, problem) in found {
            println!("error: {path}:{line}: {problem}");
            problems += 1;
        }
        println!("{path}: {} rows, {open} of them {OPEN}", rows.len());
    }
    match problems {
        0 => Ok(()),
        count => Err(format!("{count} to mend")),
    }
}

fn check(row: &Row, files: &[File], tests: &BTreeSet<String>) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut tell = |text: String| problems.push((row.line, format!("{}: {text}", row.section)));
    for path in &row.files {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let exists = files
            .iter()
            .any(|file| file.path == *path || file.path.starts_with(&folder));
        if !exists {
            tell(format!("there is no file `{path}`"));
        }
    }
    for name in &row.tests {
        if !tests.contains(name) {
            tell(format!("there is no test `{name}`"));
        }
    }
    if !row.open && row.files.is_empty() {
        tell("names no file".into());
    }
    if !row.open && row.tests.is_empty() {
        tell(format!("names no test (write `{OPEN}` until there is one)"));
    }
    problems
}

/// The rows of all tables, and the lines that look like rows and are none.
fn rows(text: &str) -> (Vec<Row>, Vec<(usize, String)>) {
    let mut rows = Vec::new();
    let mut malformed = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line_number = index + 1;
        let Some(inner) = line
            .trim()
            .strip_prefix('|')
            .and_then(|rest| rest.strip_suffix('|'))
        else {
            continue;
        };
        let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
        let rule = cells
            .iter()
            .all(|cell| cell.chars().all(|c| c == '-' || c == ':'));
        if rule || cells.first() == Some(&"§") {
            continue;
        }
        let [section, _, files, tests] = cells.as_slice() else {
            malformed.push((line_number, format!("{} cells instead of 4", cells.len())));
            continue;
        };
        rows.push(Row {
            line: line_number,
            section: (*section).to_owned(),
            files: quoted(files),
            tests: quoted(tests),
            open: files.contains(OPEN) || tests.contains(OPEN),
        });
    }
    (rows, malformed)
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(|text| text.rsplit("::").next().unwrap_or(text).to_owned())
        .collect()
}

/// The names of all functions in test code: under tests/, in a file named tests.rs, or below `#[cfg(test)]`.
fn test_names(files: &[File]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files.iter().filter(|file| file.extension() == "rs") {
        let mut inside = file.path.starts_with("tests/")
            || file.path.contains("/tests/")
            || file.name() == "tests.rs"
            || file.name().ends_with("_tests.rs");
        for line in file.text.lines() {
            inside |= line.contains("#[cfg(test)]");
            if inside && let Some(name) = function(line) {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn function(line: &str) -> Option<&str> {
    let code = line.trim_start();
    let code = code.strip_prefix("pub ").unwrap_or(code);
    let code = code.strip_prefix("async ").unwrap_or(code);
    let rest = code.strip_prefix("fn ")?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
| § | what it demands | file(s) | test(s) |
|---|---|---|---|
| 1 | a | `crates/a.rs` | `it::works` |
| 2 | b | `crates/gone.rs` | `fails` |
| 3 | c | `crates/a.rs` | not yet |
| 4 | d | `crates/a.rs` | |
| 5 | e |
";

    fn tree() -> Vec<File> {
        let file = |path: &str, text: &str| File {
            path: path.into(),
            text: text.into(),
        };
        vec![
            file("crates/a.rs", "fn fails() {}\n#[cfg(test)]\nmod tests {\n"),
            file("tests/it/main.rs", "async fn works(world: World) {"),
        ]
    }

    #[test]
    fn rows_name_what_exists() {
        let files = tree();
        let tests = test_names(&files);
        let (rows, malformed) = rows(TABLE);
        assert_eq!(malformed.len(), 1);
        let found: Vec<usize> = rows
            .iter()
            .flat_map(|row| check(row, &files, &tests))
            .map(|(line, _)| line)
            .collect();
        // Row 2 lacks the file and the test (`fails` is no test), row 4 names no test.
        assert_eq!(found, [4, 4, 6]);
    }
}
