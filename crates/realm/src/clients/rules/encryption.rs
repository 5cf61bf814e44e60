//! Whether answers can be encrypted for a client as it registered (OpenID Connect Registration §2, RFC 9701 §6).

use jose::jwe::{ContentEncryption, KeyManagement};

use super::{Client, Invalid};
use crate::clients::encrypt_to;

/// The ways to encrypt for a client that there are: to a public key of its own.
pub const KEY_MANAGEMENT: [KeyManagement; 6] = [
    KeyManagement::EcdhEs,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::EcdhEsA192Kw,
    KeyManagement::EcdhEsA256Kw,
    KeyManagement::RsaOaep256,
    KeyManagement::RsaOaep,
];

/// Checks one pair of `…_encrypted_response_alg` and `…_encrypted_response_enc`, each with its name.
pub(super) fn check(
    client: &Client,
    (name, management): (&'static str, Option<KeyManagement>),
    (enc_name, encryption): (&'static str, Option<ContentEncryption>),
) -> Result<(), Invalid> {
    let Some(management) = management else {
        return match encryption {
            None => Ok(()),
            Some(_) => Err(Invalid::new(enc_name, format!("it goes with `{name}`"))),
        };
    };
    if !KEY_MANAGEMENT.contains(&management) {
        let names = KEY_MANAGEMENT.map(KeyManagement::as_str).join(", ");
        let reason = format!("`{management}` is not one of {names}");
        return Err(Invalid::new(name, reason));
    }
    let encryption = encryption.unwrap_or(ContentEncryption::A128CbcHs256);
    match (&client.jwks, &client.jwks_uri) {
        (Some(keys), _) => encrypt_to(keys, (management, encryption), ("", None), b"")
            .map(drop)
            .map_err(|_| Invalid::new(name, format!("no key of its `jwks` is for `{management}`"))),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Invalid::new(
            name,
            "it needs `jwks` or `jwks_uri`, where the key to encrypt with is",
        )),
    }
}
