//! The crates are a staircase: an arrow between them points down.

use super::Finding;
use crate::tree::File;

/// The floors from the lowest up, as in ARCHITECTURE.md. A crate may use what is on a lower floor only. Keys are those of
/// `[workspace.dependencies]`, which are the names that Cargo.toml files use.
const FLOORS: &[&[&str]] = &[
    &["ambient"],
    &["jose"],
    &["oauth"],
    &["web", "db", "fetch", "mail"],
    &["grantor-resource", "grantor-client"],
    &["realm"],
    &["identity"],
    &["server"],
    &["console", "gateway"],
    &["grantor"],
];

/// Arrows that point down and are refused all the same: (from, to, why).
const REFUSED: &[(&str, &str, &str)] = &[
    ("web", "oauth", "`web` knows no OAuth"),
    ("web", "jose", "`web` knows no OAuth"),
    ("db", "oauth", "`db` knows no OAuth"),
    ("db", "jose", "`db` knows no OAuth"),
    ("fetch", "oauth", "`fetch` knows no OAuth"),
    ("fetch", "jose", "`fetch` knows no OAuth"),
    ("mail", "oauth", "`mail` knows no OAuth"),
    ("mail", "jose", "`mail` knows no OAuth"),
    ("grantor-resource", "db", "it is fit to publish by itself"),
    ("grantor-resource", "web", "it is fit to publish by itself"),
    ("grantor-client", "db", "it is fit to publish by itself"),
    ("grantor-client", "web", "it is fit to publish by itself"),
    ("gateway", "server", "the gateway runs without the server"),
];

/// Reads every crate's Cargo.toml.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let Some(folder) = file
            .path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        match dependencies(&file.text) {
            Ok(names) => findings.extend(arrows(file, folder, &names)),
            Err(problem) => findings.push(Finding::error(file, 0, problem)),
        }
    }
    findings
}

fn arrows(file: &File, folder: &str, names: &[String]) -> Vec<Finding> {
    let prefixed = format!("grantor-{folder}");
    let (name, from) = match (floor(folder), floor(&prefixed)) {
        (Some(from), _) => (folder, from),
        (None, Some(from)) => (prefixed.as_str(), from),
        (None, None) => {
            let text = "this crate has no floor: give it one in xtask/src/tidy/layers.rs";
            return vec![Finding::error(file, 0, text)];
        }
    };
    let mut findings = Vec::new();
    for other in names {
        if let Some((.., why)) = REFUSED
            .iter()
            .find(|(source, target, _)| *source == name && target == other)
        {
            findings.push(Finding::error(file, 0, format!("uses `{other}`: {why}")));
        } else if floor(other).is_some_and(|to| to >= from) {
            let text = format!("uses `{other}`, which is not below it: arrows point down");
            findings.push(Finding::error(file, 0, text));
        }
    }
    findings
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

/// The names in every dependency table, those of tests and build scripts too.
fn dependencies(text: &str) -> Result<Vec<String>, String> {
    let manifest: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut names = Vec::new();
    for table in tables {
        if let Some(entries) = manifest.get(table).and_then(toml::Value::as_table) {
            names.extend(entries.keys().cloned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn findings(folder: &str, text: &str) -> usize {
        check(&[file(&format!("crates/{folder}/Cargo.toml"), text)]).len()
    }

    #[test]
    fn an_arrow_up_or_sideways_is_found() {
        assert_eq!(
            findings("oauth", "[dependencies]\njose.workspace = true"),
            0
        );
        assert_eq!(
            findings("jose", "[dependencies]\noauth.workspace = true"),
            1
        );
        assert_eq!(
            findings("client", "[dev-dependencies]\nserver.workspace = true"),
            1
        );
        assert_eq!(findings("db", "[dependencies]\nweb.workspace = true"), 1);
    }

    #[test]
    fn a_refused_arrow_down_is_found() {
        assert_eq!(findings("db", "[dependencies]\noauth.workspace = true"), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        assert_eq!(findings("attic", "[dependencies]"), 1);
    }
}
