//! The keys at the `jwks_uri` of clients: fetched through the guard, kept in bounded memory for a bounded time, and again when a client signs with one
//! that is not there. Whoever waits for one client's address keeps nobody else waiting.

pub mod rules;
mod source;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fetch::{Fetch, FetchOptions};
use quick_cache::sync::Cache;
use realm::clients::{LONGEST_KEYS, PublicKeys};
use realm::{Client, Realm};

use self::rules::{are_usable, must_fetch};
use crate::refusal::Reason;

pub(crate) use self::rules::Want;
pub(crate) use self::source::Source;

/// How many clients' keys are kept.
const CLIENTS: usize = 2000;
/// How long an answer may take, from the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(5);

/// The fetched keys of all clients of a process.
pub(crate) struct RemoteKeys {
    fetch: Option<Fetch>,
    clients: Cache<String, Arc<Entry>>,
}

#[derive(Default)]
struct Entry {
    latest: RwLock<Option<Fetched>>,
    /// When it was tried last; whoever holds it is the one who fetches.
    tried_at: Arc<tokio::sync::Mutex<Option<i64>>>,
}

#[derive(Clone)]
struct Fetched {
    keys: PublicKeys,
    at: i64,
}

impl Entry {
    fn latest(&self) -> Option<Fetched> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }

    fn keep(&self, fetched: Fetched) {
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        *latest = Some(fetched);
    }
}

impl RemoteKeys {
    pub(crate) fn new(options: FetchOptions) -> Self {
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: LONGEST_KEYS,
            ..options
        };
        let fetch = Fetch::new(options)
            .inspect_err(|error| tracing::error!(%error, "no jwks_uri can be fetched"))
            .ok();
        Self {
            fetch,
            clients: Cache::new(CLIENTS),
        }
    }

    /// The keys of a client with a `jwks_uri`.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn of(
        &self,
        realm: &Realm,
        client: &Client,
        want: Want,
    ) -> Result<PublicKeys, Reason> {
        let Some(uri) = client.jwks_uri.as_deref() else {
            return Err(Reason::ClientKeysUnreachable);
        };
        let name = format!("{} {} {uri}", realm.name(), client.id);
        self.at(&name, uri, want, realm.now()).await
    }

    /// The keys at an address, kept under this name.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn at(
        &self,
        name: &str,
        uri: &str,
        want: Want,
        now: i64,
    ) -> Result<PublicKeys, Reason> {
        let source = Source::Keys(uri.to_owned());
        self.from(name, source, want, now).await
    }

    /// The keys that are published there, kept under this name.
    ///
    /// # Errors
    /// [`Reason::ClientKeysUnreachable`].
    pub(crate) async fn from(
        &self,
        name: &str,
        source: Source,
        want: Want,
        now: i64,
    ) -> Result<PublicKeys, Reason> {
        let made = self
            .clients
            .get_or_insert_with(name, || Ok::<_, Reason>(Arc::default()));
        let entry = made?;
        let at_hand = entry.latest();
        // The usual case, in which nobody waits for anybody.
        if let (Some(fetched), Want::Current) = (&at_hand, want)
            && !must_fetch(Some(fetched.at), None, want, now)
        {
            return Ok(fetched.keys.clone());
        }
        let seen = at_hand.map(|fetched| fetched.at);
        self.renew(Arc::clone(&entry), source, (seen, want), now)
            .await;
        match entry.latest() {
            Some(fetched) if are_usable(fetched.at, now) => Ok(fetched.keys),
            _ => Err(Reason::ClientKeysUnreachable),
        }
    }

    async fn renew(
        &self,
        entry: Arc<Entry>,
        source: Source,
        (seen, want): (Option<i64>, Want),
        now: i64,
    ) {
        let mut tried_at = Arc::clone(&entry.tried_at).lock_owned().await;
        let fetched_at = entry.latest().map(|fetched| fetched.at);
        // Somebody else may have fetched while this one waited.
        if (fetched_at != seen && want == Want::Newer)
            || !must_fetch(fetched_at, *tried_at, want, now)
        {
            return;
        }
        *tried_at = Some(now);
        let fetch = self.fetch.clone();
        let fetching = async move {
            match source.fetch(fetch).await {
                Ok(keys) => entry.keep(Fetched { keys, at: now }),
                Err(reason) => {
                    let uri = source.address();
                    tracing::warn!(uri, reason, "the keys of a client cannot be had");
                }
            }
            // Until now others wait, and need not fetch.
            drop(tried_at);
        };
        // On its own, so that nobody stops it for others by hanging up.
        if let Err(error) = tokio::spawn(fetching).await {
            tracing::error!(%error, "fetching the keys of a client failed");
        }
    }
}
