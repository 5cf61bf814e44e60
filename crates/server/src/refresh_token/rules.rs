//! Whether a refresh token may be used (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! The tokens of one grant are a family, numbered by a counter. Using the live one makes the next. A client whose answer was lost on the way
//! presents the preceding one again: within the grace it gets the same successor. Anything older was copied: the family is revoked.

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;

use crate::refusal::Reason;

/// A family of refresh tokens, as it is stored.
#[derive(Clone, Debug)]
pub struct Family {
    /// The grant's name, and the family's.
    pub id: String,
    /// The client it was issued to.
    pub client: String,
    /// The person who allowed it.
    pub person: String,
    /// The session it began in.
    pub session: Option<String>,
    /// Whether it outlives its session (`offline_access`).
    pub offline: bool,
    /// What was granted. Never changes.
    pub scope: Scope,
    /// The resources that access tokens may be for. Never changes.
    pub resources: Vec<String>,
    /// What was granted in particular (RFC 9396). Never changes.
    pub details: Option<AuthorizationDetails>,
    /// Single claims that were allowed (OpenID Connect Core §5.5). Never change.
    pub claims: Option<ClaimsRequest>,
    /// When the person signed in (unix seconds).
    pub auth_time: i64,
    /// How the person signed in.
    pub amr: Vec<String>,
    /// How strongly the person signed in.
    pub acr: Option<String>,
    /// What whoever uses its tokens must prove to have (RFC 9449 §5, RFC 8705 §4): of public clients, which prove nothing else.
    pub confirmation: Option<Confirmation>,
    /// By what its access tokens are bound, whoever its client is. Once set it stays.
    pub bound: Option<Bound>,
    /// The number of its first token that is bound: 1, unless the grant came to be bound by a refresh. Means nothing where `bound` is none.
    pub bound_from: i64,
    /// The number of the live token.
    pub counter: i64,
    /// When the live token was made (unix seconds).
    pub rotated_at: i64,
    /// When the family began (unix seconds).
    pub created_at: i64,
    /// When it ends unless it is used (unix seconds).
    pub idle_expires_at: i64,
    /// When it ends in any case (unix seconds).
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// Counts the changes, for the guard.
    pub version: i64,
}

/// By what the access tokens of a grant are bound to who holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// By a key, perhaps by a certificate too (RFC 9449).
    Key,
    /// By a certificate (RFC 8705).
    Certificate,
}

impl Bound {
    /// How a token is bound that confirms its holder so; `None` when it is a bearer token.
    pub fn by(confirmation: Option<&Confirmation>) -> Option<Self> {
        match confirmation? {
            Confirmation { jkt: Some(_), .. } => Some(Self::Key),
            Confirmation {
                x5t_s256: Some(_), ..
            } => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// How long families live, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Since the last use.
    pub idle: i64,
    /// How long the preceding token still answers.
    pub grace: i64,
    /// Whether each use makes another token. One that stays is bound to a key, or to a client that authenticates.
    pub rotates: bool,
}

/// How often the idle time of a token that stays is written anew, in seconds: requests at the same time do not contend for that.
const KEPT: i64 = 60;

/// What becomes of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The next token is made.
    Rotate {
        /// Its number.
        to: i64,
        /// When the family ends unless it is used again (unix seconds).
        idle_expires_at: i64,
    },
    /// The live token is given once more; nothing changes.
    Repeat,
    /// An old token came back: the family is revoked.
    Revoke,
}

/// Whether who `presented` this with a token of the family proves to have what it is bound to, and whether what comes of it, which will confirm its holder by
/// `next`, is bound where the grant is. Whoever does not changes nothing, not even by an old token.
///
/// # Errors
/// [`Reason::RefreshBound`], [`Reason::RefreshUnproven`], [`Reason::RefreshUncertified`].
pub fn check_holder(
    family: &Family,
    presented: Option<&Confirmation>,
    next: Option<&Confirmation>,
) -> Result<(), Reason> {
    match &family.confirmation {
        Some(bound) if !bound.is_met_by(presented) => return Err(Reason::RefreshBound),
        _ => {}
    }
    match (family.bound, Bound::by(next)) {
        (None, _) | (Some(_), Some(_)) => Ok(()),
        (Some(Bound::Key), None) => Err(Reason::RefreshUnproven),
        (Some(Bound::Certificate), None) => Err(Reason::RefreshUncertified),
    }
}

/// Whether nobody can prove that the family is theirs: its client authenticated when it was bound, and does not any more, and whose key it was is not known.
pub fn is_nobodys(family: &Family, is_authenticated: bool) -> bool {
    !is_authenticated && family.bound.is_some() && family.confirmation.is_none()
}

/// Whether the token of this number was made before the grant was bound, so that nobody had to prove anything with it. When it comes back from somebody who has not
/// got what the grant is bound to since, two had it, and whoever was first to bind it may be the thief (RFC 9700 §4.14.2).
pub fn was_unbound(family: &Family, counter: i64) -> bool {
    family.bound.is_some() && counter < family.bound_from
}

/// Decides about a refresh token with the number `counter`, presented by `client`.
///
/// # Errors
/// The reason why it is refused without changing the family.
pub fn decide(
    family: &Family,
    client: &str,
    counter: i64,
    lifetimes: Lifetimes,
    now: i64,
) -> Result<Decision, Reason> {
    if family.client != client {
        return Err(Reason::RefreshOfAnotherClient);
    }
    if family.revoked_at.is_some() {
        return Err(Reason::RefreshRevoked);
    }
    if now >= family.expires_at || now >= family.idle_expires_at {
        return Err(Reason::RefreshExpired);
    }
    if counter > family.counter {
        return Err(Reason::RefreshAhead);
    }
    if counter == family.counter && !lifetimes.rotates {
        return Ok(if now.saturating_sub(family.rotated_at) < KEPT {
            Decision::Repeat
        } else {
            Decision::Rotate {
                to: family.counter,
                idle_expires_at: now.saturating_add(lifetimes.idle).min(family.expires_at),
            }
        });
    }
    if counter == family.counter {
        return Ok(Decision::Rotate {
            to: family.counter + 1,
            idle_expires_at: now.saturating_add(lifetimes.idle).min(family.expires_at),
        });
    }
    let in_grace = now.saturating_sub(family.rotated_at) <= lifetimes.grace;
    if counter == family.counter - 1 && in_grace {
        return Ok(Decision::Repeat);
    }
    Ok(Decision::Revoke)
}

/// The scope of the next access token: what was asked for, or all that was granted. The family keeps its scope, so that the next request may ask
/// for all of it again (RFC 6749 §6).
///
/// # Errors
/// [`Reason::ScopeExceedsGrant`] when more was asked for than was granted.
pub fn narrow(granted: &Scope, asked: Option<&Scope>) -> Result<Scope, Reason> {
    match asked {
        None => Ok(granted.clone()),
        Some(asked) if asked.is_subset(granted) => Ok(asked.clone()),
        Some(_) => Err(Reason::ScopeExceedsGrant),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000_000;
    const LIFETIMES: Lifetimes = Lifetimes {
        idle: 1000,
        grace: 60,
        rotates: true,
    };

    fn family() -> Family {
        Family {
            id: "grant".into(),
            client: "app".into(),
            person: "alice".into(),
            session: None,
            offline: true,
            scope: "a b c".parse().unwrap(),
            resources: Vec::new(),
            details: None,
            claims: None,
            auth_time: NOW,
            amr: Vec::new(),
            acr: None,
            confirmation: None,
            bound: None,
            bound_from: 1,
            counter: 5,
            rotated_at: NOW,
            created_at: NOW,
            idle_expires_at: NOW + 1000,
            expires_at: NOW + 1500,
            revoked_at: None,
            version: 1,
        }
    }

    fn outcome(counter: i64, now: i64) -> Result<Decision, Reason> {
        decide(&family(), "app", counter, LIFETIMES, now)
    }

    #[test]
    fn the_live_token_makes_the_next_one() {
        assert_eq!(
            outcome(5, NOW + 10),
            Ok(Decision::Rotate {
                to: 6,
                idle_expires_at: NOW + 1010
            })
        );
    }

    #[test]
    fn the_idle_lifetime_never_passes_the_absolute_one() {
        assert_eq!(
            outcome(5, NOW + 900),
            Ok(Decision::Rotate {
                to: 6,
                idle_expires_at: NOW + 1500
            })
        );
        assert_eq!(outcome(5, NOW + 1000), Err(Reason::RefreshExpired));
    }

    #[test]
    fn the_preceding_token_answers_within_the_grace_and_revokes_after_it() {
        assert_eq!(outcome(4, NOW + 60), Ok(Decision::Repeat));
        assert_eq!(outcome(4, NOW + 61), Ok(Decision::Revoke));
        assert_eq!(outcome(3, NOW), Ok(Decision::Revoke));
    }

    /// FAPI 2.0 Security Profile §5.3.2.1.
    #[test]
    fn a_token_that_stays_is_used_again_and_again() {
        let stays = Lifetimes {
            rotates: false,
            ..LIFETIMES
        };
        let outcome = |counter, now| decide(&family(), "app", counter, stays, now);
        assert_eq!(outcome(5, NOW + 59), Ok(Decision::Repeat));
        let idle_expires_at = NOW + 1060;
        assert_eq!(
            outcome(5, NOW + 60),
            Ok(Decision::Rotate {
                to: 5,
                idle_expires_at
            })
        );
        // One from before the profile changed is as old as ever.
        assert_eq!(outcome(3, NOW), Ok(Decision::Revoke));
        assert_eq!(outcome(5, NOW + 1000), Err(Reason::RefreshExpired));
    }

    #[test]
    fn another_client_cannot_revoke_a_family() {
        assert_eq!(
            decide(&family(), "other", 1, LIFETIMES, NOW),
            Err(Reason::RefreshOfAnotherClient)
        );
    }

    #[test]
    fn a_number_from_a_lost_future_is_refused() {
        assert_eq!(outcome(6, NOW), Err(Reason::RefreshAhead));
    }

    /// RFC 9449 §5, RFC 8705 §4: with the key and the certificate that the family has, whatever else is proven.
    #[test]
    fn a_bound_family_asks_for_all_that_it_is_bound_to() {
        let key = Confirmation::key("k");
        let both = Confirmation {
            x5t_s256: Some("c".into()),
            ..key.clone()
        };
        let bound = |to: &Confirmation| Family {
            confirmation: Some(to.clone()),
            ..family()
        };
        assert_eq!(check_holder(&family(), None, None), Ok(()));
        assert_eq!(check_holder(&family(), Some(&both), None), Ok(()));
        assert_eq!(check_holder(&bound(&key), Some(&key), None), Ok(()));
        assert_eq!(check_holder(&bound(&key), Some(&both), None), Ok(()));
        let others = [
            None,
            Some(Confirmation::key("other")),
            Some(Confirmation::certificate("k")),
        ];
        for other in &others {
            assert_eq!(
                check_holder(&bound(&key), other.as_ref(), None),
                Err(Reason::RefreshBound)
            );
        }
        assert_eq!(
            check_holder(&bound(&both), Some(&key), None),
            Err(Reason::RefreshBound)
        );
        let unknown = Confirmation::from_text(r#"{"jkt":"k","new":"?"}"#).unwrap();
        assert_eq!(
            check_holder(&bound(&unknown), Some(&unknown), None),
            Err(Reason::RefreshBound)
        );
    }

    /// RFC 9449 §5: a client that authenticates may change its key, or its certificate for a key, and not do without.
    #[test]
    fn what_is_bound_stays_bound_to_something() {
        let [key, certificate] = [Confirmation::key("k"), Confirmation::certificate("c")];
        let unknown = Confirmation::from_text(r#"{"new":"?"}"#).unwrap();
        let cases = [
            (None, Ok(())),
            (Some(Bound::Key), Err(Reason::RefreshUnproven)),
            (Some(Bound::Certificate), Err(Reason::RefreshUncertified)),
        ];
        for (bound, without) in cases {
            let family = Family { bound, ..family() };
            for with in [&key, &certificate] {
                assert_eq!(check_holder(&family, Some(with), Some(with)), Ok(()));
            }
            assert_eq!(check_holder(&family, None, None), without);
            // The key of an instance is not what its access tokens are bound to.
            assert_eq!(check_holder(&family, Some(&key), None), without);
            assert_eq!(check_holder(&family, None, Some(&unknown)), without);
        }
    }

    #[test]
    fn what_was_made_before_the_grant_was_bound_was_not_bound() {
        let bound = |bound, bound_from| Family {
            bound,
            bound_from,
            ..family()
        };
        for (from, counter, before) in [(1, 1, false), (1, 5, false), (4, 3, true), (4, 4, false)] {
            let key = bound(Some(Bound::Key), from);
            assert_eq!(was_unbound(&key, counter), before, "{from} {counter}");
            assert!(!was_unbound(&bound(None, from), counter));
        }
    }

    proptest! {
        /// Refreshes in any order with any ask: no access token ever holds more than was granted, and the family keeps what it has.
        #[test]
        fn scope_never_widens(asked in proptest::collection::vec("[a-e]( [a-e]){0,3}", 0..20)) {
            let family = family();
            for asked in asked {
                let asked: Scope = asked.parse().unwrap();
                match narrow(&family.scope, Some(&asked)) {
                    Ok(scope) => prop_assert!(scope.is_subset(&family.scope) && scope == asked),
                    Err(reason) => {
                        prop_assert_eq!(reason, Reason::ScopeExceedsGrant);
                        prop_assert!(!asked.is_subset(&family.scope));
                    }
                }
            }
            prop_assert_eq!(narrow(&family.scope, None), Ok(family.scope.clone()));
        }

        /// Whatever two holders of old and new tokens do, in any order and at any pace: at any time one token at most can rotate, and once a
        /// token older than the preceding one was used nothing works any more.
        #[test]
        fn a_family_never_forks(uses in proptest::collection::vec((0i64..8, 0i64..90), 1..60)) {
            let mut stored = Family { idle_expires_at: i64::MAX, expires_at: i64::MAX, counter: 0, ..family() };
            let mut now = NOW;
            for (back, wait) in uses {
                now += wait;
                let counter = (stored.counter - back).max(0);
                let before = stored.counter;
                match decide(&stored, "app", counter, LIFETIMES, now) {
                    Ok(Decision::Rotate { to, .. }) => {
                        prop_assert!(stored.revoked_at.is_none());
                        prop_assert_eq!(counter, before);
                        prop_assert_eq!(to, before + 1);
                        stored.counter = to;
                        stored.rotated_at = now;
                    }
                    Ok(Decision::Repeat) => {
                        prop_assert_eq!(counter, before - 1);
                        prop_assert!(now - stored.rotated_at <= 60);
                    }
                    Ok(Decision::Revoke) => {
                        prop_assert!(counter < before);
                        stored.revoked_at = Some(now);
                    }
                    Err(reason) => {
                        prop_assert_eq!(reason, Reason::RefreshRevoked);
                        prop_assert!(stored.revoked_at.is_some());
                    }
                }
            }
        }
    }
}
