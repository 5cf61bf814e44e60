//! Reading the JSON serialisations of JWE (RFC 7516 §7.2).

use super::{Accepted, Decrypted, content::Sealed, open};
use crate::{
    Error, Jwk, base64url,
    header::{Parsed, merged},
    json, limits,
};
use serde_json::{Map, Value};

/// The most recipients that one object may have.
const RECIPIENTS: usize = 16;
const WRONG: Error = Error::Malformed("JSON serialisation of a JWE");

/// Decrypts a flattened or general object with the private or shared key of one of its recipients: the first whose `alg` fits the key (and
/// whose `kid` is the key's, when both have one) and whose content opens.
pub fn decrypt_json(text: &str, key: &Jwk, accepted: &Accepted<'_>) -> Result<Decrypted, Error> {
    if text.len() > limits::TOKEN {
        return Err(Error::TooLarge);
    }
    let mut members = json::parse_object(text.as_bytes(), "JWE")?;
    let protected = take_text(&mut members, "protected")?;
    let shared = take_object(&mut members, "unprotected")?;
    let sealed = Sealed {
        iv: base64url::decode(take_text(&mut members, "iv")?)?,
        ciphertext: base64url::decode(take_text(&mut members, "ciphertext")?)?,
        tag: base64url::decode(take_text(&mut members, "tag")?)?,
    };
    let aad = match members.remove("aad") {
        None => protected.clone(),
        Some(Value::String(aad)) => {
            base64url::decode(&aad)?;
            format!("{protected}.{aad}")
        }
        Some(_) => return Err(WRONG),
    };
    let recipients = match members.remove("recipients") {
        None => vec![Value::Object(members)],
        Some(_) if members.contains_key("encrypted_key") || members.contains_key("header") => {
            return Err(WRONG);
        }
        Some(Value::Array(items)) if (1..=RECIPIENTS).contains(&items.len()) => items,
        Some(_) => return Err(WRONG),
    };
    let mut refusal = Error::UnknownKey;
    for recipient in recipients {
        let Value::Object(mut recipient) = recipient else {
            return Err(WRONG);
        };
        let own = take_object(&mut recipient, "header")?;
        let encrypted_key = base64url::decode(take_text(&mut recipient, "encrypted_key")?)?;
        let header = merged(&protected, [&shared, &own])?;
        let header = Parsed::parse(&header)?;
        if let (Some(found), Some(expected)) = (header.kid.as_deref(), key.kid())
            && found != expected
        {
            continue;
        }
        match open(
            key,
            accepted,
            header,
            &encrypted_key,
            aad.as_bytes(),
            &sealed,
        ) {
            Ok(decrypted) => return Ok(decrypted),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// A text member; absent is empty.
fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<String, Error> {
    match members.remove(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(WRONG),
    }
}

/// An object member; absent is empty.
fn take_object(members: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Error> {
    match members.remove(name) {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(WRONG),
    }
}
