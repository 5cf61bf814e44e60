//! Keys that an authority certified say so in what they sign for verifiers elsewhere.

use jose::SigningKey;
use realm::Realm;
use serde_json::Value;

/// The header parameter `x5c` (RFC 7515 §4.1.6), where an authority certified the key and the certificate is valid.
pub(crate) fn certified(realm: &Realm, key: &SigningKey) -> Option<(String, Value)> {
    let chain = realm.keys().x5c(key.kid())?;
    Some(("x5c".to_owned(), chain))
}
