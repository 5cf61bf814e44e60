//! When something is sought anew.

/// How long what was sought in vain is left alone, in seconds; also what was had, by those who are sure that there is something newer: nobody can make us ask more
/// often.
pub(crate) const REST: i64 = 10;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// What is at hand, while it is fresh.
    Current,
    /// Something newer, because what is at hand does not serve.
    Newer,
}

/// What is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtHand {
    /// Since when (unix seconds).
    pub(crate) since: i64,
    /// Until when it is fresh (unix seconds).
    pub(crate) fresh_until: i64,
}

/// The latest attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// When (unix seconds).
    pub(crate) at: i64,
    /// Whether it was in vain.
    pub(crate) failed: bool,
}

/// Whether to seek now.
pub(crate) fn must_seek(
    at_hand: Option<AtHand>,
    tried: Option<Attempt>,
    want: Want,
    now: i64,
) -> bool {
    let recent = |tried: Attempt| (tried.at..tried.at.saturating_add(REST)).contains(&now);
    let counts = |tried: &Attempt| tried.failed || want == Want::Newer || at_hand.is_none();
    let rests = tried.filter(counts).is_some_and(recent);
    let is_fresh = at_hand.is_some_and(|it| now < it.fresh_until);
    let serves = is_fresh && want == Want::Current;
    !(rests || serves)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_sought_when_there_is_nothing_or_nothing_fresh() {
        let fresh = Some(AtHand {
            since: 0,
            fresh_until: 600,
        });
        let well = Some(Attempt {
            at: 0,
            failed: false,
        });
        assert!(must_seek(None, None, Want::Current, 0));
        assert!(!must_seek(fresh, well, Want::Current, 599));
        assert!(must_seek(fresh, well, Want::Current, 600));
        assert!(!must_seek(fresh, well, Want::Newer, REST - 1));
        assert!(must_seek(fresh, well, Want::Newer, REST));
        // What was fresh for a moment alone does not rest for longer than that.
        let brief = Some(AtHand {
            since: 0,
            fresh_until: 3,
        });
        assert!(must_seek(brief, well, Want::Current, 3));
    }

    proptest! {
        #[test]
        fn nobody_is_asked_again_before_they_have_rested(
            since in proptest::option::of(0..10_000i64), fresh in 0..700i64, tried in 0..10_000i64, later in 0..REST, newer: bool,
        ) {
            let want = if newer { Want::Newer } else { Want::Current };
            let at_hand = since.map(|since| AtHand { since, fresh_until: since + fresh });
            let failed = Some(Attempt { at: tried, failed: true });
            prop_assert!(!must_seek(at_hand, failed, want, tried + later));
            let well = Some(Attempt { at: tried, failed: false });
            prop_assert!(!must_seek(at_hand, well, Want::Newer, tried + later));
            prop_assert!(must_seek(None, failed, want, tried + REST));
            // A clock that went back keeps nobody resting.
            prop_assert!(must_seek(None, failed, want, tried - 1));
        }
    }
}
