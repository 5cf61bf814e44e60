use std::fmt;
use std::sync::Arc;

use ambient::Ambient;
use jose::{Algorithm, Jwk, SigningKey, jwt};
use oauth::client_auth::assertion::{self, Claims, SYMMETRIC, TYP, TYPE};
use oauth::client_auth::attestation::{HEADER, POP_HEADER};
use oauth::client_auth::{self, Method};
use secrecy::{ExposeSecret, SecretString};

use crate::Error;
use crate::attestation;
use crate::exchange::Field;

/// Who the client is and how it proves that (RFC 6749 §2.3).
#[derive(Clone)]
pub struct Credentials {
    id: String,
    method: Method,
    proof: Proof,
}

#[derive(Clone)]
enum Proof {
    /// Nothing that is sent.
    Nothing,
    Secret(SecretString),
    Key(Arc<SigningKey>),
    Workload(Arc<dyn Fn() -> Option<String> + Send + Sync>),
    Instance(
        Arc<SigningKey>,
        Arc<dyn Fn() -> Option<String> + Send + Sync>,
    ),
}

/// What authenticates the client beside the form.
#[derive(Default)]
pub(crate) struct Shown {
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// Other headers.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Credentials {
    /// A public client: it has no secret and only names itself (`none`).
    pub fn public(id: impl Into<String>) -> Self {
        Self::new(id.into(), Method::None, Proof::Nothing)
    }

    /// A confidential client that sends its secret in the `Authorization` header (`client_secret_basic`).
    pub fn basic(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let secret = Proof::Secret(SecretString::from(secret.into()));
        Self::new(id.into(), Method::ClientSecretBasic, secret)
    }

    /// A confidential client that sends its secret in the body (`client_secret_post`).
    pub fn post(id: impl Into<String>, secret: impl Into<String>) -> Self {
        let secret = Proof::Secret(SecretString::from(secret.into()));
        Self::new(id.into(), Method::ClientSecretPost, secret)
    }

    /// A confidential client that signs a new assertion for each request (`private_key_jwt`). `jwk` is the JSON of its private key, whose `kid` the server
    /// knows; without `alg` in it, ES256, ES384, ES512, EdDSA or PS256 is used, as the key fits.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when it is not a private key to sign with.
    pub fn private_key_jwt(id: impl Into<String>, jwk: &str) -> Result<Self, Error> {
        const UNUSABLE: Error = Error::Incomplete("the JWK is not a private key to sign with");
        let key = assertion::signing_key(jwk).ok_or(UNUSABLE)?;
        Ok(Self::signing(id.into(), key))
    }

    /// As [`private_key_jwt`](Self::private_key_jwt), with a key that is there already.
    ///
    /// # Errors
    /// [`Error::Incomplete`] for a symmetric key.
    pub fn signing_key(id: impl Into<String>, key: SigningKey) -> Result<Self, Error> {
        if key.algorithm().is_symmetric() {
            return Err(Error::Incomplete(
                "a symmetric key is no key of private_key_jwt",
            ));
        }
        Ok(Self::signing(id.into(), key))
    }

    fn signing(id: String, key: SigningKey) -> Self {
        Self::new(id, Method::PrivateKeyJwt, Proof::Key(Arc::new(key)))
    }

    /// A confidential client that makes a new assertion with its secret for each request (`client_secret_jwt`), so that the secret is never sent. The
    /// algorithm is HS256, HS384 or HS512; the secret has at least as many bytes as its hash.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when the secret is too short, or for another algorithm.
    pub fn client_secret_jwt(
        id: impl Into<String>,
        secret: &str,
        algorithm: Algorithm,
    ) -> Result<Self, Error> {
        const UNUSABLE: Error =
            Error::Incomplete("the secret is too short for the algorithm, or it is not an HMAC");
        if !SYMMETRIC.contains(&algorithm) {
            return Err(UNUSABLE);
        }
        // A name of its own: the thumbprint of a secret is a hash of it.
        let key = Jwk::symmetric(secret.as_bytes())
            .and_then(|jwk| SigningKey::from_jwk(&jwk.with_kid("secret"), algorithm))
            .map_err(|_| UNUSABLE)?;
        let proof = Proof::Key(Arc::new(key));
        Ok(Self::new(id.into(), Method::ClientSecretJwt, proof))
    }

    /// A confidential client that shows a certificate in TLS (`tls_client_auth`, `self_signed_tls_client_auth`): give the builder a
    /// [`fetch::Fetch`] that has it ([`fetch::FetchOptions::identity`]). Requests go to `mtls_endpoint_aliases` where the server has them.
    pub fn certificate(id: impl Into<String>) -> Self {
        Self::new(id.into(), Method::TlsClientAuth, Proof::Nothing)
    }

    /// A workload that authenticates with what its platform signed about it (RFC 7523 §2.2 with a foreign issuer): a CI job's ID token, a pod's service account
    /// token, a SPIFFE JWT-SVID. `assertion` gives the present one, such as by reading the file that the platform keeps it in; `None` when there is none.
    pub fn workload(
        id: impl Into<String>,
        assertion: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let proof = Proof::Workload(Arc::new(assertion));
        Self::new(id.into(), Method::PrivateKeyJwt, proof)
    }

    /// An instance of a client, such as an app on one phone, for whose key an attester vouches that the server trusts (`attest_jwt_client_auth`,
    /// draft-ietf-oauth-attestation-based-client-auth). `attestation` gives the present one, which names this key; `None` when there is none. The
    /// instance proves its key for each request anew, with the server's challenge where it wants that.
    ///
    /// # Errors
    /// [`Error::Incomplete`] for a symmetric key.
    pub fn attested(
        id: impl Into<String>,
        key: impl Into<Arc<SigningKey>>,
        attestation: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let key = key.into();
        if key.algorithm().is_symmetric() {
            return Err(Error::Incomplete("a symmetric key proves no instance"));
        }
        let proof = Proof::Instance(key, Arc::new(attestation));
        Ok(Self::new(id.into(), Method::AttestJwtClientAuth, proof))
    }

    fn new(id: String, method: Method, proof: Proof) -> Self {
        Self { id, method, proof }
    }

    /// The client's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How it authenticates.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whether a challenge may be asked of it.
    pub(crate) fn is_attested(&self) -> bool {
        matches!(self.proof, Proof::Instance(..))
    }

    /// The private key of `private_key_jwt`.
    pub(crate) fn key(&self) -> Option<&SigningKey> {
        match &self.proof {
            Proof::Key(key) if self.method == Method::PrivateKeyJwt => Some(key),
            _ => None,
        }
    }

    /// Adds to the form what belongs there, and returns the headers that there are; with the server's challenge, if it gave one.
    pub(crate) fn apply(
        &self,
        form: &mut Vec<Field>,
        (issuer, ambient): (&str, &Ambient),
        challenge: Option<String>,
    ) -> Result<Shown, Error> {
        let mut shown = Shown::default();
        match &self.proof {
            Proof::Nothing => form.push(("client_id".into(), self.id.clone())),
            Proof::Secret(secret) if self.method == Method::ClientSecretBasic => {
                let secret = secret.expose_secret();
                shown.authorization = Some(client_auth::basic(&self.id, secret));
            }
            Proof::Secret(secret) => {
                form.push(("client_id".into(), self.id.clone()));
                form.push(("client_secret".into(), secret.expose_secret().to_owned()));
            }
            Proof::Workload(assertion) => {
                let assertion =
                    assertion().ok_or(Error::Incomplete("the workload has no assertion"))?;
                form.push(("client_id".into(), self.id.clone()));
                form.push(("client_assertion_type".into(), TYPE.to_owned()));
                form.push(("client_assertion".into(), assertion));
            }
            Proof::Key(key) => {
                let claims = Claims::new(&self.id, issuer, ambient.id(), ambient.now());
                let assertion = jwt::sign(key, TYP, &claims)
                    .map_err(|_| Error::Incomplete("the key cannot sign"))?;
                form.push(("client_assertion_type".into(), TYPE.to_owned()));
                form.push(("client_assertion".into(), assertion));
            }
            Proof::Instance(key, attestation) => {
                let attestation =
                    attestation().ok_or(Error::Incomplete("the instance has no attestation"))?;
                let pop = attestation::proof(key, (&self.id, issuer), ambient, challenge)?;
                form.push(("client_id".into(), self.id.clone()));
                shown.headers = vec![(HEADER, attestation), (POP_HEADER, pop)];
            }
        }
        Ok(shown)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("id", &self.id)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
