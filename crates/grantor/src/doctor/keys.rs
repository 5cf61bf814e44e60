//! The keys that sign tokens.

use jose::Algorithm;
use realm::Settings;
use realm::keys::{KeyInfo, Purpose};

use super::{Finding, Severity, day};

/// How much longer than it should a key may sign before something is wrong, in seconds: nodes look each hour.
const SLACK: i64 = 24 * 3600;

/// Judges the published keys of a realm.
pub(crate) fn judge(keys: &[KeyInfo], settings: &Settings, now: i64) -> Vec<Finding> {
    let mut found = Vec::new();
    // Those of a federation are replaced when an operator says so.
    let keys = keys.iter().filter(|key| key.purpose == Purpose::Tokens);
    let keys: Vec<&KeyInfo> = keys.collect();
    let mut algorithms: Vec<&str> = keys.iter().map(|key| key.algorithm.as_str()).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    for algorithm in algorithms {
        let of = |key: &&KeyInfo| key.algorithm == algorithm;
        let signs =
            |key: &&KeyInfo| key.active_at <= now && key.expires_at.is_none_or(|at| now < at);
        let signer = keys
            .iter()
            .copied()
            .filter(of)
            .filter(signs)
            .max_by_key(|key| key.generation);
        let Some(signer) = signer else {
            let what = "Algorithms have keys and none that signs now.";
            let advice = "See that this machine's clock is right, then `grantor key rotate --algorithm ALG`.";
            found.push(Finding::new((Severity::Error, "keys"), what, advice).about(algorithm));
            continue;
        };
        if now - signer.active_at > settings.lifetimes.key_rotation.saturating_add(SLACK) {
            found.push(
                Finding::new(
                    (Severity::Warning, "keys"),
                    "Keys sign for longer than the realm's `key_rotation`: nodes rotate them while they run.",
                    "Run a node (`grantor serve`) and look into its log, or `grantor key rotate --algorithm ALG`.",
                )
                .about(&format!("{algorithm} since {}", day(signer.active_at))),
            );
        }
        let known = algorithm.parse::<Algorithm>().ok();
        if known.is_some_and(|algorithm| !settings.profile.permits_algorithm(algorithm)) {
            let what = format!(
                "There are keys for algorithms that the profile {} does not permit.",
                settings.profile
            );
            let advice = "They are from before the profile was set, and end by themselves once nothing signs with them.";
            found.push(Finding::new((Severity::Note, "keys"), what, advice).about(algorithm));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use realm::Profile;

    use super::*;

    fn key(algorithm: &str, active_at: i64, expires_at: Option<i64>) -> KeyInfo {
        KeyInfo {
            purpose: Purpose::Tokens,
            kid: "kid".to_owned(),
            algorithm: algorithm.to_owned(),
            generation: 1,
            created_at: active_at,
            active_at,
            expires_at,
            certified_until: None,
        }
    }

    #[test]
    fn a_key_that_signs_too_long_or_not_at_all_is_named() {
        let mut settings = Settings::default();
        let now = 2_000_000_000;
        let old = now - settings.lifetimes.key_rotation - SLACK;
        assert!(judge(&[key("ES256", old, None)], &settings, now).is_empty());
        let found = judge(&[key("ES256", old - 1, None)], &settings, now);
        assert_eq!(found[0].severity, Severity::Warning);
        for key in [key("ES256", now + 1, None), key("ES256", old, Some(now))] {
            let found = judge(&[key], &settings, now);
            assert_eq!(
                (found[0].severity, found[0].subjects.as_slice()),
                (Severity::Error, &["ES256".to_owned()][..])
            );
        }
        settings.profile = Profile::Fapi2Security;
        let found = judge(&[key("RS256", now, None)], &settings, now);
        assert_eq!(found[0].severity, Severity::Note);
    }
}
