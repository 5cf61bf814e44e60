//! What is known to fail and why: `expected/PLAN.toml`, which is not there when everything passes.

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
    let path = folder().join("expected").join(format!("{plan}.toml"));
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
    fn every_expectation_gives_its_reason_and_its_plan_exists() {
        let known = crate::plan::choose(&[]).unwrap();
        for plan in &known {
            of(&plan.name).unwrap();
        }
        let Ok(files) = std::fs::read_dir(folder().join("expected")) else {
            return;
        };
        for file in files {
            let name = file.unwrap().file_name().to_string_lossy().into_owned();
            let plan = name.strip_suffix(".toml").unwrap();
            assert!(known.iter().any(|known| known.name == plan), "{name}");
        }
    }
}
