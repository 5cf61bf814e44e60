//! What is known to fail and why: `expected/FAMILY.toml` for every plan of that family (`oidcc`, `fapi2`: what a plan's name begins with), and
//! `expected/PLAN.toml` for one. Neither is there when everything passes.

use serde::Deserialize;

use crate::module::Done;
use crate::{Failure, folder};

/// One module that is known not to pass.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// Its name.
    pub(crate) module: String,
    /// How it ends: `SKIPPED`, `WARNING` or `FAILED`.
    pub(crate) result: String,
    /// The conditions that complain; none for a module that is skipped.
    #[serde(default)]
    pub(crate) conditions: Vec<String>,
    /// Why it is right so.
    pub(crate) reason: String,
    /// The section that allows it.
    pub(crate) section: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    expected: Vec<Expected>,
}

/// What is expected of a plan.
pub(crate) fn of(plan: &str) -> Result<Vec<Expected>, Failure> {
    let mut expected = read(family(plan))?;
    expected.extend(read(plan)?);
    Ok(expected)
}

/// The first word of a plan's name.
fn family(plan: &str) -> &str {
    plan.split('-').next().unwrap_or(plan)
}

fn read(name: &str) -> Result<Vec<Expected>, Failure> {
    let path = folder().join("expected").join(format!("{name}.toml"));
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(&path)?;
    let file: File =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    for entry in &file.expected {
        if entry.reason.is_empty() || entry.section.is_empty() {
            return Err(format!("{}: {} gives no reason", path.display(), entry.module).into());
        }
    }
    Ok(file.expected)
}

impl Expected {
    /// Whether this is how the module ended.
    pub(crate) fn matches(&self, done: &Done) -> bool {
        let mut complaints = done.complaints.iter();
        self.module == done.module
            && self.result == done.result
            && complaints.all(|line| self.conditions.contains(&line.src))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::suite::Line;

    use super::*;

    fn done(result: &str, sources: &[&str]) -> Done {
        let line = |source: &&str| Line {
            src: (*source).to_owned(),
            msg: String::new(),
            result: Some("WARNING".into()),
            requirements: Vec::new(),
        };
        Done {
            module: "m".into(),
            result: result.into(),
            complaints: sources.iter().map(line).collect(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_module_that_fails_otherwise_than_expected_is_unexpected() {
        let expected = Expected {
            module: "m".into(),
            result: "WARNING".into(),
            conditions: vec!["A".into()],
            reason: "r".into(),
            section: "s".into(),
        };
        assert!(expected.matches(&done("WARNING", &["A"])));
        assert!(!expected.matches(&done("FAILED", &["A"])));
        assert!(!expected.matches(&done("WARNING", &["A", "B"])));
    }

    #[test]
    fn every_expectation_gives_its_reason_and_some_plan_has_it() {
        let known = crate::plan::choose(&[]).unwrap();
        let Ok(files) = std::fs::read_dir(folder().join("expected")) else {
            return;
        };
        for file in files {
            let name = file.unwrap().file_name().to_string_lossy().into_owned();
            let name = name.strip_suffix(".toml").unwrap();
            assert!(!read(name).unwrap().is_empty(), "{name}");
            let has = |plan: &str| plan == name || family(plan) == name;
            assert!(known.iter().any(|known| has(&known.name)), "{name}");
        }
    }

    #[test]
    fn a_plan_has_what_its_family_has() {
        let all = of("oidcc-basic-static").unwrap();
        assert!(all.iter().any(|one| one.module.contains("unsigned")));
        assert!(of("fapi-ciba-poll-mtls").unwrap().is_empty());
    }
}
