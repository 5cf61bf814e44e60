//! Key attestations (appendix D): somebody who is trusted signs how a wallet keeps its keys.

use jose::{Jwk, KeySet, jwt};
use serde::Deserialize;
use serde_json::Value;

use super::proof::{ALGORITHMS, Doubt};
use super::request::MOST_PROOFS;

/// `typ` of a key attestation (appendix D.1).
pub const ATTESTATION_TYPE: &str = "key-attestation+jwt";
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// How old one may be that does not say when it ends, in seconds.
const OLDEST: i64 = 86_400;

/// Those who are believed, and when.
#[derive(Clone, Copy, Debug)]
pub struct Attesters<'a> {
    /// Their keys.
    pub keys: &'a KeySet,
    /// The time (unix seconds).
    pub now: i64,
}

/// What one of them said.
#[derive(Clone, Debug)]
pub struct Attested {
    /// The keys, each once.
    pub keys: Vec<Jwk>,
    /// The nonce, if there is one.
    pub nonce: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    attested_keys: Vec<Value>,
    #[serde(default)]
    nonce: Option<String>,
}

impl Attesters<'_> {
    /// Judges what is said to be an attestation. A certificate in its header is not looked at: the key counts.
    ///
    /// # Errors
    /// [`Doubt::Attestation`].
    pub fn judge(&self, text: &str) -> Result<Attested, Doubt> {
        let policy = jwt::Policy {
            issuer: jwt::Issuer::Unchecked,
            audience: jwt::Audience::Unchecked,
            algorithms: ALGORITHMS,
            typ: jwt::Type::Is(ATTESTATION_TYPE),
            lifetime: jwt::Lifetime::Fresh(OLDEST),
            now: self.now,
            leeway: LEEWAY,
        };
        let verified = jwt::verify_beside_certificates::<Claims>(text, self.keys, &policy);
        let claims = verified.map_err(|_| Doubt::Attestation)?.into_claims();
        if claims.attested_keys.is_empty() || claims.attested_keys.len() > MOST_PROOFS {
            return Err(Doubt::Attestation);
        }
        let mut keys: Vec<Jwk> = Vec::new();
        for value in claims.attested_keys {
            let key = Jwk::from_value(value).map_err(|_| Doubt::Attestation)?;
            let thumbprint = key.thumbprint();
            if key.is_private() || keys.iter().any(|other| other.thumbprint() == thumbprint) {
                return Err(Doubt::Attestation);
            }
            // Only what can prove something later.
            if !ALGORITHMS
                .iter()
                .any(|one| jose::VerifyingKey::from_jwk(&key, *one).is_ok())
            {
                return Err(Doubt::Attestation);
            }
            keys.push(key);
        }
        Ok(Attested {
            keys,
            nonce: claims.nonce,
        })
    }
}

impl Attested {
    /// Whether it is about this key.
    pub fn names(&self, key: &Jwk) -> bool {
        let thumbprint = key.thumbprint();
        self.keys
            .iter()
            .any(|other| other.thumbprint() == thumbprint)
    }
}
