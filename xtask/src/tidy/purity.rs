//! A `rules.rs` is pure and synchronous: it takes values and the time and returns a decision.

use super::Finding;
use crate::tree::File;

/// Crates that a rule may not name.
const IMPURE: &[&str] = &["axum", "tokio", "db", "hyper", "rusqlite", "reqwest"];

/// Reads every `rules.rs` and every file in a folder `rules/`.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files
        .iter()
        .filter(|file| file.path.ends_with("/rules.rs") || file.path.contains("/rules/"))
        .flat_map(|file| {
            file.text
                .lines()
                .enumerate()
                .filter_map(|(index, line)| {
                    let text = problem(line)?;
                    Some(Finding::error(file, index + 1, text))
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn problem(line: &str) -> Option<String> {
    let code = line.split("//").next().unwrap_or_default();
    let words: Vec<&str> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .collect();
    if words.contains(&"async") || words.contains(&"await") {
        return Some("rules are synchronous".into());
    }
    let names_crate = |name: &str| {
        code.contains(&format!("{name}::"))
            && words.iter().any(|word| word == &name)
            && !code.contains(&format!("::{name}::"))
            || code.trim_start().starts_with(&format!("use {name};"))
    };
    IMPURE
        .iter()
        .find(|name| names_crate(name))
        .map(|name| format!("rules are pure and name no `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_pure_is_found() {
        assert!(problem("pub async fn decide() {").is_some());
        assert!(problem("use db::Row;").is_some());
        assert!(problem("    axum::http::StatusCode::OK").is_some());
        assert!(problem("    tokio::spawn(work);").is_some());
    }

    #[test]
    fn what_is_pure_is_not() {
        assert!(problem("// async is for the callers").is_none());
        assert!(problem("use crate::code::Grant;").is_none());
        assert!(problem("let asynchronous = db_name;").is_none());
    }
}
