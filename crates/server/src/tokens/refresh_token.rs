//! The text of refresh tokens: `grt_FAMILY.COUNTER.MAC`. The same family and counter always make the same text, so that the successor can be given
//! again without being kept.

use realm::Realm;
use subtle::ConstantTimeEq;

/// How a refresh token begins, so that secret scanners know it.
pub(crate) const PREFIX: &str = "grt_";
const PURPOSE: &str = "refresh_token";
/// Longest token that is looked at, in characters.
const MAX: usize = 256;

/// The token with this number.
pub(crate) fn make(realm: &Realm, family: &str, counter: i64) -> String {
    let named = format!("{family}.{counter}");
    let mac = realm.mac(PURPOSE, named.as_bytes());
    format!("{PREFIX}{named}.{}", jose::base64url::encode(mac))
}

/// The family and the number of a token that we made.
pub(crate) fn read(realm: &Realm, token: &str) -> Option<(String, i64)> {
    let (named, mac) = split(token)?;
    let ours = jose::base64url::encode(realm.mac(PURPOSE, named.as_bytes()));
    if !bool::from(ours.as_bytes().ct_eq(mac.as_bytes())) {
        return None;
    }
    let (family, counter) = named.rsplit_once('.')?;
    Some((family.to_owned(), counter.parse().ok()?))
}

/// What is covered, and the MAC.
fn split(token: &str) -> Option<(&str, &str)> {
    if token.len() > MAX || !token.is_ascii() {
        return None;
    }
    token.strip_prefix(PREFIX)?.rsplit_once('.')
}

/// Whether a text is meant to be a refresh token.
pub(crate) fn looks_like(token: &str) -> bool {
    token.starts_with(PREFIX)
}
