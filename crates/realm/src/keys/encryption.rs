//! Keys to which clients encrypt their request objects (RFC 9101 §4, §6.1): of P-256, and of RSA. The first one of P-256 derives from the realm's root secret, as it
//! did when it was the only one; all others are random.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use jose::{Algorithm, Jwk, SigningKey, base64url};
use serde_json::json;
use zeroize::Zeroizing;

use super::Family;
use crate::sealing::Secrets;

const PURPOSE: &str = "request_object_encryption";

/// A new one, both halves.
pub(super) fn generate(family: Family) -> Result<Jwk, jose::Error> {
    let key = SigningKey::generate(match family {
        Family::EcdhEs => Algorithm::Es256,
        Family::RsaOaep => Algorithm::Rs256,
    })?;
    let mut members = key.jwk().to_value();
    if let Some(members) = members.as_object_mut() {
        members.remove("alg");
        members.insert("use".to_owned(), json!("enc"));
    }
    Ok(Jwk::from_value(members)?.with_kid(key.kid()))
}

/// Both halves of the first one of P-256.
pub(super) fn derive(secrets: &Secrets) -> Result<Jwk, jose::Error> {
    // Of 2^256 numbers all but 2^224 are keys of the curve.
    for round in 0..=u8::MAX {
        let d = Zeroizing::new(secrets.mac(PURPOSE, &[round]));
        let Ok(key) = PrivateKey::from_private_key(&ECDH_P256, d.as_slice()) else {
            continue;
        };
        let point = key.compute_public_key().map_err(|_| jose::Error::Crypto)?;
        let Some((x, y)) = point
            .as_ref()
            .strip_prefix(&[4])
            .and_then(|numbers| numbers.split_at_checked(32))
        else {
            break;
        };
        let key = Jwk::from_value(json!({
            "kty": "EC", "crv": "P-256", "use": "enc", "x": base64url::encode(x), "y": base64url::encode(y),
            "d": base64url::encode(d.as_slice()),
        }))?;
        let kid = key.thumbprint();
        return Ok(key.with_kid(kid));
    }
    Err(jose::Error::Crypto)
}
