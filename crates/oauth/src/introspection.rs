//! Token introspection (RFC 7662).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::{AccessToken, Audience, Confirmation};
use crate::{Error, Params, Redacted, Scope};

/// What the caller takes the token for. A hint only: the server looks everywhere (RFC 7662 §2.1, RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenTypeHint {
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
}

impl TokenTypeHint {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// Reads a hint; one that is not known is no hint.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "access_token" => Some(Self::AccessToken),
            "refresh_token" => Some(Self::RefreshToken),
            _ => None,
        }
    }
}

/// The introspection request (RFC 7662 §2.1) and the revocation request (RFC 7009 §2.1), without the caller's authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The token to look at, or to revoke.
    pub token: String,
    /// What it may be; one that is not known is ignored.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl Request {
    /// Reads a request.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            token: params.required("token")?.to_owned(),
            token_type_hint: params.get("token_type_hint").and_then(TokenTypeHint::parse),
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("token", &Redacted)
            .field("token_type_hint", &self.token_type_hint)
            .finish()
    }
}

/// The answer (RFC 7662 §2.2). For a token that is not active it holds `active: false` and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Whether the token may be used now, by the rules the server knows.
    pub active: bool,
    /// What it permits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The client it was issued to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A name for the person, for people to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// For an access token, how it is presented: `Bearer` or `DPoP`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// When it expires, in unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was issued, in unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// When it begins to be valid, in unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// The person, or the client itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The APIs it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// Who issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The token's own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Whatever else the token says: `auth_time`, `acr`, `amr`, `sid`, `act`, `cnf`, `groups` and more.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Response {
    /// The answer about a token that is unknown, expired, revoked, or not the caller's business.
    pub fn inactive() -> Self {
        Self::default()
    }

    /// The answer about a live access token: everything it says.
    pub fn access_token(claims: &AccessToken) -> Self {
        let mut extra = match serde_json::to_value(claims) {
            Ok(Value::Object(all)) => all,
            _ => Map::new(),
        };
        for named in [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "nbf",
            "jti",
            "client_id",
            "scope",
            "active",
            "username",
            "token_type",
            // For us alone.
            "exchanged_from",
        ] {
            extra.remove(named);
        }
        Self {
            active: true,
            scope: claims.scope.clone(),
            client_id: Some(claims.client_id.clone()),
            username: None,
            token_type: Some(Confirmation::token_type(claims.cnf.as_ref()).to_owned()),
            exp: Some(claims.exp),
            iat: Some(claims.iat),
            nbf: claims.nbf,
            sub: Some(claims.sub.clone()),
            aud: Some(claims.aud.clone()),
            iss: Some(claims.iss.clone()),
            jti: Some(claims.jti.clone()),
            extra,
        }
    }
}
