//! The key to which clients encrypt their request objects (RFC 9101 §4, §6.1): of P-256, derived from the realm's root secret, so that every node has it and no
//! table does.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Jwk, base64url};
use realm::Realm;
use serde_json::json;
use zeroize::Zeroizing;

use crate::refusal::{Reason, Refusal};

const PURPOSE: &str = "request_object_encryption";

/// How the content's key may reach us.
pub(crate) const KEY_MANAGEMENT: [KeyManagement; 4] = [
    KeyManagement::EcdhEs,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::EcdhEsA192Kw,
    KeyManagement::EcdhEsA256Kw,
];

/// The public half, for /jwks.
///
/// # Errors
/// When the cryptographic library fails.
pub(crate) fn public(realm: &Realm) -> Result<Jwk, Refusal> {
    Ok(private(realm)?.public()?)
}

fn private(realm: &Realm) -> Result<Jwk, Refusal> {
    // Of 2^256 numbers all but 2^224 are keys of the curve.
    for round in 0..=u8::MAX {
        let d = Zeroizing::new(realm.mac(PURPOSE, &[round]));
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
    Err(jose::Error::Crypto.into())
}

/// Whether a text looks encrypted: five parts instead of three.
pub(super) fn is_encrypted(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// What an encrypted object holds: a signed one.
///
/// # Errors
/// `invalid_request_object`, whatever is wrong with it (RFC 7516 §11.5).
pub(super) fn decrypt(realm: &Realm, text: &str) -> Result<String, Refusal> {
    let accepted = Accepted {
        key_management: &KEY_MANAGEMENT,
        content: &ContentEncryption::ALL,
    };
    let decrypted = jwe::decrypt(text, &private(realm)?, &accepted)
        .map_err(|_| Reason::RequestObjectEncryption)?;
    let text = String::from_utf8(decrypted.plaintext);
    Ok(text.map_err(|_| Reason::RequestObjectEncryption)?)
}
