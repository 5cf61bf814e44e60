//! Reading a signed authorization response (JARM §2.4).

use jose::jwt::{self, Audience, Issuer, Lifetime, Policy, Type};
use jose::{Algorithm, Jwk};
use oauth::Params;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::sealed;
use crate::{CallbackError, Error, Pending};

/// What a signed response must be like.
#[derive(Clone)]
pub(crate) struct Expected {
    /// What signs it.
    pub(crate) algorithm: Algorithm,
    /// What opens it, when it is encrypted.
    pub(crate) key: Option<Jwk>,
}

impl Default for Expected {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Rs256,
            key: None,
        }
    }
}

impl Client {
    /// The parameters of the answer, out of the signed JWT when that was asked for. One that was asked for is the only thing that is believed: what stands
    /// beside it, or instead, anybody on the way can have written.
    pub(crate) async fn opened(&self, pending: &Pending, params: Params) -> Result<Params, Error> {
        if !pending.signed {
            return Ok(params);
        }
        params
            .refuse_repeated(&[])
            .map_err(|_| CallbackError::Repeated)?;
        let response = params.get("response").ok_or(CallbackError::Unsigned)?;
        let claims = self.verified(response).await?;
        let parameters = claims.into_iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            Value::Number(number) => Some((name, number.to_string())),
            _ => None,
        });
        Ok(Params::new(parameters.collect()))
    }

    async fn verified(&self, response: &str) -> Result<Map<String, Value>, Error> {
        let refused = |error: jose::Error| Error::from(CallbackError::Response(error));
        let expected = self.signed_response();
        let signed = sealed::open(response, expected.key.as_ref()).map_err(refused)?;
        let policy = Policy {
            issuer: Issuer::Is(self.issuer()),
            audience: Audience::Includes(self.id()),
            algorithms: &[expected.algorithm],
            typ: Type::Unchecked,
            lifetime: Lifetime::Expires,
            now: self.ambient().now(),
            leeway: self.leeway(),
        };
        let keys = self.keys().current(self).await?;
        let mut verified = jwt::verify::<Map<String, Value>>(&signed, &keys, &policy);
        if matches!(verified, Err(jose::Error::UnknownKey))
            && let Some(newer) = self.keys().newer(self, &keys).await?
        {
            verified = jwt::verify::<Map<String, Value>>(&signed, &newer, &policy);
        }
        Ok(verified.map_err(refused)?.into_claims())
    }
}
