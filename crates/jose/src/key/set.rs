//! The verification keys of one issuer, ready for use.

use super::{VerifyingKey, fits};
use crate::{Algorithm, Jwk, JwkSet};

/// Verification keys, parsed once. Made out of an issuer's [`JwkSet`]; implements [`crate::jwt::Keys`].
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
}

impl KeySet {
    /// From keys that are parsed already.
    pub fn new(keys: Vec<VerifyingKey>) -> Self {
        Self { keys }
    }

    /// The public signature keys of a set. Symmetric keys are left out (a published secret is none), and so are keys for other uses. A key
    /// without `alg` serves every algorithm of its type.
    pub fn from_jwks(set: &JwkSet) -> Self {
        let public = set
            .keys
            .iter()
            .filter_map(|key| key.public().ok().map(|_| key));
        Self {
            keys: public.flat_map(verifying_keys).collect(),
        }
    }

    /// The key for a token with this `kid` and `alg`. A token without `kid` is matched only when one single key has its algorithm.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        let mut candidates = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        match kid {
            Some(_) => candidates.find(|key| key.kid() == kid),
            None => candidates.next().filter(|_| candidates.next().is_none()),
        }
    }

    /// Whether some key has this `kid`: if none does, the issuer may have a new one.
    pub fn knows(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid() == Some(kid))
    }

    /// All of them.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl From<&JwkSet> for KeySet {
    fn from(set: &JwkSet) -> Self {
        Self::from_jwks(set)
    }
}

fn verifying_keys(key: &Jwk) -> impl Iterator<Item = VerifyingKey> {
    Algorithm::ALL
        .into_iter()
        .filter(move |&algorithm| fits(key, algorithm))
        .filter_map(move |algorithm| VerifyingKey::from_jwk(key, algorithm).ok())
}
