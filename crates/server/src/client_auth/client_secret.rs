//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1). A client may use either unless it registered one.

use std::sync::Arc;

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

/// Looks once more at a client whose secret was wrong, as the database has it: the secret may have been changed at another node within this second. It takes
/// as long as to find that a client does not exist.
pub(super) async fn check_again(
    realm: &Realm,
    client: &Client,
    presented: &Presented,
) -> Result<Option<Arc<Client>>, realm::Error> {
    let stored = realm::clients::find(realm, &client.id).await?;
    let changed = stored.filter(|stored| stored.version != client.version && !stored.disabled);
    let verified = changed.filter(|changed| match (presented, presented.method()) {
        (Presented::Basic { secret, .. } | Presented::Post { secret, .. }, Some(method)) => {
            check(realm, changed, method, secret).is_ok()
        }
        _ => false,
    });
    Ok(verified.map(Arc::new))
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
