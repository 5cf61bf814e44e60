//! Every SQL statement is prepared on both engines by a test, so every crate lists all of its statements in one function `statements()`.

use super::Finding;
use crate::tree::File;

/// Compares each use of the macro `statements!` with what `statements()` of the same crate names.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some((folder, inner)) = file
            .path
            .strip_prefix("crates/")
            .and_then(|rest| rest.split_once("/src/"))
        else {
            continue;
        };
        if folder == "db"
            || !file
                .text
                .lines()
                .any(|line| line.trim_start().starts_with("statements!"))
                && !file.text.contains("db::statements!")
        {
            continue;
        }
        let wanted = format!("{}::STATEMENTS", module(inner));
        let prefix = format!("crates/{folder}/src/");
        let listed = files
            .iter()
            .any(|other| other.path.starts_with(&prefix) && lists(&other.text, &wanted));
        if !listed {
            let text = format!("`{wanted}` is not listed in the crate's `statements()`");
            findings.push(Finding::error(file, 0, text));
        }
    }
    findings
}

/// `client/sql.rs` is the module `client::sql`.
fn module(inner: &str) -> String {
    let path = inner.strip_suffix(".rs").unwrap_or(inner);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.replace('/', "::")
}

fn lists(text: &str, wanted: &str) -> bool {
    let Some((_, body)) = text.split_once("fn statements()") else {
        return false;
    };
    let body = body.split("\n}").next().unwrap_or_default();
    body.match_indices(wanted).any(|(at, _)| {
        let before = &body[..at];
        let before = before.strip_suffix("crate::").unwrap_or(before);
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_file_of_statements_that_is_not_listed_is_found() {
        let sql = file("crates/realm/src/client/sql.rs", "db::statements! {\n}");
        let other = file(
            "crates/realm/src/lib.rs",
            "pub fn statements() -> X {\n    [big_client::sql::STATEMENTS]\n}\n",
        );
        let good = file(
            "crates/realm/src/lib.rs",
            "pub fn statements() -> X {\n    [crate::client::sql::STATEMENTS]\n}\n",
        );
        assert_eq!(check(&[sql.clone(), other]).len(), 1);
        assert_eq!(check(std::slice::from_ref(&sql)).len(), 1);
        assert_eq!(check(&[sql, good]).len(), 0);
    }
}
