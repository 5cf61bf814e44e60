use std::fmt;
use std::sync::Arc;

use ambient::Ambient;
use jose::SigningKey;
use oauth::client_auth::{assertion, basic};

use crate::BuildError;

/// Who asks the issuer about tokens, and how that is proven (RFC 7662 §2.1): the client that is registered for this API.
#[derive(Clone)]
pub struct Caller {
    id: String,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    /// The `Authorization` header.
    Basic(Arc<str>),
    Key(Arc<SigningKey>),
    Certificate,
}

impl Caller {
    /// By a secret in the `Authorization` header (`client_secret_basic`).
    pub fn basic(client_id: &str, client_secret: &str) -> Self {
        Self::new(
            client_id,
            Proof::Basic(basic(client_id, client_secret).into()),
        )
    }

    /// By a new assertion for each request (`private_key_jwt`), as FAPI 2.0 wants it. `jwk` is the JSON of the private key, whose `kid` the issuer knows;
    /// without `alg` in it, ES256, ES384, ES512, EdDSA or PS256 is used, as the key fits.
    ///
    /// # Errors
    /// [`BuildError::Key`] when it is not a private key to sign with.
    pub fn private_key_jwt(client_id: &str, jwk: &str) -> Result<Self, BuildError> {
        let key = assertion::signing_key(jwk).ok_or(BuildError::Key)?;
        Self::signing_key(client_id, key)
    }

    /// As [`private_key_jwt`](Self::private_key_jwt), with a key that is there already.
    ///
    /// # Errors
    /// [`BuildError::Key`] for a symmetric key.
    pub fn signing_key(client_id: &str, key: SigningKey) -> Result<Self, BuildError> {
        if key.algorithm().is_symmetric() {
            return Err(BuildError::Key);
        }
        Ok(Self::new(client_id, Proof::Key(Arc::new(key))))
    }

    /// By the certificate of the connection (`tls_client_auth`, `self_signed_tls_client_auth`): give it to [`Builder::fetch`](crate::Builder::fetch) as
    /// `identity`. The address among `mtls_endpoint_aliases` is asked, where the issuer has one (RFC 8705 §5).
    pub fn certificate(client_id: &str) -> Self {
        Self::new(client_id, Proof::Certificate)
    }

    fn new(id: &str, proof: Proof) -> Self {
        Self {
            id: id.to_owned(),
            proof,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn shows_certificate(&self) -> bool {
        matches!(self.proof, Proof::Certificate)
    }

    /// Adds to the form what belongs there, and gives the `Authorization` header if there is one.
    pub(crate) fn show(
        &self,
        form: &mut Vec<(&'static str, String)>,
        (issuer, ambient): (&str, &Ambient),
    ) -> Result<Option<&str>, &'static str> {
        match &self.proof {
            Proof::Basic(authorization) => return Ok(Some(authorization)),
            Proof::Key(key) => {
                let claims = assertion::Claims::new(&self.id, issuer, ambient.id(), ambient.now());
                let signed = jose::jwt::sign(key, assertion::TYP, &claims);
                let signed = signed.map_err(|_| "the key of this API cannot sign")?;
                form.push(("client_assertion_type", assertion::TYPE.to_owned()));
                form.push(("client_assertion", signed));
            }
            Proof::Certificate => form.push(("client_id", self.id.clone())),
        }
        Ok(None)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
