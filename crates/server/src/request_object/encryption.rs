//! Request objects, and hints, that clients encrypt to the realm's key (RFC 9101 §4, §6.1, OpenID Connect Core §3.1.2.1).

use std::borrow::Cow;
use std::sync::Arc;

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Jwk, limits};
use realm::Realm;

use crate::refusal::{Reason, Refusal};

/// How the content's key may reach us.
pub(crate) const KEY_MANAGEMENT: [KeyManagement; 4] = [
    KeyManagement::EcdhEs,
    KeyManagement::EcdhEsA128Kw,
    KeyManagement::EcdhEsA192Kw,
    KeyManagement::EcdhEsA256Kw,
];

/// The text itself, or what it holds if it is encrypted to us.
///
/// # Errors
/// As [`decrypt`].
pub(crate) async fn opened<'a>(realm: &Realm, text: &'a str) -> Result<Cow<'a, str>, Refusal> {
    if is_encrypted(text) {
        decrypt(realm, text).await.map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(text))
    }
}

/// Whether a text looks encrypted: five parts instead of three.
fn is_encrypted(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// What an encrypted object holds: a signed one.
///
/// # Errors
/// `invalid_request_object`, whatever is wrong with it (RFC 7516 §11.5).
async fn decrypt(realm: &Realm, text: &str) -> Result<String, Refusal> {
    decrypt_within(realm, text, limits::TOKEN)
        .await?
        .and_then(|plaintext| String::from_utf8(plaintext).ok())
        .ok_or_else(|| Reason::RequestObjectEncryption.into())
}

/// What is encrypted to the realm, in at most so many bytes of text; nothing, whatever is wrong with it. The key that it names opens it, or whichever does when
/// it names none; one that was replaced still does for a while.
///
/// # Errors
/// When the database fails.
pub(crate) async fn decrypt_within(
    realm: &Realm,
    text: &str,
    most: usize,
) -> Result<Option<Vec<u8>>, Refusal> {
    let accepted = Accepted {
        key_management: &KEY_MANAGEMENT,
        content: &ContentEncryption::ALL,
    };
    let Ok(header) = jwe::peek(text) else {
        return Ok(None);
    };
    let keys = realm.keys().opening_keys(header.kid.as_deref()).await?;
    let opened = |key: &Arc<Jwk>| jwe::decrypt_within(text, key, &accepted, most).ok();
    Ok(keys.iter().find_map(opened).map(|it| it.plaintext))
}
