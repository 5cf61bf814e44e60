use std::fmt;

use oauth::client_auth::{self, Method};
use secrecy::{ExposeSecret, SecretString};

/// Who the client is and how it proves that (RFC 6749 §2.3).
#[derive(Clone)]
pub struct Credentials {
    id: String,
    method: Method,
    secret: Option<SecretString>,
}

impl Credentials {
    /// A public client: it has no secret and only names itself (`none`).
    pub fn public(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            method: Method::None,
            secret: None,
        }
    }

    /// A confidential client that sends its secret in the `Authorization` header (`client_secret_basic`).
    pub fn basic(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::with_secret(id.into(), secret.into(), Method::ClientSecretBasic)
    }

    /// A confidential client that sends its secret in the body (`client_secret_post`).
    pub fn post(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::with_secret(id.into(), secret.into(), Method::ClientSecretPost)
    }

    fn with_secret(id: String, secret: String, method: Method) -> Self {
        Self {
            id,
            method,
            secret: Some(SecretString::from(secret)),
        }
    }

    /// The client's identifier.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How it authenticates.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Adds to the form what belongs there, and returns the `Authorization` header if there is one.
    pub(crate) fn apply(&self, form: &mut Vec<(&'static str, String)>) -> Option<String> {
        let secret = self.secret.as_ref().map(ExposeSecret::expose_secret);
        match (self.method, secret) {
            (Method::ClientSecretBasic, Some(secret)) => Some(client_auth::basic(&self.id, secret)),
            (_, secret) => {
                form.push(("client_id", self.id.clone()));
                form.extend(secret.map(|secret| ("client_secret", secret.to_owned())));
                None
            }
        }
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
