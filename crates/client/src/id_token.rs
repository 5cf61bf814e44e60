//! Accepting an ID token: OpenID Connect Core §3.1.3.7 after sign-in, §12.2 after a refresh.

use jose::jwt::{self, Audience, Issuer, Lifetime, Policy, Type};
use oauth::claims::IdToken;
use oauth::id_token::{self, Expected};

use crate::client::Client;
use crate::sealed;
use crate::{Error, IdTokenError};

/// How long ago an ID token may have been issued when the code is redeemed, in seconds.
const FRESH: i64 = 600;

/// What the request said and the ID token must answer.
pub(crate) struct Asked<'a> {
    pub(crate) nonce: Option<&'a str>,
    pub(crate) max_age: Option<i64>,
    pub(crate) access_token: &'a str,
}

impl Client {
    /// The ID token beside a redeemed code.
    pub(crate) async fn accept(&self, token: &str, asked: Asked<'_>) -> Result<IdToken, Error> {
        self.judge(token, asked, Some(FRESH)).await
    }

    /// The ID token beside a refreshed access token: about the same person and the same sign-in.
    pub(crate) async fn accept_again(
        &self,
        token: &str,
        access_token: &str,
        before: &IdToken,
    ) -> Result<IdToken, Error> {
        let asked = Asked {
            nonce: None,
            max_age: None,
            access_token,
        };
        let claims = self.judge(token, asked, None).await?;
        let nonce_fits = claims.nonce.is_none() || claims.nonce == before.nonce;
        let time_fits = match (claims.auth_time, before.auth_time) {
            (Some(now), Some(then)) => now == then,
            _ => true,
        };
        if claims.sub == before.sub && nonce_fits && time_fits {
            Ok(claims)
        } else {
            Err(IdTokenError::Changed.into())
        }
    }

    async fn judge(
        &self,
        token: &str,
        asked: Asked<'_>,
        issued_within: Option<i64>,
    ) -> Result<IdToken, Error> {
        let now = self.ambient().now();
        let policy = Policy {
            issuer: Issuer::Is(self.issuer()),
            audience: Audience::Includes(self.id()),
            algorithms: &[self.id_token_algorithm()],
            typ: Type::Plain,
            lifetime: Lifetime::Expires,
            now,
            leeway: self.leeway(),
        };
        let key = self.sealed().id_token_key.as_ref();
        let token = &*sealed::open(token, key).map_err(IdTokenError::Token)?;
        let keys = self.keys().current(self).await?;
        let mut verified = jwt::verify::<IdToken>(token, &keys, &policy);
        if matches!(verified, Err(jose::Error::UnknownKey))
            && let Some(newer) = self.keys().newer(self, &keys).await?
        {
            verified = jwt::verify::<IdToken>(token, &newer, &policy);
        }
        let verified = verified.map_err(IdTokenError::Token)?;
        let trusted = self.trusted_audiences();
        let expected = Expected {
            issuer: self.issuer(),
            client_id: self.id(),
            trusted_audiences: &trusted,
            nonce: asked.nonce,
            max_age: asked.max_age,
            access_token: Some(asked.access_token),
            issued_within,
            now,
            leeway: self.leeway(),
        };
        id_token::check(&verified, verified.algorithm(), &expected)
            .map_err(IdTokenError::Claims)?;
        Ok(verified.into_claims())
    }
}
