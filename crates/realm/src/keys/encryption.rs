//! The key to which clients encrypt their request objects (RFC 9101 §4, §6.1): of P-256, derived from the realm's root secret, so that every node has it and no
//! table does.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use jose::{Jwk, base64url};
use serde_json::json;
use zeroize::Zeroizing;

use crate::sealing::Secrets;

const PURPOSE: &str = "request_object_encryption";

/// Both halves of the key.
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
