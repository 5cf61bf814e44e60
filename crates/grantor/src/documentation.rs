//! Keeps docs/settings.md true.

use std::fmt::Write;

use crate::config::SETTINGS;

/// The rows about the process, as they stand in the documentation.
fn process() -> String {
    let mut rows = String::new();
    for setting in SETTINGS.iter() {
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

/// The other settings of a tenant, by their paths.
fn others() -> Vec<String> {
    let settings = serde_json::to_value(realm::Settings::default()).unwrap();
    let mut paths = Vec::new();
    for (name, value) in settings.as_object().unwrap() {
        match value.as_object() {
            _ if name == "lifetimes" => {}
            None => paths.push(name.clone()),
            Some(below) => paths.extend(below.keys().map(|below| format!("{name}.{below}"))),
        }
    }
    paths
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
    let others = others();
    for path in &others {
        assert!(
            text.contains(&format!("| `{path}` |")),
            "docs/settings.md lacks {path}"
        );
    }
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let known = SETTINGS.len() + realm::LIFETIMES.len() + others.len();
    assert_eq!(rows.count(), known);
}
