//! Signing an authorization request (RFC 9101 §4), so that nobody on its way through the browser can change it, and encrypting it (§6.1), so that nobody can read it.

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Jwk, SigningKey, jwt};
use serde_json::{Map, Value};

use crate::Error;
use crate::client::Client;

/// The `typ` by which an object says what it is (§10.8).
const TYPE: &str = "oauth-authz-req+jwt";
/// For how many seconds an object is good: as long as it takes to send it.
const LIFETIME: i64 = 300;

/// Ways to encrypt the content, the best first.
const CONTENT: [ContentEncryption; 3] = [
    ContentEncryption::A256Gcm,
    ContentEncryption::A128Gcm,
    ContentEncryption::A256CbcHs512,
];

/// Claims that are about the object and never parameters of the request.
const ABOUT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

impl Client {
    /// The request of these parameters as a JWT, for this server and for a few minutes.
    pub(crate) fn request_object(&self, pairs: &[(&str, &str)]) -> Result<String, Error> {
        let mut claims = claims(pairs)?;
        claims.insert("client_id".to_owned(), self.id().into());
        self.signed_request(TYPE, claims)
    }

    /// A signed request, encrypted to a key that the server publishes for this.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the server announces no way, or none of its keys fits, and whatever fetching the keys brings.
    pub(crate) async fn encrypted_request(&self, signed: &str) -> Result<String, Error> {
        let metadata = self.metadata();
        let announced = &metadata.request_object_encryption_alg_values_supported;
        let fits = |one: &&KeyManagement| announced.iter().any(|name| name == one.as_str());
        let ways: Vec<KeyManagement> = KeyManagement::TO_PUBLIC_KEY
            .iter()
            .filter(fits)
            .copied()
            .collect();
        let announced = &metadata.request_object_encryption_enc_values_supported;
        let content = CONTENT
            .into_iter()
            .find(|one| announced.iter().any(|name| name == one.as_str()))
            // What counts where nothing is said (OpenID Connect Registration §2).
            .unwrap_or(ContentEncryption::A128CbcHs256);
        let keys = self.keys().recipients(self).await?;
        let sealed = keys
            .iter()
            .find_map(|key| seal(signed, key, (&ways, content)));
        sealed.ok_or(Error::Unsupported(
            "request_object_encryption_alg_values_supported with a key to encrypt to",
        ))
    }

    /// These claims, signed as a request of this client to its server.
    pub(crate) fn signed_request(
        &self,
        typ: &str,
        mut claims: Map<String, Value>,
    ) -> Result<String, Error> {
        let now = self.ambient().now();
        for (name, value) in [
            ("iss", Value::from(self.id())),
            ("aud", self.issuer().into()),
            ("iat", now.into()),
            ("nbf", now.into()),
            ("exp", now.saturating_add(LIFETIME).into()),
            ("jti", self.ambient().id().into()),
        ] {
            claims.insert(name.to_owned(), value);
        }
        jwt::sign(self.request_key()?, typ, &claims)
            .map_err(|_| Error::Incomplete("the key cannot sign requests"))
    }

    fn request_key(&self) -> Result<&SigningKey, Error> {
        let key = self.own_request_key().or(self.credentials().key());
        key.ok_or(Error::Incomplete(
            "the client has no key to sign requests with",
        ))
    }
}

/// Encrypts to this key in the first way in which it can be used.
fn seal(
    signed: &str,
    key: &Jwk,
    (ways, content): (&[KeyManagement], ContentEncryption),
) -> Option<String> {
    let header = Header {
        typ: Some(TYPE.to_owned()),
        cty: Some("JWT".to_owned()),
        kid: key.kid().map(str::to_owned),
        ..Header::default()
    };
    let meant = |way: &&KeyManagement| key.alg().is_none_or(|alg| alg == way.as_str());
    ways.iter()
        .filter(meant)
        .find_map(|way| jwe::encrypt(signed.as_bytes(), key, *way, content, &header).ok())
}

/// The parameters as claims: what is JSON stays JSON, seconds are numbers, and what may be repeated is a list (RFC 9101 §4, RFC 9396 §2, RFC 8707 §2).
pub(crate) fn claims(pairs: &[(&str, &str)]) -> Result<Map<String, Value>, Error> {
    let mut claims = Map::new();
    for (name, value) in pairs {
        if ABOUT.contains(name) {
            return Err(Error::Incomplete(
                "a parameter has the name of a claim about the request object",
            ));
        }
        let value = match *name {
            "authorization_details" | "claims" => serde_json::from_str(value)
                .map_err(|_| Error::Incomplete("a parameter that is JSON is not"))?,
            "max_age" | "requested_expiry" => value
                .parse::<i64>()
                .map_or_else(|_| Value::from(*value), Value::from),
            _ => Value::from(*value),
        };
        match (claims.get_mut(*name), *name) {
            (None, _) => {
                claims.insert((*name).to_owned(), value);
            }
            (Some(Value::Array(values)), "resource" | "audience") => values.push(value),
            (Some(first), "resource" | "audience") => {
                *first = Value::Array(vec![first.take(), value]);
            }
            _ => return Err(Error::Incomplete("a parameter is there twice")),
        }
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::claims;

    #[test]
    fn parameters_become_claims_of_their_kind() {
        let pairs = [
            ("scope", "openid"),
            ("max_age", "60"),
            ("resource", "urn:a"),
            ("resource", "urn:b"),
            ("resource", "urn:c"),
            ("authorization_details", r#"[{"type":"x"}]"#),
        ];
        let wanted = json!({
            "scope": "openid", "max_age": 60, "resource": ["urn:a", "urn:b", "urn:c"],
            "authorization_details": [{"type": "x"}],
        });
        assert_eq!(json!(claims(&pairs).unwrap()), wanted);
        for wrong in [
            [("scope", "a"), ("scope", "b")].as_slice(),
            &[("aud", "https://other.example")],
            &[("claims", "{")],
        ] {
            assert!(claims(wrong).is_err(), "{wrong:?}");
        }
    }
}
