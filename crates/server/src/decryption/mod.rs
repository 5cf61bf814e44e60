//! What is encrypted to the realm: request objects and hints that clients encrypt to the realm's keys (RFC 9101 §4, §6.1, OpenID Connect Core §3.1.2.1).

mod decryptions;

use std::borrow::Cow;
use std::sync::Arc;

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Jwk, limits};
use realm::keys::Family;

use crate::call::Call;
use crate::refusal::{Reason, Refusal};

pub(crate) use decryptions::Decryptions;

/// How the content's key may reach us. RSA1_5 is not there, nor anywhere in this product (RFC 8725 §3.2).
pub(crate) const KEY_MANAGEMENT: [KeyManagement; 6] = KeyManagement::TO_PUBLIC_KEY;

/// The text itself, or what it holds if it is encrypted to us.
///
/// # Errors
/// As [`decrypt`].
pub(crate) async fn opened<'a>(call: &Call, text: &'a str) -> Result<Cow<'a, str>, Refusal> {
    if is_encrypted(text) {
        decrypt(call, text).await.map(Cow::Owned)
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
/// `invalid_request_object`, whatever is wrong with it (RFC 7516 §11.5); as [`decrypt_within`].
async fn decrypt(call: &Call, text: &str) -> Result<String, Refusal> {
    decrypt_within(call, text, (&KEY_MANAGEMENT, limits::TOKEN))
        .await?
        .and_then(|plaintext| String::from_utf8(plaintext).ok())
        .ok_or_else(|| Reason::RequestObjectEncryption.into())
}

/// What is encrypted to the realm by one of these algorithms, in at most so many bytes of text; nothing, whatever is wrong with it. The key that it names opens it,
/// or whichever does when it names none; one that was replaced still does for a while.
///
/// # Errors
/// [`Refusal::TooMany`] and [`Refusal::Busy`] when RSA has too much to do, and when the database fails.
pub(crate) async fn decrypt_within(
    call: &Call,
    text: &str,
    (algorithms, most): (&[KeyManagement], usize),
) -> Result<Option<Vec<u8>>, Refusal> {
    let Ok(outside) = jwe::peek(text) else {
        return Ok(None);
    };
    let way = outside.management;
    let Some(family) = Family::of(way).filter(|_| algorithms.contains(&way)) else {
        return Ok(None);
    };
    let kid = outside.header.kid.as_deref();
    let keys = call.realm.keys().opening_keys(family, kid).await?;
    if keys.is_empty() || text.len() > most {
        return Ok(None);
    }
    match family {
        Family::EcdhEs => Ok(open(text, &keys, (way, most))),
        Family::RsaOaep => {
            let text = text.to_owned();
            let work = move || open(&text, &keys, (way, most));
            call.server.decryptions.run(call, work).await
        }
    }
}

fn open(text: &str, keys: &[Arc<Jwk>], (way, most): (KeyManagement, usize)) -> Option<Vec<u8>> {
    let accepted = Accepted {
        key_management: &[way],
        content: &ContentEncryption::ALL,
    };
    let opened = |key: &Arc<Jwk>| jwe::decrypt_within(text, key, &accepted, most).ok();
    keys.iter().find_map(opened).map(|it| it.plaintext)
}
