//! Signing an authorization request (RFC 9101 §4), so that nobody on its way through the browser can change it.

use jose::{SigningKey, jwt};
use serde_json::{Map, Value};

use crate::Error;
use crate::client::Client;

/// The `typ` by which an object says what it is (§10.8).
const TYPE: &str = "oauth-authz-req+jwt";
/// For how many seconds an object is good: as long as it takes to send it.
const LIFETIME: i64 = 300;

/// Claims that are about the object and never parameters of the request.
const ABOUT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

impl Client {
    /// The request of these parameters as a JWT, for this server and for a few minutes.
    pub(crate) fn request_object(&self, pairs: &[(&str, &str)]) -> Result<String, Error> {
        let mut claims = claims(pairs)?;
        claims.insert("client_id".to_owned(), self.id().into());
        self.signed_request(TYPE, claims)
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
