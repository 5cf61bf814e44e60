//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1). A client may use either unless it registered one.

use oauth::client_auth::{Method, Presented};
use realm::{Client, Realm};

use crate::refusal::Reason;

/// Checks the secret.
pub(super) fn check(
    realm: &Realm,
    client: &Client,
    method: Method,
    secret: &str,
) -> Result<(), Reason> {
    if !client.has_secret() {
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

/// Does for a client that does not exist what is done for one whose secret is wrong, so that both take as long.
pub(super) fn look_busy(realm: &Realm, presented: &Presented) {
    if let Presented::Basic { id, secret } | Presented::Post { id, secret } = presented {
        let nobody = Client {
            id: id.clone(),
            ..Client::default()
        };
        nobody.verify_secret(realm, secret);
    }
}
