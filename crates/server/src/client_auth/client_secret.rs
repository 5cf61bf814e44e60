//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1). A client may use either unless it registered one.

use oauth::client_auth::Method;
use realm::{Client, Realm};

use crate::refusal::Reason;

/// Checks the secret.
pub(super) fn check(
    realm: &Realm,
    client: &Client,
    method: Method,
    secret: &str,
) -> Result<(), Reason> {
    if client.is_public() {
        return Err(Reason::ClientSecretUnexpected);
    }
    if !client.verify_secret(realm, secret) {
        return Err(Reason::ClientSecretWrong);
    }
    if client.allows_method(method) {
        Ok(())
    } else {
        Err(Reason::ClientMethodNotRegistered)
    }
}
