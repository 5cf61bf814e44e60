//! The server's public keys, fetched again when a token names one that is not known, with a limit.

use std::sync::Arc;

use jose::{Jwk, JwkSet, KeySet, KeyUse};
use tokio::sync::Mutex;

use crate::Error;
use crate::client::Client;
use crate::exchange::{Request, refused};

/// How long a set is used before it is fetched anew, so that a withdrawn key is forgotten. In seconds.
const LIFETIME: i64 = 3600;

/// Time between two fetches because of an unknown key, in seconds: forged `kid`s must not make us flood the server.
const PAUSE: i64 = 30;

#[derive(Default)]
pub(crate) struct Keys(Mutex<Option<Fetched>>);

struct Fetched {
    set: Arc<KeySet>,
    /// Those to encrypt to.
    recipients: Arc<[Jwk]>,
    at: i64,
}

impl Keys {
    /// The keys that are there to encrypt to (RFC 7517 §4.2: `use` is `enc`), of the set at hand or a fetched one.
    pub(crate) async fn recipients(&self, client: &Client) -> Result<Arc<[Jwk]>, Error> {
        self.current(client).await?;
        let slot = self.0.lock().await;
        let recipients = |fetched: &Fetched| Arc::clone(&fetched.recipients);
        Ok(slot.as_ref().map(recipients).unwrap_or_default())
    }

    /// The set at hand, or a fetched one.
    pub(crate) async fn current(&self, client: &Client) -> Result<Arc<KeySet>, Error> {
        let mut slot = self.0.lock().await;
        let now = client.ambient().now();
        match &*slot {
            Some(fetched) if now.saturating_sub(fetched.at) < LIFETIME => {
                Ok(Arc::clone(&fetched.set))
            }
            _ => fetch(client, &mut slot, now).await,
        }
    }

    /// A newer set than `known`, unless one was fetched a moment ago.
    pub(crate) async fn newer(
        &self,
        client: &Client,
        known: &Arc<KeySet>,
    ) -> Result<Option<Arc<KeySet>>, Error> {
        let mut slot = self.0.lock().await;
        let now = client.ambient().now();
        match &*slot {
            Some(fetched) if !Arc::ptr_eq(&fetched.set, known) => {
                Ok(Some(Arc::clone(&fetched.set)))
            }
            Some(fetched) if now.saturating_sub(fetched.at) < PAUSE => Ok(None),
            _ => fetch(client, &mut slot, now).await.map(Some),
        }
    }
}

async fn fetch(
    client: &Client,
    slot: &mut Option<Fetched>,
    now: i64,
) -> Result<Arc<KeySet>, Error> {
    let url = client.metadata().jwks_uri.as_deref();
    let url = url.ok_or(Error::Unsupported("jwks_uri"))?;
    let answer = client.send(Request::get("jwks", url)).await?;
    if !answer.status.is_success() {
        return Err(refused("jwks", &answer));
    }
    let unreadable = Error::Response {
        endpoint: "jwks",
        status: answer.status.as_u16(),
        reason: "the body is no JWK set",
    };
    let text = answer.text().map_err(|_| unreadable.clone())?;
    let jwks = JwkSet::from_json(text).map_err(|_| unreadable)?;
    let set = Arc::new(KeySet::from_jwks(&jwks));
    let encrypts = |key: &Jwk| key.key_use() == Some(KeyUse::Encryption);
    *slot = Some(Fetched {
        set: Arc::clone(&set),
        recipients: jwks.keys.into_iter().filter(encrypts).collect(),
        at: now,
    });
    Ok(set)
}
