//! Keys that are parsed once and used often.

mod set;
mod signing;
mod verifying;

pub use set::KeySet;
pub use signing::SigningKey;
pub use verifying::VerifyingKey;

use crate::{
    Algorithm, Error, Jwk,
    jwk::{Material, ec, okp},
};
use aws_lc_rs::hmac;

/// Whether keys of this kind can make or check signatures of this algorithm. ES256 goes with P-256 alone, and so on (RFC 7518 §3.4).
pub(crate) fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm as A;
    match &key.material {
        Material::Oct(_) => algorithm.is_symmetric(),
        Material::Rsa(_) => matches!(
            algorithm,
            A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512
        ),
        Material::Ec(key) => curve(algorithm) == Some(key.curve),
        Material::Okp(key) => algorithm == A::EdDsa && key.curve == okp::Curve::Ed25519,
        Material::Akp(key) => algorithm == key.algorithm,
    }
}

/// The curve of an ECDSA algorithm.
pub(crate) fn curve(algorithm: Algorithm) -> Option<ec::Curve> {
    match algorithm {
        Algorithm::Es256 => Some(ec::Curve::P256),
        Algorithm::Es384 => Some(ec::Curve::P384),
        Algorithm::Es512 => Some(ec::Curve::P521),
        Algorithm::Es256k => Some(ec::Curve::Secp256k1),
        _ => None,
    }
}

/// The hash of an HMAC algorithm.
fn hmac_algorithm(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

/// RFC 7518 §3.2: an HMAC key is at least as long as the hash.
fn hmac_key(algorithm: Algorithm, secret: &[u8]) -> Result<hmac::Key, Error> {
    let hash = hmac_algorithm(algorithm).ok_or(Error::KeyMismatch)?;
    if secret.len() < hash.tag_len() {
        return Err(Error::WeakKey);
    }
    Ok(hmac::Key::new(hash, secret))
}
