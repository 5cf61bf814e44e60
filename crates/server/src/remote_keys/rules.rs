//! When the keys at a client's `jwks_uri` are fetched, and how long they may be used.

use crate::freshness::Bounds;

/// How long fetched keys are taken as they are, in seconds: as their server says (OpenID Connect Core §10.2.1), ten minutes at most and where it says nothing.
pub const FRESH: Bounds = (60, 600, 600);
/// How long they are used while newer ones cannot be had, in seconds.
pub const USABLE: i64 = 3600;
/// How long a client's address is left alone after each attempt, in seconds: nobody can make us call it more often.
pub const REST: i64 = 10;

/// What is wanted of a client's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Those at hand, while they are fresh.
    Current,
    /// Newer ones, because those at hand do not verify what the client signed.
    Newer,
}

/// Keys at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// When they were fetched (unix seconds).
    pub at: i64,
    /// For how many seconds they are taken as they are.
    pub fresh: i64,
}

/// Whether to fetch now, given the keys at hand and when that was tried last (unix seconds).
pub fn must_fetch(kept: Option<Kept>, tried_at: Option<i64>, want: Want, now: i64) -> bool {
    let rested = tried_at.is_none_or(|at| now < at || now - at >= REST);
    let due = match (kept, want) {
        (None, _) | (_, Want::Newer) => true,
        (Some(kept), Want::Current) => !within(kept.at, kept.fresh, now),
    };
    rested && due
}

/// Whether keys that were fetched then may still be used.
pub fn are_usable(fetched_at: i64, now: i64) -> bool {
    within(fetched_at, USABLE, now)
}

fn within(at: i64, seconds: i64, now: i64) -> bool {
    now.saturating_sub(at) < seconds
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_fetched_when_there_are_none_or_they_are_old() {
        assert!(must_fetch(None, None, Want::Current, 0));
        for fresh in [60, 600] {
            let kept = Some(Kept { at: 0, fresh });
            assert!(!must_fetch(kept, Some(0), Want::Current, fresh - 1));
            assert!(must_fetch(kept, Some(0), Want::Current, fresh));
        }
        assert!(are_usable(0, USABLE - 1));
        assert!(!are_usable(0, USABLE));
    }

    proptest! {
        #[test]
        fn no_address_is_called_again_before_it_has_rested(
            fetched in proptest::option::of(0..10_000i64), tried in 0..10_000i64, later in 0..REST, newer: bool,
        ) {
            let want = if newer { Want::Newer } else { Want::Current };
            let fetched = fetched.map(|at| Kept { at, fresh: 60 });
            prop_assert!(!must_fetch(fetched, Some(tried), want, tried + later));
            prop_assert!(must_fetch(None, Some(tried), want, tried + REST));
        }
    }
}
