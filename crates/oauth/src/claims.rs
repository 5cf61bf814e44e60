//! The claims of access tokens (RFC 9068), ID tokens (OpenID Connect Core §2) and the person (§5.1: `person`).

mod localized;
mod person;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::localized::{LOCALIZABLE, Localized, Wanted, chosen, standard_scope_of};
pub use self::person::{Address, StandardClaims, Userinfo};
pub use crate::confirmation::Confirmation;
use crate::{Scope, lenient};

/// Who a token is for: one string or an array of them on the wire (RFC 7519 §4.1.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "OneOrMany", into = "OneOrMany")]
pub struct Audience(Vec<String>);

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Audience {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(one) => Self(vec![one]),
            OneOrMany::Many(many) => Self(many),
        }
    }
}

impl From<Audience> for OneOrMany {
    fn from(mut audience: Audience) -> Self {
        match (audience.0.len(), audience.0.pop()) {
            (1, Some(one)) => Self::One(one),
            (_, last) => {
                audience.0.extend(last);
                Self::Many(audience.0)
            }
        }
    }
}

impl Audience {
    /// Whether it names `party`, byte for byte.
    pub fn contains(&self, party: &str) -> bool {
        self.0.iter().any(|own| own == party)
    }

    /// Everyone it names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// How many it names.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it names nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everyone it names, as a list.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

impl From<Vec<String>> for Audience {
    fn from(parties: Vec<String>) -> Self {
        Self(parties)
    }
}

impl From<&str> for Audience {
    fn from(party: &str) -> Self {
        Self(vec![party.to_owned()])
    }
}

impl From<String> for Audience {
    fn from(party: String) -> Self {
        Self(vec![party])
    }
}

/// The claims of an access token (RFC 9068 §2.2). Times are unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Who issued it.
    pub iss: String,
    /// The person, or the client itself when no person is involved.
    pub sub: String,
    /// The APIs it is for.
    pub aud: Audience,
    /// When it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub exp: i64,
    /// When it was issued.
    #[serde(deserialize_with = "lenient::seconds")]
    pub iat: i64,
    /// When it begins to be valid.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub nbf: Option<i64>,
    /// Its own identifier.
    pub jti: String,
    /// The client it was issued to.
    pub client_id: String,
    /// What it permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// When the person signed in.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub auth_time: Option<i64>,
    /// The authentication context the sign-in reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The person's session at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The grant it comes from; revoking that revokes every token of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// The person's groups (RFC 9068 §2.2.3.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The person's roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The person's entitlements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entitlements: Vec<String>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// Who may become the one who acts (RFC 8693 §4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Value>,
    /// The tokens that it was exchanged from: what ends one of them ends it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanged_from: Vec<Origin>,
    /// What it is bound to (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Every other claim.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl AccessToken {
    /// Whether the scope-token was granted.
    pub fn has_scope(&self, token: &str) -> bool {
        self.scope
            .as_ref()
            .is_some_and(|scope| scope.contains(token))
    }
}

/// A token that another one was exchanged from, by what it could be revoked by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its identifier, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// The client it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Whom it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The grant it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// The session it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// When it was issued (unix seconds).
    pub iat: i64,
}

/// The claims of an ID token (OpenID Connect Core §2). Times are unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdToken {
    /// Who issued it.
    pub iss: String,
    /// The person, by the issuer's own identifier.
    pub sub: String,
    /// The clients it is for.
    pub aud: Audience,
    /// When it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub exp: i64,
    /// When it was issued.
    #[serde(deserialize_with = "lenient::seconds")]
    pub iat: i64,
    /// When the person signed in.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::optional_seconds"
    )]
    pub auth_time: Option<i64>,
    /// The nonce of the authorization request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The authentication context the sign-in reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The client it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The hash of the access token beside it (§3.1.3.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The hash of the code beside it (§3.3.2.11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// The hash of the `state` beside it (FAPI 1.0 Advanced §5.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s_hash: Option<String>,
    /// The session (OpenID Connect Front-Channel Logout §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// Its own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Who may act for the person (RFC 8693 §4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Value>,
    /// The request that these pushed tokens answer (OpenID Connect CIBA Core §10.3.1).
    #[serde(
        default,
        rename = "urn:openid:params:jwt:claim:auth_req_id",
        skip_serializing_if = "Option::is_none"
    )]
    pub auth_req_id: Option<String>,
    /// The hash of the refresh token that was pushed beside it, made as `at_hash` is (OpenID Connect CIBA Core §10.3.1).
    #[serde(
        default,
        rename = "urn:openid:params:jwt:claim:rt_hash",
        skip_serializing_if = "Option::is_none"
    )]
    pub rt_hash: Option<String>,
    /// What else is said about the person.
    #[serde(flatten)]
    pub person: StandardClaims,
}
