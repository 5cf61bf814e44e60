//! What `grantor doctor` judges: pure rules over what was found, each finding with what to do about it.

pub(crate) mod certificates;
pub(crate) mod clients;
pub(crate) mod keys;
pub(crate) mod process;
pub(crate) mod realms;

use serde::Serialize;

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// It does not work, or lets somebody in: to be mended now.
    Error,
    /// It works, and should not stay so.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// As it is printed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What was looked at: a stable name for programs.
    pub(crate) check: &'static str,
    /// The tenant, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) realm: Option<String>,
    /// What is so.
    pub(crate) what: String,
    /// Which clients, keys or files are meant, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subjects: Vec<String>,
    /// What to do.
    pub(crate) advice: String,
}

impl Finding {
    /// A finding.
    pub(crate) fn new(
        (severity, check): (Severity, &'static str),
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            check,
            realm: None,
            what: what.into(),
            subjects: Vec::new(),
            advice: advice.into(),
        }
    }

    /// The same, about this tenant.
    pub(crate) fn of(self, realm: &str) -> Self {
        Self {
            realm: Some(realm.to_owned()),
            ..self
        }
    }

    /// The same, about this among others.
    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.subjects.push(subject.to_owned());
        self
    }
}

/// What was found, the worst first; what is said of several is one finding.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one, or its subjects to what says the same.
    pub(crate) fn add(&mut self, found: Finding) {
        let same = |other: &&mut Finding| {
            !found.subjects.is_empty()
                && (other.check, &other.realm, &other.what)
                    == (found.check, &found.realm, &found.what)
        };
        match self.0.iter_mut().find(same) {
            Some(other) => other.subjects.extend(found.subjects),
            None => self.0.push(found),
        }
    }

    /// In order.
    pub(crate) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|found| found.severity);
        self.0
    }
}

impl Extend<Finding> for Findings {
    fn extend<T: IntoIterator<Item = Finding>>(&mut self, found: T) {
        for one in found {
            self.add(one);
        }
    }
}

/// A day, for people.
pub(crate) fn day(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn the_worst_comes_first_and_what_is_said_of_several_is_said_once() {
        let mut findings = Findings::default();
        let of = |severity, check, subject: &str| {
            Finding::new((severity, check), "so", "do")
                .of("main")
                .about(subject)
        };
        findings.extend([
            of(Severity::Note, "a", "one"),
            of(Severity::Warning, "b", "one"),
            of(Severity::Error, "c", "one"),
            of(Severity::Warning, "b", "two"),
            of(Severity::Warning, "b", "two").of("other"),
        ]);
        let sorted = findings.sorted();
        let order: Vec<_> = sorted
            .iter()
            .map(|found| (found.check, found.subjects.len()))
            .collect();
        assert_eq!(order, [("c", 1), ("b", 2), ("b", 1), ("a", 1)]);
    }
}
