//! Clients that register themselves and manage that (RFC 7591, RFC 7592), and how those that nobody uses are forgotten.

use std::sync::Arc;

use db::{Batch, CommitError, params};

use super::origin::{Origin, Registration, new_token, renewal};
use super::secret::Secret;
use super::store::{self, ended};
use super::{Client, Registered, sql};
use crate::changes::Kind;
use crate::error::Error;
use crate::events::Event;
use crate::initial_access::{self, UNUSABLE};
use crate::node::Node;
use crate::settings::Admission;
use crate::tenant::Realm;

/// Who registers a client by itself, in the audit.
const ACTOR: &str = "registration";
/// How many expired clients one turn of the sweep forgets at most.
const STEP: i64 = 200;

/// A client that registered itself, and the token with which it manages that: the only time that anybody sees it. `Debug` hides it.
pub struct SelfRegistered {
    /// The client, and its secret if it got one.
    pub registered: Registered,
    /// The registration access token (RFC 7592 §3).
    pub token: String,
}

impl std::fmt::Debug for SelfRegistered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SelfRegistered")
            .field(&self.registered)
            .finish()
    }
}

/// Registers a client that nobody vouches for. It is forgotten when it is not used soon, and later when it is not used for long. It is admitted by the realm's
/// rule of that moment; an `initial` access token is counted down in the same commit. `address` is where it came from, for the audit.
///
/// # Errors
/// As [`create`](super::create); [`Error::NotFound`] for an initial access token that cannot be used (any more).
pub async fn register(
    realm: &Realm,
    mut client: Client,
    secret: Secret,
    (admission, initial): (Admission, Option<&str>),
    address: Option<String>,
) -> Result<SelfRegistered, Error> {
    client.id = realm.ambient().id();
    let (token, mac) = new_token(realm, &client.id);
    let lifetimes = realm.settings().lifetimes;
    let lives = lifetimes.client_unused.min(lifetimes.client_registration);
    client.origin = Origin::Registration(Registration {
        token: mac,
        expires_at: Some(realm.now().saturating_add(lives)),
        admission: Some(admission),
    });
    let mut batch = Batch::new();
    if let Some(initial) = initial {
        initial_access::spend(realm, &mut batch, initial);
    }
    let event = Event {
        address,
        ..Event::new("client.registered").actor(ACTOR)
    };
    match store::insert(realm, client, secret, (batch, event)).await {
        Ok(registered) => Ok(SelfRegistered { registered, token }),
        Err(Error::Commit(error)) if initial_access::is_refused(&error) => {
            Err(Error::not_found(UNUSABLE, ""))
        }
        Err(error) => Err(error),
    }
}

/// Writes down that a client was used, so that it is not forgotten.
pub(crate) async fn renew(realm: &Realm, id: &str, expires_at: i64) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(
        &sql::RENEW_CLIENT,
        params![realm.name(), id, expires_at, realm.now()],
        1,
    );
    realm.announce(&mut batch, Kind::CLIENT, id);
    match realm.commit(batch).await {
        // Another node was faster, or it is gone.
        Err(CommitError::Guard { .. }) => Ok(()),
        other => other.map(drop).map_err(Error::from),
    }
}

impl Realm {
    /// Notes that a client was used, so that one that registered itself is not forgotten. Memory only, but for once in a tenth of its lifetime; that write happens
    /// behind the answer.
    pub fn used(self: &Arc<Self>, client: &Client) {
        if client.expires_at().is_none() || !client.is_renewed() {
            return;
        }
        let lifetime = self.settings().lifetimes.client_registration;
        let Some(expires_at) = renewal(client.expires_at(), lifetime, self.now()) else {
            return;
        };
        if !self.begin_renewing(&client.id) {
            return;
        }
        let (realm, id) = (Arc::clone(self), client.id.clone());
        tokio::spawn(async move {
            if let Err(error) = renew(&realm, &id, expires_at).await {
                tracing::warn!(client = id, %error, "the use of a client cannot be written down just now");
            }
            realm.end_renewing(&id);
        });
    }
}

/// Forgets clients that registered themselves and were not used for too long, some of them. Says whether there may be more.
pub(crate) async fn forget_unused(node: &Node) -> Result<bool, Error> {
    let now = node.ambient().now();
    let rows = node
        .db()
        .rows(&sql::EXPIRED_CLIENTS, params![now, STEP])
        .await?;
    for row in &rows {
        let (name, id) = (row.text(0), row.text(1));
        // What a removed realm left behind is purged with it.
        let Some(realm) = node.realm(name).await? else {
            continue;
        };
        let mut batch = Batch::new();
        batch.expect(&sql::FORGET_CLIENT, params![name, id, now], 1);
        ended(&realm, &mut batch, id, Event::new("client.expired"));
        match realm.commit(batch).await {
            // It was used just now.
            Err(CommitError::Guard { .. }) | Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(rows.len() as i64 == STEP)
}
