//! How a client came to be known, and what follows for one that nobody vouches for.

use std::fmt;

use super::Client;
use crate::settings::Admission;
use crate::tenant::Realm;

const PURPOSE: &str = "registration_access_token";
/// What registration access tokens begin with, so that scanners for leaked secrets recognise them.
const PREFIX: &str = "greg_";

/// How a client came to be known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// An operator made it.
    #[default]
    Operator,
    /// It registered itself (RFC 7591).
    Registration(Registration),
    /// It is described by the document at the address that is its identifier (draft-ietf-oauth-client-id-metadata-document).
    Document,
    /// Those above it in a federation vouch for it, for a time (OpenID Federation 1.0 §12.1); nothing of it is stored.
    Federation,
    /// It registered with what those above it in a federation say of it, for a time (OpenID Federation 1.0 §12.2).
    FederationRegistration {
        /// Until when (unix seconds).
        expires_at: i64,
    },
}

/// What is kept about a client that registered itself. `Debug` hides the token's MAC.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// The MAC of the token with which it manages its registration (RFC 7592).
    pub(super) token: [u8; 32],
    /// When it is forgotten unless it is used before (unix seconds); none: never.
    pub expires_at: Option<i64>,
    /// Whom the realm let register then; none where nobody wrote it down.
    pub admission: Option<Admission>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("expires_at", &self.expires_at)
            .field("admission", &self.admission)
            .finish_non_exhaustive()
    }
}

/// The identifier is part of it, so that the token of one client is worth nothing at another.
fn message(id: &str, token: &str) -> Vec<u8> {
    [id.as_bytes(), &[0], token.as_bytes()].concat()
}

/// A new token for a client, and what is kept of it.
pub(super) fn new_token(realm: &Realm, id: &str) -> (String, [u8; 32]) {
    let token = format!("{PREFIX}{}", realm.ambient().token());
    let mac = realm.mac(PURPOSE, &message(id, &token));
    (token, mac)
}

impl Client {
    /// Whether nobody vouches for it: it registered itself, or describes itself.
    pub fn is_self_made(&self) -> bool {
        matches!(self.origin, Origin::Registration(_) | Origin::Document)
    }

    /// Whether a federation vouches for it with each of its requests: it is not registered.
    pub fn is_federated(&self) -> bool {
        self.origin == Origin::Federation
    }

    /// Whether what it is stands elsewhere, so that nothing of it is stored.
    pub fn is_elsewhere(&self) -> bool {
        self.is_document() || self.is_federated()
    }

    /// Whether anybody can have made it: it describes itself, or registered where everybody might, whoever may by now.
    pub fn is_anybodys(&self) -> bool {
        match &self.origin {
            Origin::Operator | Origin::Federation | Origin::FederationRegistration { .. } => false,
            Origin::Registration(registration) => !matches!(
                registration.admission,
                Some(Admission::Token | Admission::Statement)
            ),
            Origin::Document => true,
        }
    }

    /// Whether it is described by the document at its identifier.
    pub fn is_document(&self) -> bool {
        self.origin == Origin::Document
    }

    /// When it is forgotten unless it is used (unix seconds).
    pub fn expires_at(&self) -> Option<i64> {
        match &self.origin {
            Origin::Registration(registration) => registration.expires_at,
            Origin::FederationRegistration { expires_at } => Some(*expires_at),
            Origin::Operator | Origin::Document | Origin::Federation => None,
        }
    }

    /// Whether it is kept for longer when it is used.
    pub fn is_renewed(&self) -> bool {
        matches!(self.origin, Origin::Registration(_))
    }

    /// Whether it is forgotten, and only not deleted yet.
    pub fn is_expired(&self, now: i64) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }

    /// Whether this token manages its registration: one HMAC, compared in constant time.
    pub fn verify_registration_token(&self, realm: &Realm, token: &str) -> bool {
        match &self.origin {
            Origin::Registration(registration) if token.len() <= 512 => {
                realm.verify_mac(PURPOSE, &message(&self.id, token), &registration.token)
            }
            _ => false,
        }
    }
}

/// When a client that was used now is to be forgotten, if that is worth writing down: a tenth of its lifetime or more has passed since it was written last.
pub(crate) fn renewal(expires_at: Option<i64>, lifetime: i64, now: i64) -> Option<i64> {
    let renewed = now.saturating_add(lifetime);
    let gained = renewed.saturating_sub(expires_at?);
    (gained > 0 && gained >= lifetime / 10).then_some(renewed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::renewal;
    use proptest::prelude::*;

    #[test]
    fn a_use_is_written_down_when_a_tenth_of_the_lifetime_has_passed() {
        assert_eq!(renewal(None, 1000, 5), None);
        assert_eq!(renewal(Some(1000), 1000, 99), None);
        assert_eq!(renewal(Some(1000), 1000, 100), Some(1100));
        // What was never used expires early, and is renewed at its first use.
        assert_eq!(renewal(Some(50), 1000, 0), Some(1000));
        // A setting that was shortened does not shorten what is there.
        assert_eq!(renewal(Some(5000), 1000, 100), None);
    }

    proptest! {
        #[test]
        fn uses_are_written_at_most_ten_times_in_a_lifetime(lifetime in 100..10_000_000i64, steps in proptest::collection::vec(1..100_000i64, 1..60)) {
            let (mut expires_at, mut now, mut written) = (lifetime, 0, 0);
            for step in steps {
                now += step;
                if now >= expires_at { break; }
                if let Some(renewed) = renewal(Some(expires_at), lifetime, now) {
                    prop_assert!(renewed > expires_at);
                    expires_at = renewed;
                    written += 1;
                }
                prop_assert!(written <= 10 * now / lifetime + 1);
            }
        }
    }
}
