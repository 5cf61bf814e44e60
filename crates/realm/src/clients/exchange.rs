//! What a client may exchange for what (RFC 8693): said by the operator, and by nobody else.

use std::collections::BTreeMap;

use oauth::Scope;
use serde::{Deserialize, Serialize};

use super::{Client, GrantType};
use crate::error::Invalid;
use crate::resources::Catalogue;

const MOST: usize = 100;

/// The policy of a client. As it is by default, a client may have its own tokens made narrower, and those that came to an API that it is
/// ([`Client::introspects`]); everything else is to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExchangePolicy {
    /// Other clients whose tokens it may exchange, though they were neither issued to it nor meant for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_clients: Vec<String>,
    /// Scopes it may get, each with the scopes of which the subject's token must carry one. An ID token counts as carrying `openid`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scopes: BTreeMap<String, Vec<String>>,
    /// Whether what it gets for another client's token may leave out that it acts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub impersonation: bool,
    /// Whether it may exchange a token that is bound to somebody else's key for one that is bound to its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rebinding: bool,
    /// The authorization servers for which it may get assertions about people (ID-JAG).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identity_assertions: Vec<IdentityAssertion>,
}

/// An authorization server that believes what we say about people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityAssertion {
    /// Its issuer identifier.
    pub audience: String,
    /// What the client is called there.
    pub client_id: String,
    /// The scopes of that server that may be asked for.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The APIs of that server that may be named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

impl ExchangePolicy {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a token with this scope may be exchanged for one with the scope-token `wanted`: it has it, or one for which that is given.
    pub fn gives(&self, wanted: &str, carried: &Scope) -> bool {
        carried.contains(wanted)
            || self
                .scopes
                .get(wanted)
                .is_some_and(|given_for| given_for.iter().any(|one| carried.contains(one)))
    }

    /// What is said about the authorization server with this issuer.
    pub fn identity_assertion(&self, audience: &str) -> Option<&IdentityAssertion> {
        self.identity_assertions
            .iter()
            .find(|known| known.audience == audience)
    }
}

/// Checks the policy of a client.
pub(super) fn check(client: &Client, catalogue: &Catalogue) -> Result<(), Invalid> {
    const FIELD: &str = "token_exchange";
    let refuse = |reason: String| Err(Invalid::new(FIELD, reason));
    let policy = &client.token_exchange;
    if !policy.is_empty() && !client.allows_grant(GrantType::TokenExchange) {
        return refuse("it needs the grant type token-exchange".to_owned());
    }
    if policy.subject_clients.len() > MOST
        || policy.scopes.len() > MOST
        || policy.identity_assertions.len() > MOST
    {
        return refuse(format!("a list in it has more than {MOST} entries"));
    }
    for (scope, given_for) in &policy.scopes {
        let named = std::iter::once(scope).chain(given_for);
        for name in named {
            if catalogue.owner_of(name).is_none() {
                return refuse(format!("there is no scope `{}`", name.escape_default()));
            }
        }
        if given_for.is_empty() || given_for.len() > MOST {
            return refuse(format!(
                "`{scope}` is given for 1 to {MOST} scopes of the subject"
            ));
        }
    }
    for known in &policy.identity_assertions {
        if !super::is_page(&known.audience) || known.audience.contains('#') {
            return refuse(format!(
                "`{}` is not an issuer: an https address (http for a loopback host)",
                known.audience.escape_default()
            ));
        }
        if known.client_id.is_empty() || known.client_id.len() > 255 {
            return refuse(format!(
                "what the client is called at {} has 1 to 255 characters",
                known.audience
            ));
        }
        if let Some(odd) = known
            .resources
            .iter()
            .find(|resource| !oauth::authorization::is_resource(resource))
        {
            return refuse(format!(
                "`{}` is not an absolute URI without a fragment",
                odd.escape_default()
            ));
        }
        let same = |other: &&IdentityAssertion| other.audience == known.audience;
        if policy.identity_assertions.iter().filter(same).count() > 1 {
            return refuse(format!("{} is named twice", known.audience));
        }
    }
    if let Some(party) = &client.may_act
        && (party.sub.is_none() && party.client_id.is_none())
    {
        return Err(Invalid::new(
            "may_act",
            "it names somebody by `sub` or `client_id` (RFC 8693 §4.4)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_scope_is_given_for_what_the_policy_names_and_for_itself() {
        let policy = ExchangePolicy {
            scopes: BTreeMap::from([("b".to_owned(), vec!["a".to_owned()])]),
            ..ExchangePolicy::default()
        };
        assert!(policy.gives("b", &"a".parse().unwrap()));
        assert!(policy.gives("b", &"b".parse().unwrap()));
        assert!(!policy.gives("b", &"c".parse().unwrap()));
        assert!(!policy.gives("c", &"a b".parse().unwrap()));
        assert!(
            !policy.gives("a", &"b".parse().unwrap()),
            "not the other way"
        );
    }
}
