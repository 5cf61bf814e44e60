//! Requests in which the client signs something that counts once, so that each is made anew. Signing costs the load generator, not the server.

use std::sync::Arc;

use ambient::Ambient;
use grantor_tests::live::browser::encode;
use jose::{SigningKey, jwt};
use oauth::client_auth::{assertion, basic};
use oauth::dpop;

use super::prepare::GRANT;
use crate::Failure;
use crate::connection::post_with;
use crate::seed::Keyed;

/// What is signed.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// The assertion of `private_key_jwt` (RFC 7523 §2.2).
    Assertion,
    /// A proof of DPoP (RFC 9449 §4).
    Dpop,
}

/// Asks for tokens by client credentials.
#[derive(Clone)]
pub(crate) struct Prover {
    host: String,
    issuer: String,
    client: Arc<Keyed>,
    kind: Kind,
    ambient: Ambient,
}

impl Prover {
    pub(crate) fn new(host: String, client: Arc<Keyed>, kind: Kind) -> Self {
        Self {
            issuer: format!("http://{host}"),
            host,
            client,
            kind,
            ambient: Ambient::system(),
        }
    }

    /// The next request.
    pub(crate) fn request(&self) -> Result<Vec<u8>, Failure> {
        let (id, now) = (self.ambient.id(), self.ambient.now());
        let key: &SigningKey = &self.client.key;
        match self.kind {
            Kind::Assertion => {
                let claims = assertion::Claims::new(&self.client.signing, &self.issuer, id, now);
                let signed = jwt::sign(key, assertion::TYP, &claims)?;
                let form = encode(&[
                    ("client_assertion_type", assertion::TYPE),
                    ("client_assertion", &signed),
                ]);
                let form = format!("{GRANT}&{form}");
                Ok(post_with(&self.host, "/token", &[], &form))
            }
            Kind::Dpop => {
                let address = format!("{}/token", self.issuer);
                let proof = dpop::make(key, ("POST", &address), None, None, (&id, now))?;
                let authorization = basic(&self.client.secret.0, &self.client.secret.1);
                let head = [("authorization", &*authorization), ("dpop", &*proof)];
                Ok(post_with(&self.host, "/token", &head, GRANT))
            }
        }
    }
}
