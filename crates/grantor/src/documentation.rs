//! Keeps docs/settings.md true.

use std::fmt::Write;

use crate::config::SETTINGS;

/// The rows about the process, as they stand in the documentation.
fn process() -> String {
    let mut rows = String::new();
    for setting in SETTINGS {
        let (key, default) = (setting.key, setting.default);
        let words = setting.words;
        writeln!(rows, "| `{key}` | {default} | {words} |").unwrap();
    }
    rows
}

/// The rows about lifetimes.
fn lifetimes() -> String {
    let mut rows = String::new();
    for lifetime in realm::LIFETIMES {
        writeln!(
            rows,
            "| `{}` | {} | {} | {} | {} |",
            lifetime.name, lifetime.default, lifetime.least, lifetime.most, lifetime.meaning
        )
        .unwrap();
    }
    rows
}

#[test]
fn the_documentation_lists_every_setting_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/settings.md");
    let text = std::fs::read_to_string(path).unwrap();
    for row in process().lines().chain(lifetimes().lines()) {
        assert!(
            text.contains(row),
            "docs/settings.md lacks this row:\n{row}"
        );
    }
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    // Four more settings of a tenant, whose defaults are words.
    assert_eq!(rows.count(), SETTINGS.len() + realm::LIFETIMES.len() + 4);
}
