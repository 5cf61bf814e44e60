use std::fmt;

use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::IdToken;
use oauth::token::TokenResponse;
use oauth::{Redacted, Scope};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::exchange::json;
use crate::{AccessToken, Error};

/// What was obtained. Serialises, so that a program can keep a session (see [`Client::resume`]): the text is as secret as a password.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    pub(crate) access_token: String,
    /// Whether it is bound to the client's key (RFC 9449).
    #[serde(default)]
    pub(crate) bound: bool,
    /// When it expires, in unix seconds; unknown when the server does not say.
    pub(crate) expires_at: Option<i64>,
    /// From when on a new one is fetched, in unix seconds.
    pub(crate) renew_at: Option<i64>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) scope: Scope,
    /// What was granted in particular (RFC 9396 §7).
    #[serde(default)]
    pub(crate) details: Option<AuthorizationDetails>,
    pub(crate) id_token: Option<String>,
    pub(crate) claims: Option<IdToken>,
}

impl Tokens {
    pub(crate) fn new(
        response: TokenResponse,
        asked: &Scope,
        claims: Option<IdToken>,
        now: i64,
    ) -> Self {
        let lifetime = response.expires_in.map(|seconds| seconds.max(0));
        Self {
            access_token: response.access_token,
            bound: response.token_type.eq_ignore_ascii_case("DPoP"),
            expires_at: lifetime.map(|seconds| now.saturating_add(seconds)),
            // A fifth of its life before the end, a minute at most.
            renew_at: lifetime.map(|seconds| now.saturating_add(seconds - (seconds / 5).min(60))),
            refresh_token: response.refresh_token,
            scope: response.scope.unwrap_or_else(|| asked.clone()),
            details: response.authorization_details,
            id_token: response.id_token,
            claims,
        }
    }

    /// What was granted.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The access token.
    pub fn access_token(&self) -> &str {
        &self.access_token
    }

    /// When the access token expires, in unix seconds, if the server said so.
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// The refresh token.
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_deref()
    }

    /// The ID token, as it was sent.
    pub fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }

    /// What the ID token says; it has been verified.
    pub fn claims(&self) -> Option<&IdToken> {
        self.claims.as_ref()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("access_token", &Redacted)
            .field("expires_at", &self.expires_at)
            .field("refresh_token", &Redacted::option(&self.refresh_token))
            .field("id_token", &Redacted::option(&self.id_token))
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Asks the token endpoint.
    pub(crate) async fn token(
        &self,
        form: Vec<(&'static str, String)>,
    ) -> Result<TokenResponse, Error> {
        // With a key, a bearer token would be a downgrade (RFC 9449 §5).
        let expected = if self.dpop().is_some() {
            "DPoP"
        } else {
            "Bearer"
        };
        self.token_of(form, expected).await
    }

    /// Asks the token endpoint for a token of this `token_type`.
    pub(crate) async fn token_of(
        &self,
        form: Vec<(&'static str, String)>,
        expected: &str,
    ) -> Result<TokenResponse, Error> {
        let url = self.endpoint("token_endpoint", self.metadata().token_endpoint.as_deref());
        let url = url.ok_or(Error::Unsupported("token_endpoint"))?;
        let answer = self.send_form("token", url, form).await?;
        let response: TokenResponse = json("token", &answer)?;
        if !response.token_type.eq_ignore_ascii_case(expected) {
            return Err(Error::Response {
                endpoint: "token",
                status: answer.status.as_u16(),
                reason: "the token is of a type that this client cannot use",
            });
        }
        Ok(response)
    }

    /// A proof for a request with another HTTP client (RFC 9449 §4.2): the value of its `DPoP` header, beside [`AccessToken::authorization`]. `None` when
    /// the token is not bound to a key. Each request needs its own.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when the client has no key, or the key cannot sign.
    pub fn proof(
        &self,
        method: &str,
        url: &str,
        token: &AccessToken,
    ) -> Result<Option<String>, Error> {
        if !token.is_bound() {
            return Ok(None);
        }
        let dpop = self.dpop().ok_or(Error::Incomplete(
            "the token is bound to a key that this client does not have",
        ))?;
        let (proof, _) = dpop.proof(self.ambient(), (method, url), Some(token.as_str()))?;
        Ok(Some(proof))
    }

    /// Revokes a refresh token or an access token (RFC 7009). A token that the server does not know counts as revoked.
    pub async fn revoke(&self, token: &str) -> Result<(), Error> {
        let url = self.metadata().revocation_endpoint.as_deref();
        let url = self.endpoint("revocation_endpoint", url);
        let url = url.ok_or(Error::Unsupported("revocation_endpoint"))?;
        let form = vec![("token", token.to_owned())];
        self.send_form("revocation", url, form).await.map(|_| ())
    }
}
