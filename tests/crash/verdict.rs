//! What the checks found.

use std::collections::BTreeMap;
use std::fmt;

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A code or token that was acknowledged is refused.
    Lost,
    /// A code was redeemed twice.
    Doubled,
    /// A family has two living tokens, or an old one lives.
    Forked,
    /// What was revoked lives again.
    Revived,
    /// Half of a batch was made true.
    Halved,
    /// The answer proves nothing: an error of the server.
    Unproven,
}

/// Counts of what was tried and found.
#[derive(Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) kills: u32,
    /// Successes that were answered under load.
    pub(crate) acknowledged: usize,
    /// Requests that a kill left without an answer.
    pub(crate) in_flight: usize,
    /// Codes that were presented once more after a kill.
    pub(crate) codes: usize,
    /// Families whose newest token was used after a kill.
    pub(crate) families: usize,
    /// Revocations that were looked at after a kill.
    pub(crate) revocations: usize,
    /// Grants that were too old to be looked at.
    pub(crate) stale: usize,
    pub(crate) faults: BTreeMap<Fault, usize>,
    /// The first of the faults, in words.
    pub(crate) examples: Vec<String>,
}

impl Verdict {
    pub(crate) fn fault(&mut self, fault: Fault, what: impl Into<String>) {
        *self.faults.entry(fault).or_default() += 1;
        if self.examples.len() < 8 {
            self.examples.push(format!("{fault:?}: {}", what.into()));
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.acknowledged += other.acknowledged;
        self.in_flight += other.in_flight;
        self.codes += other.codes;
        self.families += other.families;
        self.revocations += other.revocations;
        self.stale += other.stale;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        let room = 8usize.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.into_iter().take(room));
    }

    pub(crate) fn count(&self, fault: Fault) -> usize {
        self.faults.get(&fault).copied().unwrap_or_default()
    }

    /// Nothing was found, by checks that each had something to look at.
    pub(crate) fn assert_clean(&self) {
        assert!(self.faults.is_empty(), "{self}\n{:#?}", self.examples);
        let tried = [
            self.acknowledged,
            self.in_flight,
            self.codes,
            self.families,
            self.revocations,
        ];
        assert!(
            !tried.contains(&0),
            "a check had nothing to look at: {self}"
        );
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills: {} answers acknowledged, {} requests in flight; afterwards {} codes, {} families and {} revocations tried ({} grants too old): {} lost, {} \
             redeemed twice, {} forked, {} revived, {} half done, {} unproven",
            self.kills,
            self.acknowledged,
            self.in_flight,
            self.codes,
            self.families,
            self.revocations,
            self.stale,
            self.count(Fault::Lost),
            self.count(Fault::Doubled),
            self.count(Fault::Forked),
            self.count(Fault::Revived),
            self.count(Fault::Halved),
            self.count(Fault::Unproven),
        )
    }
}
