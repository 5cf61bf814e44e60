//! `client_secret_jwt` (OpenID Connect Core §9): a JWT whose HMAC is keyed with the client's secret.

use jose::{Jwk, VerifyingKey, jws, jwt};
use oauth::client_auth::assertion::{Claims, SYMMETRIC};
use realm::Client;

use super::assertion::{policy, reason};
use crate::call::Call;
use crate::refusal::Reason;

/// Verifies the HMAC.
pub(super) fn verify(call: &Call, client: &Client, text: &str) -> Result<Claims, Reason> {
    let algorithm = jws::peek(text).map_err(reason)?.algorithm;
    if !algorithm.is_symmetric() {
        return Err(Reason::ClientAssertionAlgorithm);
    }
    let secret = client
        .shared_secret(&call.realm)
        .ok_or(Reason::ClientKeyUnknown)?;
    let key = Jwk::symmetric(&secret)
        .and_then(|jwk| VerifyingKey::from_jwk(&jwk, algorithm))
        .map_err(|_| Reason::ClientAssertionAlgorithm)?;
    let policy = policy(call, client, SYMMETRIC);
    let verified = jwt::verify::<Claims>(text, &key, &policy).map_err(reason)?;
    Ok(verified.into_claims())
}
