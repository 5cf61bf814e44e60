//! What the server signs and encrypts for this client alone: answers of /userinfo (OpenID Connect Core §5.3.2) and ID tokens (§3.1.3.7 item 1).

use std::borrow::Cow;

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jwt::{self, Audience, Issuer, Lifetime, Policy, Type};
use jose::{Algorithm, Jwk};
use oauth::claims::Userinfo;

use crate::ClientBuilder;
use crate::client::Client;

/// What must sign and what opens them.
#[derive(Clone, Default)]
pub(crate) struct Sealed {
    pub(crate) id_token_key: Option<Jwk>,
    userinfo_algorithm: Option<Algorithm>,
    userinfo_key: Option<Jwk>,
}

impl ClientBuilder {
    /// The private key to whose public part ID tokens are encrypted, for a client that registered `id_token_encrypted_response_alg`. With it, one that is not
    /// encrypted is refused.
    pub fn id_token_key(mut self, key: Jwk) -> Self {
        self.sealed.id_token_key = Some(key);
        self
    }

    /// The algorithm that the client has registered as `userinfo_signed_response_alg`. With it, an answer about the person that is not signed so is refused.
    pub fn userinfo_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.sealed.userinfo_algorithm = Some(algorithm);
        self
    }

    /// The private key to whose public part those answers are encrypted, for a client that registered `userinfo_encrypted_response_alg`. With it, one that is
    /// not encrypted is refused.
    pub fn userinfo_key(mut self, key: Jwk) -> Self {
        self.sealed.userinfo_key = Some(key);
        self
    }
}

/// The text itself, or what this key opens.
pub(crate) fn open<'a>(text: &'a str, key: Option<&Jwk>) -> Result<Cow<'a, str>, jose::Error> {
    let Some(key) = key else {
        return Ok(Cow::Borrowed(text));
    };
    let accepted = jwe::Accepted {
        key_management: &KeyManagement::TO_PUBLIC_KEY,
        content: &ContentEncryption::ALL,
    };
    let opened = jwe::decrypt(text, key, &accepted)?;
    let opened = String::from_utf8(opened.plaintext).map_err(|_| jose::Error::Claims)?;
    Ok(Cow::Owned(opened))
}

impl Client {
    /// Whether answers about the person come as JSON, which nobody vouches for but the connection.
    pub(crate) fn expects_plain_userinfo(&self) -> bool {
        let sealed = self.sealed();
        sealed.userinfo_algorithm.is_none() && sealed.userinfo_key.is_none()
    }

    /// Opens and verifies an answer about the person; it must be from this issuer and for this client.
    pub(crate) async fn opened_userinfo(
        &self,
        text: &str,
    ) -> Result<Result<Userinfo, jose::Error>, crate::Error> {
        let sealed = self.sealed();
        let opened = match open(text, sealed.userinfo_key.as_ref()) {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(error)),
        };
        let Some(algorithm) = sealed.userinfo_algorithm else {
            return Ok(serde_json::from_str(&opened).map_err(|_| jose::Error::Claims));
        };
        let policy = Policy {
            issuer: Issuer::Is(self.issuer()),
            audience: Audience::Includes(self.id()),
            algorithms: &[algorithm],
            typ: Type::Unchecked,
            lifetime: Lifetime::Unlimited,
            now: self.ambient().now(),
            leeway: self.leeway(),
        };
        let keys = self.keys().current(self).await?;
        let mut verified = jwt::verify::<Userinfo>(&opened, &keys, &policy);
        if matches!(verified, Err(jose::Error::UnknownKey))
            && let Some(newer) = self.keys().newer(self, &keys).await?
        {
            verified = jwt::verify::<Userinfo>(&opened, &newer, &policy);
        }
        Ok(verified.map(jwt::Verified::into_claims))
    }
}
