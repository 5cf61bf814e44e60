//! Whether a request signs somebody out, and how the browser goes on from there (OpenID Connect RP-Initiated Logout §2, §3).

use oauth::claims::IdToken;

/// Who is signed in on the browser.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn<'a> {
    /// The person.
    pub person: &'a str,
    /// The session.
    pub session: &'a str,
    /// What a `logout_hint` may call them.
    pub names: &'a [&'a str],
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: nobody is signed in.
    Nothing,
    /// The session is ended at once.
    End,
    /// The person is asked.
    Ask,
}

/// Decides about a request. The `sub` of the hint is the person, whatever its client is told. Only an ID token of this very session ends it unasked, and not when another hint says that somebody else is meant.
pub fn decide(
    signed_in: Option<&SignedIn<'_>>,
    hint: Option<&IdToken>,
    logout_hint: Option<&str>,
) -> Step {
    let Some(signed_in) = signed_in else {
        return Step::Nothing;
    };
    let proven = hint.is_some_and(|hint| {
        hint.sub == signed_in.person && hint.sid.as_deref() == Some(signed_in.session)
    });
    let meant = logout_hint.is_none_or(|named| {
        let mut names = signed_in.names.iter();
        names.any(|name| name.eq_ignore_ascii_case(named))
    });
    if proven && meant {
        Step::End
    } else {
        Step::Ask
    }
}

/// How the browser gets to the `post_logout_redirect_uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By itself.
    Straight,
    /// When the person wants to, from a page that says where it leads.
    ByHand,
}

/// The way when nobody was signed in, so that nobody was asked: straight for who shows that it has had a session here, if an operator vouches for it. Otherwise
/// a link to us would lead to whatever site has registered itself (§3, RFC 9700 §4.11.2).
pub fn way(has_hint: bool, is_self_made: bool) -> Way {
    if has_hint && !is_self_made {
        Way::Straight
    } else {
        Way::ByHand
    }
}

/// The way when the person was asked: straight, unless nobody vouches for where it leads.
pub fn way_from_question(is_self_made: bool) -> Way {
    if is_self_made {
        Way::ByHand
    } else {
        Way::Straight
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    const NAMES: &[&str] = &["alice", "alice@example.com", "s1"];

    fn alice() -> SignedIn<'static> {
        SignedIn {
            person: "p1",
            session: "s1",
            names: NAMES,
        }
    }

    fn hint(sub: &str, sid: Option<&str>) -> IdToken {
        IdToken {
            sub: sub.to_owned(),
            sid: sid.map(str::to_owned),
            ..IdToken::default()
        }
    }

    #[test]
    fn only_an_id_token_of_this_session_ends_it_unasked() {
        let step = |hint: Option<&IdToken>| decide(Some(&alice()), hint, None);
        assert_eq!(step(Some(&hint("p1", Some("s1")))), Step::End);
        for (sub, sid) in [("p2", Some("s1")), ("p1", Some("s2")), ("p1", None)] {
            assert_eq!(step(Some(&hint(sub, sid))), Step::Ask, "{sub} {sid:?}");
        }
        assert_eq!(step(None), Step::Ask);
    }

    #[test]
    fn a_hint_at_somebody_else_makes_it_a_question() {
        let own = hint("p1", Some("s1"));
        for (named, step) in [
            ("alice", Step::End),
            ("Alice@Example.com", Step::End),
            ("s1", Step::End),
            ("bob", Step::Ask),
        ] {
            assert_eq!(
                decide(Some(&alice()), Some(&own), Some(named)),
                step,
                "{named}"
            );
        }
        assert_eq!(decide(Some(&alice()), None, Some("alice")), Step::Ask);
    }

    #[test]
    fn nobody_is_led_unasked_to_a_site_that_nobody_vouches_for() {
        assert_eq!(way(true, false), Way::Straight);
        for (hint, self_made) in [(true, true), (false, false), (false, true)] {
            assert_eq!(way(hint, self_made), Way::ByHand);
        }
    }

    proptest! {
        #[test]
        fn nobody_who_is_not_there_is_signed_out(sub in ".*", sid in proptest::option::of(".*"), named in proptest::option::of(".*")) {
            let hint = hint(&sub, sid.as_deref());
            prop_assert_eq!(decide(None, Some(&hint), named.as_deref()), Step::Nothing);
        }
    }
}
