//! When the keys at a client's `jwks_uri` are fetched, and how long they may be used.

/// How long fetched keys are taken as they are, in seconds.
pub const FRESH: i64 = 600;
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

/// Whether to fetch now, given when the keys at hand were fetched and when that was tried last (unix seconds).
pub fn must_fetch(fetched_at: Option<i64>, tried_at: Option<i64>, want: Want, now: i64) -> bool {
    let rested = tried_at.is_none_or(|at| now < at || now - at >= REST);
    let due = match (fetched_at, want) {
        (None, _) | (_, Want::Newer) => true,
        (Some(at), Want::Current) => !within(at, FRESH, now),
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
        assert!(!must_fetch(Some(0), Some(0), Want::Current, FRESH - 1));
        assert!(must_fetch(Some(0), Some(0), Want::Current, FRESH));
        assert!(are_usable(0, USABLE - 1));
        assert!(!are_usable(0, USABLE));
    }

    proptest! {
        #[test]
        fn no_address_is_called_again_before_it_has_rested(
            fetched in proptest::option::of(0..10_000i64), tried in 0..10_000i64, later in 0..REST, newer: bool,
        ) {
            let want = if newer { Want::Newer } else { Want::Current };
            prop_assert!(!must_fetch(fetched, Some(tried), want, tried + later));
            prop_assert!(must_fetch(None, Some(tried), want, tried + REST));
        }
    }
}
