//! Access tokens that only we can read: the claims of the JWT, sealed. Nothing is stored.

use oauth::claims::AccessToken;
use realm::Realm;

use crate::refusal::{Reason, Refusal};

/// How an opaque access token begins, so that secret scanners know it.
pub(crate) const PREFIX: &str = "gat_";
const PURPOSE: &str = "access_token";
/// Longest token that is looked at, in characters.
const MAX: usize = 16 * 1024;

/// Seals the claims.
pub(crate) fn seal(realm: &Realm, claims: &AccessToken) -> Result<String, Refusal> {
    let text = serde_json::to_vec(claims)
        .map_err(|_| Refusal::Failed("claims cannot be written".to_owned()))?;
    Ok(format!("{PREFIX}{}", realm.seal(PURPOSE, &text)))
}

/// The claims of a token that we sealed; its times are not judged here.
pub(crate) fn open(realm: &Realm, token: &str) -> Result<AccessToken, Reason> {
    let sealed = token
        .strip_prefix(PREFIX)
        .filter(|sealed| sealed.len() <= MAX)
        .ok_or(Reason::TokenMalformed)?;
    let text = realm
        .unseal(PURPOSE, sealed)
        .ok_or(Reason::TokenMalformed)?;
    serde_json::from_slice(&text).map_err(|_| Reason::TokenMalformed)
}
