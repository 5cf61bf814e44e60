//! Token exchange (RFC 8693): the request, the kinds of tokens, and who acts for whom.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::{Error, Params, Redacted, Scope};

/// How many actors a token names at most, the present one included.
pub const MOST_ACTORS: usize = 8;
/// The `token_type` of an answer whose token is no access token (RFC 8693 §2.2.1).
pub const NOT_APPLICABLE: &str = "N_A";

/// A kind of token, by its registered name (RFC 8693 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenType {
    /// An access token of this authorization server.
    #[serde(rename = "urn:ietf:params:oauth:token-type:access_token")]
    AccessToken,
    /// A refresh token of this authorization server.
    #[serde(rename = "urn:ietf:params:oauth:token-type:refresh_token")]
    RefreshToken,
    /// An ID token (OpenID Connect Core §2).
    #[serde(rename = "urn:ietf:params:oauth:token-type:id_token")]
    IdToken,
    /// A JWT, whoever issued it.
    #[serde(rename = "urn:ietf:params:oauth:token-type:jwt")]
    Jwt,
    /// An identity assertion for another authorization server (draft-ietf-oauth-identity-assertion-authz-grant §4).
    #[serde(rename = "urn:ietf:params:oauth:token-type:id-jag")]
    IdJag,
}

impl TokenType {
    /// Every kind that this crate can name.
    pub const ALL: [Self; 5] = [
        Self::AccessToken,
        Self::RefreshToken,
        Self::IdToken,
        Self::Jwt,
        Self::IdJag,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::RefreshToken => "urn:ietf:params:oauth:token-type:refresh_token",
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::IdJag => "urn:ietf:params:oauth:token-type:id-jag",
        }
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenType {
    type Err = UnknownTokenType;

    fn from_str(text: &str) -> Result<Self, UnknownTokenType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownTokenType)
    }
}

/// The text is not a kind of token that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known token type")]
pub struct UnknownTokenType;

/// A token that was handed in, and what it is said to be.
#[derive(Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// The token.
    pub token: String,
    /// What it is said to be.
    pub kind: TokenType,
}

impl fmt::Debug for HandedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandedIn")
            .field("token", &Redacted)
            .field("kind", &self.kind)
            .finish()
    }
}

/// The parameters of `grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenExchange {
    /// Whom the new token is about.
    pub subject: HandedIn,
    /// Who acts.
    pub actor: Option<HandedIn>,
    /// The kind of token that is wanted; without it an access token.
    pub requested: TokenType,
    /// What is asked for; `None` means all that can be had.
    pub scope: Option<Scope>,
    /// The APIs that the token is for, by their addresses.
    pub resource: Vec<String>,
    /// Whom the token is for, by name.
    pub audience: Vec<String>,
    /// What of the subject's token is asked for in particular (RFC 9396 §6.1); `None` means all of it.
    pub authorization_details: Option<AuthorizationDetails>,
}

impl TokenExchange {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request`, `invalid_scope` or `invalid_target` (§2.2.2).
    pub(crate) fn parse(params: &Params) -> Result<Self, Error> {
        let subject = HandedIn {
            token: params.required("subject_token")?.to_owned(),
            kind: kind(params.required("subject_token_type")?, "subject_token_type")?,
        };
        let actor = match (params.get("actor_token"), params.get("actor_token_type")) {
            (None, None) => None,
            (Some(token), Some(name)) => Some(HandedIn {
                token: token.to_owned(),
                kind: kind(name, "actor_token_type")?,
            }),
            (Some(_), None) => return Err(Error::missing("actor_token_type")),
            (None, Some(_)) => {
                return Err(Error::invalid_request(
                    "The parameter 'actor_token_type' needs 'actor_token' beside it.",
                ));
            }
        };
        let requested = params
            .get("requested_token_type")
            .map(|name| kind(name, "requested_token_type"))
            .transpose()?;
        Ok(Self {
            subject,
            actor,
            requested: requested.unwrap_or(TokenType::AccessToken),
            scope: params.get("scope").map(str::parse::<Scope>).transpose()?,
            resource: resources(params)?,
            audience: audiences(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
        })
    }
}

fn kind(name: &str, parameter: &str) -> Result<TokenType, Error> {
    name.parse()
        .map_err(|_| Error::malformed(parameter, "a token type that is supported here"))
}

fn audiences(params: &Params) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    for audience in params.all("audience") {
        if audience.is_empty() {
            continue;
        }
        if found.len() == 32 {
            return Err(Error::invalid_target(
                "The parameter 'audience' occurs more than 32 times.",
            ));
        }
        if !found.iter().any(|known| known == audience) {
            found.push(audience.to_owned());
        }
    }
    Ok(found)
}

/// Who acts for the subject of a token, and who acted before (`act`, RFC 8693 §4.1): the present actor first. Only what identifies an actor is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actors(Vec<Party>);

/// Somebody as `act` and `may_act` name them: by `sub`, by `iss` where that is another than the token's issuer, by `client_id` where the client matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// The party, by its issuer's own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// Who gave it that identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The client through which it acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// `act` or `may_act` is not what RFC 8693 §4.1 and §4.4 have: whoever meets that must not take it for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claim about actors cannot be read")]
pub struct Unreadable;

/// An actor cannot be added: there are [`MOST_ACTORS`] already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are too many actors")]
pub struct TooMany;

impl Actors {
    /// Reads the claim `act`.
    ///
    /// # Errors
    /// When an actor is no object, has no `sub`, or there are more than [`MOST_ACTORS`].
    pub fn parse(act: Option<&Value>) -> Result<Self, Unreadable> {
        let mut actors = Vec::new();
        let mut next = act;
        while let Some(value) = next {
            let members = value.as_object().ok_or(Unreadable)?;
            if actors.len() == MOST_ACTORS {
                return Err(Unreadable);
            }
            let party = Party::parse(members)?;
            if party.sub.is_none() {
                return Err(Unreadable);
            }
            actors.push(party);
            next = members.get("act");
        }
        Ok(Self(actors))
    }

    /// The same chain with one more party in front, who acts now.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn preceded_by(&self, party: Party) -> Result<Self, TooMany> {
        if self.0.len() >= MOST_ACTORS {
            return Err(TooMany);
        }
        let mut actors = vec![party];
        actors.extend(self.0.iter().cloned());
        Ok(Self(actors))
    }

    /// The same chain as another issuer says it: whom it names without saying by whose identifier, it names by its own.
    #[must_use]
    pub fn named_by(mut self, issuer: &str) -> Self {
        for party in &mut self.0 {
            party.iss.get_or_insert_with(|| issuer.to_owned());
        }
        self
    }

    /// The actors, the present one first.
    pub fn as_slice(&self) -> &[Party] {
        &self.0
    }

    /// Whether nobody acts for the subject.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The claim `act`; `None` when nobody acts.
    pub fn to_claim(&self) -> Option<Value> {
        self.0.iter().rev().fold(None, |inner, party| {
            let mut members = party.members();
            members.extend(inner.map(|inner| ("act".to_owned(), inner)));
            Some(Value::Object(members))
        })
    }
}

impl Party {
    fn parse(members: &Map<String, Value>) -> Result<Self, Unreadable> {
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(Unreadable),
        };
        Ok(Self {
            sub: text("sub")?,
            iss: text("iss")?,
            client_id: text("client_id")?,
        })
    }

    fn members(&self) -> Map<String, Value> {
        let named = [
            ("sub", &self.sub),
            ("iss", &self.iss),
            ("client_id", &self.client_id),
        ];
        let present = named.into_iter().filter_map(|(name, value)| {
            let value = value.clone()?;
            Some((name.to_owned(), Value::String(value)))
        });
        present.collect()
    }
}

/// Whether the claim `may_act` of a token of `issuer` lets this party act (RFC 8693 §4.4). A token without the claim leaves that to policy. A member that
/// is not known here may say anything, so that nobody is let in by it; `iss` that is missing means the token's own issuer.
pub fn may_act(claim: Option<&Value>, issuer: &str, party: &Party) -> bool {
    const KNOWN: [&str; 3] = ["sub", "iss", "client_id"];
    let Some(claim) = claim else {
        return true;
    };
    let Some(members) = claim.as_object() else {
        return false;
    };
    let known = members.keys().all(|name| KNOWN.contains(&name.as_str()));
    let Ok(named) = Party::parse(members) else {
        return false;
    };
    let names_somebody = named.sub.is_some() || named.client_id.is_some();
    let same = |named: &Option<String>, own: &Option<String>| named.is_none() || named == own;
    let of = named.iss.as_deref().unwrap_or(issuer);
    known
        && names_somebody
        && same(&named.sub, &party.sub)
        && same(&named.client_id, &party.client_id)
        && party.iss.as_deref().is_some_and(|own| own == of)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://id.example";

    fn party(sub: &str, client: &str) -> Party {
        Party {
            sub: Some(sub.to_owned()),
            iss: Some(ISSUER.to_owned()),
            client_id: Some(client.to_owned()),
        }
    }

    /// RFC 8693 §4.1, the example.
    #[test]
    fn a_chain_is_read_and_written_as_it_was() {
        let act = json!({"sub": "https://service16.example.com", "act": {"sub": "https://service77.example.com"}});
        let actors = Actors::parse(Some(&act)).unwrap();
        assert_eq!(actors.as_slice().len(), 2);
        assert_eq!(actors.to_claim(), Some(act));
        assert_eq!(Actors::parse(None).unwrap().to_claim(), None);
    }

    #[test]
    fn what_is_no_chain_is_not_taken_for_nobody() {
        for act in [
            json!("x"),
            json!(null),
            json!([]),
            json!({}),
            json!({"sub": 1}),
            json!({"sub": ""}),
            json!({"sub": "a", "act": "b"}),
        ] {
            assert_eq!(Actors::parse(Some(&act)), Err(Unreadable), "{act}");
        }
        let mut deep = json!({"sub": "a"});
        for _ in 0..MOST_ACTORS {
            deep = json!({"sub": "a", "act": deep});
        }
        assert_eq!(Actors::parse(Some(&deep)), Err(Unreadable));
    }

    /// RFC 8693 §4.4.
    #[test]
    fn may_act_lets_in_whom_it_names_and_nobody_else() {
        let admin = party("admin", "console");
        assert!(may_act(None, ISSUER, &admin));
        for yes in [
            json!({"sub": "admin"}),
            json!({"sub": "admin", "iss": ISSUER}),
            json!({"client_id": "console"}),
            json!({"sub": "admin", "client_id": "console"}),
        ] {
            assert!(may_act(Some(&yes), ISSUER, &admin), "{yes}");
        }
        for no in [
            json!({"sub": "other"}),
            json!({"sub": "admin", "iss": "https://evil.example"}),
            json!({"sub": "admin", "client_id": "other"}),
            json!({"sub": "admin", "eidas": "high"}),
            json!({"iss": ISSUER}),
            json!({}),
            json!(["admin"]),
            json!("admin"),
            json!(null),
            json!({"sub": ["admin"]}),
        ] {
            assert!(!may_act(Some(&no), ISSUER, &admin), "{no}");
        }
        let foreign = Party {
            iss: Some("https://evil.example".into()),
            ..admin.clone()
        };
        assert!(!may_act(Some(&json!({"sub": "admin"})), ISSUER, &foreign));
        let nobody = Party { iss: None, ..admin };
        assert!(!may_act(Some(&json!({"sub": "admin"})), ISSUER, &nobody));
    }

    proptest! {
        /// However actors are added: each chain ends with the one before it, whole.
        #[test]
        fn a_chain_is_never_shortened(names in proptest::collection::vec("[a-z]{1,4}", 0..12)) {
            let mut chain = Actors::default();
            for name in names {
                match chain.preceded_by(party(&name, "c")) {
                    Ok(longer) => {
                        prop_assert_eq!(&longer.as_slice()[1..], chain.as_slice());
                        let again = Actors::parse(longer.to_claim().as_ref()).unwrap();
                        prop_assert_eq!(&again, &longer);
                        chain = longer;
                    }
                    Err(TooMany) => prop_assert_eq!(chain.as_slice().len(), MOST_ACTORS),
                }
            }
        }
    }
}
