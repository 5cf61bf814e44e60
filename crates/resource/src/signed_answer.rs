//! Answers about tokens that the issuer signed, and perhaps encrypted, for this API alone (RFC 9701 §5).

use std::borrow::Cow;
use std::sync::Arc;

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Algorithm, Jwk, jwt};
use oauth::introspection::Response;
use serde::Deserialize;

use crate::issuer::{Issuer, Unavailable};

/// The `typ` of an answer (§5).
pub(crate) const JWT: &str = "token-introspection+jwt";
/// Its media type (§4).
pub(crate) const MEDIA_TYPE: &str = "application/token-introspection+jwt";
/// How old an answer may be, in seconds: it was made for the question that it answers.
const FRESH: i64 = 60;

/// What answers are taken.
#[derive(Clone)]
pub(crate) struct Answers {
    /// What signs them.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Whether plain ones are refused.
    pub(crate) is_signed: bool,
    /// What opens them, if they are encrypted.
    pub(crate) key: Option<Jwk>,
    /// How far clocks may differ, in seconds.
    pub(crate) leeway: i64,
}

/// What is signed.
#[derive(Clone, Deserialize)]
struct Signed {
    token_introspection: Response,
}

impl Answers {
    /// What to ask for.
    pub(crate) fn accept(&self) -> &'static str {
        if self.is_signed {
            MEDIA_TYPE
        } else {
            "application/json"
        }
    }

    /// Opens and verifies an answer: by its type it is no other token of this issuer, and by its audience no other API's answer (§8.1).
    pub(crate) async fn verify(
        &self,
        text: &str,
        own_id: &str,
        issuer: &Arc<Issuer>,
    ) -> Result<Response, String> {
        let text = self.open(text).map_err(|e| e.to_string())?;
        let policy = jwt::Policy {
            issuer: jwt::Issuer::Is(issuer.name()),
            audience: jwt::Audience::Includes(own_id),
            algorithms: &self.algorithms,
            typ: jwt::Type::Is(JWT),
            lifetime: jwt::Lifetime::Fresh(FRESH),
            now: issuer.now(),
            leeway: self.leeway,
        };
        let verified = issuer
            .verified(|keys| jwt::verify::<Signed>(&text, keys, &policy))
            .await;
        let verified = verified.map_err(|Unavailable| "no keys")?;
        let signed = verified.map_err(|e| e.to_string())?.into_claims();
        Ok(signed.token_introspection)
    }

    fn open<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, jose::Error> {
        let Some(key) = &self.key else {
            return Ok(Cow::Borrowed(text));
        };
        let accepted = Accepted {
            key_management: &KeyManagement::TO_PUBLIC_KEY,
            content: &ContentEncryption::ALL,
        };
        let opened = jwe::decrypt(text, key, &accepted)?;
        let opened = String::from_utf8(opened.plaintext).map_err(|_| jose::Error::Claims)?;
        Ok(Cow::Owned(opened))
    }
}
