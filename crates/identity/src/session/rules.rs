//! When a session lives and when it has ended. Pure.

/// How long sessions live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without being used.
    pub idle: i64,
    /// From sign-in, however much it is used.
    pub absolute: i64,
}

/// What decides whether a session lives. Times are unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// When it began.
    pub created_at: i64,
    /// When it was last seen, to within [`touch_interval`].
    pub last_seen_at: i64,
    /// What was stored as its end.
    pub expires_at: i64,
    /// Whether the person is disabled.
    pub disabled: bool,
    /// When the person signed out everywhere; 0 for never.
    pub signed_out_at: i64,
}

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person is disabled.
    Disabled,
    /// The person signed out everywhere since it began.
    SignedOut,
    /// It was not used for too long.
    Idle,
    /// It is too old.
    Expired,
}

/// Why the session has ended at `now`, or `None` while it lives. Settings made shorter end sessions that began before.
pub fn ending(facts: &Facts, lifetimes: Lifetimes, now: i64) -> Option<Ending> {
    if facts.disabled {
        return Some(Ending::Disabled);
    }
    if facts.created_at <= facts.signed_out_at {
        return Some(Ending::SignedOut);
    }
    if now >= facts.created_at.saturating_add(lifetimes.absolute) {
        return Some(Ending::Expired);
    }
    if now >= facts.last_seen_at.saturating_add(lifetimes.idle) || now >= facts.expires_at {
        return Some(Ending::Idle);
    }
    None
}

/// What to store as the end of a session that was seen at `seen_at`: its row can be deleted from then on.
pub fn expires_at(created_at: i64, seen_at: i64, lifetimes: Lifetimes) -> i64 {
    created_at
        .saturating_add(lifetimes.absolute)
        .min(seen_at.saturating_add(lifetimes.idle))
}

/// How stale `last_seen_at` may get, in seconds: a twelfth of the idle lifetime, between a second and five minutes. Between two writes a
/// session costs reads only, and it may end this much early.
pub fn touch_interval(lifetimes: Lifetimes) -> i64 {
    (lifetimes.idle / 12).clamp(1, 300)
}

/// Whether it is time to write that the session was seen.
pub fn should_touch(last_seen_at: i64, lifetimes: Lifetimes, now: i64) -> bool {
    now >= last_seen_at.saturating_add(touch_interval(lifetimes))
}

/// When a session begins: now, but later than the last "sign out everywhere", which may have been in this very second.
pub fn begins_at(now: i64, signed_out_at: i64) -> i64 {
    now.max(signed_out_at.saturating_add(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    const LIFETIMES: Lifetimes = Lifetimes {
        idle: 100,
        absolute: 1000,
    };

    fn begun(at: i64) -> Facts {
        Facts {
            created_at: at,
            last_seen_at: at,
            expires_at: expires_at(at, at, LIFETIMES),
            disabled: false,
            signed_out_at: 0,
        }
    }

    #[test]
    fn a_session_ends_at_its_idle_lifetime_to_the_second() {
        assert_eq!(ending(&begun(50), LIFETIMES, 149), None);
        assert_eq!(ending(&begun(50), LIFETIMES, 150), Some(Ending::Idle));
    }

    #[test]
    fn a_used_session_ends_at_its_absolute_lifetime() {
        let seen = Facts {
            last_seen_at: 1040,
            expires_at: expires_at(50, 1040, LIFETIMES),
            ..begun(50)
        };
        assert_eq!(ending(&seen, LIFETIMES, 1049), None);
        assert_eq!(ending(&seen, LIFETIMES, 1050), Some(Ending::Expired));
    }

    #[test]
    fn shorter_settings_end_sessions_that_began_before() {
        let shorter = Lifetimes {
            idle: 10,
            absolute: 20,
        };
        assert_eq!(ending(&begun(1), shorter, 12), Some(Ending::Idle));
        assert_eq!(ending(&begun(1), shorter, 21), Some(Ending::Expired));
    }

    #[test]
    fn signing_out_everywhere_ends_what_began_before_it_or_in_that_second() {
        let facts = |created_at| Facts {
            signed_out_at: 60,
            ..begun(created_at)
        };
        assert_eq!(ending(&facts(59), LIFETIMES, 61), Some(Ending::SignedOut));
        assert_eq!(ending(&facts(60), LIFETIMES, 61), Some(Ending::SignedOut));
        assert_eq!(ending(&facts(begins_at(60, 60)), LIFETIMES, 60), None);
    }

    proptest! {
        #[test]
        fn time_alone_never_revives_a_session(
            created in 1i64..10_000, seen in 0i64..2_000, out in 0i64..12_000, disabled: bool,
            idle in 1i64..500, absolute in 1i64..2_000, now in 0i64..20_000, later in 0i64..5_000,
        ) {
            let lifetimes = Lifetimes { idle, absolute };
            let seen_at = created + seen;
            let facts = Facts {
                created_at: created, last_seen_at: seen_at, disabled, signed_out_at: out,
                expires_at: expires_at(created, seen_at, lifetimes),
            };
            if ending(&facts, lifetimes, now).is_some() {
                prop_assert!(ending(&facts, lifetimes, now + later).is_some());
            }
        }

        #[test]
        fn a_session_never_outlives_either_lifetime(
            created in 1i64..10_000, seen in 0i64..2_000, idle in 1i64..500, absolute in 1i64..2_000, now in 0i64..20_000,
        ) {
            let lifetimes = Lifetimes { idle, absolute };
            let seen_at = created + seen;
            let facts = Facts {
                created_at: created, last_seen_at: seen_at, disabled: false, signed_out_at: 0,
                expires_at: expires_at(created, seen_at, lifetimes),
            };
            if ending(&facts, lifetimes, now).is_none() {
                prop_assert!(now < created + absolute && now < seen_at + idle);
            }
        }

        #[test]
        fn a_session_used_more_often_than_it_is_touched_does_not_go_idle(idle in 2i64..100_000) {
            let lifetimes = Lifetimes { idle, absolute: i64::MAX };
            prop_assert!(touch_interval(lifetimes) < idle);
        }

        #[test]
        fn a_session_begins_after_every_sign_out(now in 0i64..10_000, out in 0i64..10_000) {
            prop_assert!(begins_at(now, out) > out && begins_at(now, out) >= now);
        }
    }
}
