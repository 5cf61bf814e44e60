//! Whether a code may be redeemed (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9700 §2.1.1).

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;
use oauth::pkce::{Challenge, Verifier};

use crate::refusal::Reason;

/// Where a code stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Issued, not yet redeemed.
    Fresh,
    /// Redeemed at this time (unix seconds).
    Redeemed(i64),
}

/// A code as it was issued. The code itself is not kept, only its hash.
#[derive(Clone, Debug)]
pub struct Code {
    /// The grant that the code stands for; what is issued for it carries this name.
    pub grant_id: String,
    /// The client it was issued to.
    pub client: String,
    /// The person who allowed it.
    pub person: String,
    /// The session in which it was allowed; empty for what was allowed without one.
    pub session: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named the redirect URI, so that it must be repeated.
    pub redirect_uri_sent: bool,
    /// The challenge that the verifier must fit.
    pub challenge: Option<Challenge>,
    /// What was granted.
    pub scope: Scope,
    /// The resources the tokens may be for.
    pub resources: Vec<String>,
    /// What was granted in particular (RFC 9396).
    pub details: Option<AuthorizationDetails>,
    /// Single claims that were allowed (OpenID Connect Core §5.5).
    pub claims: Option<ClaimsRequest>,
    /// The `nonce` of the authorization request.
    pub nonce: Option<String>,
    /// When the person signed in (unix seconds).
    pub auth_time: i64,
    /// How the person signed in (RFC 8176).
    pub amr: Vec<String>,
    /// How strongly the person signed in.
    pub acr: Option<String>,
    /// What whoever redeems it must prove to have (RFC 9449 §10).
    pub confirmation: Option<Confirmation>,
    /// When it was issued (unix seconds).
    pub issued_at: i64,
    /// When it can no longer be redeemed (unix seconds).
    pub expires_at: i64,
    /// Where it stands in its life.
    pub state: State,
}

impl Code {
    /// The session in which it was allowed, if there was one.
    pub fn session(&self) -> Option<&str> {
        Some(self.session.as_str()).filter(|session| !session.is_empty())
    }
}

/// What a client presents with the code.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The authenticated client.
    pub client: &'a str,
    /// `redirect_uri`, when it was sent.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`, when it was sent.
    pub verifier: Option<&'a Verifier>,
    /// What the request proves to have.
    pub confirmation: Option<&'a Confirmation>,
}

/// What becomes of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is redeemed now.
    Redeem,
    /// It was redeemed before: what that issued is revoked (RFC 6749 §4.1.2).
    Replay,
}

/// Decides about a code. A client that presents another's code learns nothing and changes nothing; only the code's own client can make a replay.
///
/// # Errors
/// The reason why the code is not redeemed.
pub fn decide(code: &Code, presented: &Presented<'_>, now: i64) -> Result<Decision, Reason> {
    if code.client != presented.client {
        return Err(Reason::CodeOfAnotherClient);
    }
    if let State::Redeemed(_) = code.state {
        return Ok(Decision::Replay);
    }
    if now >= code.expires_at {
        return Err(Reason::CodeExpired);
    }
    match presented.redirect_uri {
        None if code.redirect_uri_sent => return Err(Reason::RedirectUriMissing),
        Some(uri) if uri != code.redirect_uri => return Err(Reason::RedirectUriDiffers),
        _ => {}
    }
    match (&code.challenge, presented.verifier) {
        (Some(_), None) => return Err(Reason::VerifierMissing),
        (None, Some(_)) => return Err(Reason::VerifierUnexpected),
        (Some(challenge), Some(verifier)) if !challenge.matches(verifier) => {
            return Err(Reason::VerifierWrong);
        }
        _ => {}
    }
    match &code.confirmation {
        Some(bound) if !bound.is_met_by(presented.confirmation) => Err(Reason::CodeBound),
        _ => Ok(Decision::Redeem),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn verifier(seed: u8) -> Verifier {
        Verifier::from_random([seed; 32])
    }

    fn code() -> Code {
        Code {
            grant_id: "grant".into(),
            client: "app".into(),
            person: "alice".into(),
            session: "session".into(),
            redirect_uri: "https://app.example/callback".into(),
            redirect_uri_sent: true,
            challenge: Some(Challenge::of(&verifier(1))),
            scope: "openid".parse().unwrap(),
            resources: Vec::new(),
            details: None,
            claims: None,
            nonce: None,
            auth_time: NOW,
            amr: Vec::new(),
            acr: None,
            confirmation: None,
            issued_at: NOW,
            expires_at: NOW + 60,
            state: State::Fresh,
        }
    }

    fn presented<'a>(verifier: Option<&'a Verifier>) -> Presented<'a> {
        Presented {
            client: "app",
            redirect_uri: Some("https://app.example/callback"),
            verifier,
            confirmation: None,
        }
    }

    #[test]
    fn a_code_is_redeemed_with_all_that_it_is_bound_to() {
        let verifier = verifier(1);
        assert_eq!(
            decide(&code(), &presented(Some(&verifier)), NOW + 59),
            Ok(Decision::Redeem)
        );
    }

    #[test]
    fn a_code_ends_after_its_lifetime() {
        let verifier = verifier(1);
        assert_eq!(
            decide(&code(), &presented(Some(&verifier)), NOW + 60),
            Err(Reason::CodeExpired)
        );
    }

    #[test]
    fn a_redirect_uri_that_was_sent_is_repeated() {
        let verifier = verifier(1);
        let absent = Presented {
            redirect_uri: None,
            ..presented(Some(&verifier))
        };
        assert_eq!(
            decide(&code(), &absent, NOW),
            Err(Reason::RedirectUriMissing)
        );
        let other = Presented {
            redirect_uri: Some("https://app.example/callback/"),
            ..presented(Some(&verifier))
        };
        assert_eq!(
            decide(&code(), &other, NOW),
            Err(Reason::RedirectUriDiffers)
        );
        let unsent = Code {
            redirect_uri_sent: false,
            ..code()
        };
        assert_eq!(decide(&unsent, &absent, NOW), Ok(Decision::Redeem));
    }

    #[test]
    fn a_verifier_is_needed_exactly_when_there_is_a_challenge() {
        let (right, wrong) = (verifier(1), verifier(2));
        assert_eq!(
            decide(&code(), &presented(None), NOW),
            Err(Reason::VerifierMissing)
        );
        assert_eq!(
            decide(&code(), &presented(Some(&wrong)), NOW),
            Err(Reason::VerifierWrong)
        );
        let without = Code {
            challenge: None,
            ..code()
        };
        assert_eq!(
            decide(&without, &presented(Some(&right)), NOW),
            Err(Reason::VerifierUnexpected)
        );
        assert_eq!(
            decide(&without, &presented(None), NOW),
            Ok(Decision::Redeem)
        );
    }

    #[test]
    fn another_client_cannot_even_make_a_replay() {
        let verifier = verifier(1);
        let redeemed = Code {
            state: State::Redeemed(NOW),
            ..code()
        };
        let other = Presented {
            client: "other",
            ..presented(Some(&verifier))
        };
        assert_eq!(
            decide(&redeemed, &other, NOW),
            Err(Reason::CodeOfAnotherClient)
        );
        assert_eq!(
            decide(&redeemed, &presented(Some(&verifier)), NOW + 900),
            Ok(Decision::Replay)
        );
    }

    /// What the database does with the guard of the redemption.
    fn commit(stored: &mut Code, now: i64) -> bool {
        let holds = stored.state == State::Fresh && stored.expires_at > now;
        if holds {
            stored.state = State::Redeemed(now);
        }
        holds
    }

    proptest! {
        /// Each redeemer loads, decides, commits, and tries again after a lost race; their steps are interleaved in any order.
        #[test]
        fn no_interleaving_redeems_twice(order in proptest::collection::vec(0usize..4, 0..64), step in 0i64..3) {
            let verifier = verifier(1);
            let mut stored = code();
            let mut loaded: [Option<Code>; 4] = Default::default();
            let mut redeemed = 0;
            let mut now = NOW;
            for who in order {
                match loaded[who].take() {
                    None => loaded[who] = Some(stored.clone()),
                    Some(read) => {
                        if decide(&read, &presented(Some(&verifier)), now) == Ok(Decision::Redeem) && commit(&mut stored, now) {
                            redeemed += 1;
                        }
                    }
                }
                now += step;
            }
            prop_assert!(redeemed <= 1);
        }
    }
}
