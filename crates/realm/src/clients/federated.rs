//! Clients that register with what a federation says of them (OpenID Federation 1.0 §12.2). They live as long as that counts; a new registration takes the place
//! of the former.

use db::Batch;

use super::origin::Origin;
use super::secret::{self, Secret};
use super::store::{
    Registered, Replacing, WHAT, check_profile, find, insert, publish_key, replace, set_secret,
};
use super::{Client, rules, sql};
use crate::error::Error;
use crate::events::Event;
use crate::tenant::Realm;

/// Who registers such a client, in the audit.
const ACTOR: &str = "federation";

/// Registers a client until `expires_at` (unix seconds), under the identifier that it has in the federation. What it was registered with before counts no more;
/// its tokens stay, unless it is of another sector now. `address` is where it came from, for the audit.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule; [`Error::Exists`] when an operator made a client of that name; [`Error::Conflict`] when it registers
/// twice at once.
pub async fn register_federated(
    realm: &Realm,
    mut client: Client,
    generates_secret: bool,
    (expires_at, address): (i64, Option<String>),
) -> Result<Registered, Error> {
    client.origin = Origin::FederationRegistration { expires_at };
    let event = |kind: &str| Event {
        address: address.clone(),
        ..Event::new(kind).actor(ACTOR)
    };
    let Some(old) = find(realm, &client.id).await? else {
        let secret = if generates_secret {
            Secret::Generate
        } else {
            Secret::None
        };
        return insert(
            realm,
            client,
            secret,
            (Batch::new(), event("client.registered")),
        )
        .await;
    };
    if !matches!(old.origin, Origin::FederationRegistration { .. }) {
        return Err(Error::exists(WHAT, &client.id));
    }
    let secret = generates_secret.then(|| secret::generate(realm.ambient(), &client));
    set_secret(realm, &mut client, secret.as_deref())?;
    rules::check(&client, &*realm.catalogue().await?)?;
    check_profile(realm, &client)?;
    publish_key(realm, &client).await?;
    (client.version, client.created_at) = (old.version, old.created_at);
    let replacing = Replacing {
        stmt: &sql::REPLACE_FEDERATED_CLIENT,
        expires_at: Some(expires_at),
        revoked_at: old.revoked_at,
        ends: client.sector() != old.sector(),
        event: event("client.registered"),
    };
    replace(realm, client, secret, replacing).await
}
