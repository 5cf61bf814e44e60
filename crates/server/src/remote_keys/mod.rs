//! The keys at the `jwks_uri` of clients: fetched through the guard, kept in bounded memory for a bounded time, and again when a client signs with one
//! that is not there. Whoever waits for one client's address keeps nobody else waiting.

pub mod rules;
mod source;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ambient::Clock;
use fetch::{Fetch, FetchOptions};
use quick_cache::sync::Cache;
use realm::clients::{LONGEST_KEYS, PublicKeys};
use realm::{Client, Realm};
use web::limit::Limiter;

use self::rules::{Kept, are_usable, must_fetch};
use crate::refusal::Reason;

pub(crate) use self::rules::Want;
pub(crate) use self::source::Source;

/// How many clients' keys are kept.
const CLIENTS: usize = 2000;
/// How long an answer may take, from the first byte to the last.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often one host is asked in a minute for the keys of clients that anybody made: many of them together do not make this server flood another.
const PER_HOST: u32 = 600;

/// The fetched keys of all clients of a process.
pub(crate) struct RemoteKeys {
    fetch: Option<Fetch>,
    hosts: Limiter,
    clients: Cache<String, Arc<Entry>>,
}

/// Who named the address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Somebody for whom an operator, or somebody that the realm trusts, vouches.
    Vouched,
    /// Anybody.
    Anybodys,
}

fn host(source: &Source) -> String {
    let url = url::Url::parse(source.address()).ok();
    let host = url.as_ref().and_then(url::Url::host_str);
    host.unwrap_or_default().to_owned()
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
    kept: Kept,
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
    pub(crate) fn new(options: FetchOptions, clock: &Clock) -> Self {
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
            hosts: Limiter::per(clock.clone(), PER_HOST, 60),
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
        let whose = if client.is_anybodys() {
            Whose::Anybodys
        } else {
            Whose::Vouched
        };
        let source = (Source::Keys(uri.to_owned()), whose);
        self.had(&name, source, want, realm.now()).await
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
        self.had(name, (source, Whose::Vouched), want, now).await
    }

    async fn had(
        &self,
        name: &str,
        source: (Source, Whose),
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
            && !must_fetch(Some(fetched.kept), None, want, now)
        {
            return Ok(fetched.keys.clone());
        }
        let seen = at_hand.map(|fetched| fetched.kept);
        self.renew(Arc::clone(&entry), source, (seen, want), now)
            .await;
        match entry.latest() {
            Some(fetched) if are_usable(fetched.kept.at, now) => Ok(fetched.keys),
            _ => Err(Reason::ClientKeysUnreachable),
        }
    }

    async fn renew(
        &self,
        entry: Arc<Entry>,
        (source, whose): (Source, Whose),
        (seen, want): (Option<Kept>, Want),
        now: i64,
    ) {
        let mut tried_at = Arc::clone(&entry.tried_at).lock_owned().await;
        let kept = entry.latest().map(|fetched| fetched.kept);
        // Somebody else may have fetched while this one waited.
        if (kept != seen && want == Want::Newer) || !must_fetch(kept, *tried_at, want, now) {
            return;
        }
        if whose == Whose::Anybodys && self.hosts.take(host(&source)).is_err() {
            let uri = source.address();
            tracing::warn!(uri, "too many ask for the keys of clients of this host");
            return;
        }
        *tried_at = Some(now);
        let fetch = self.fetch.clone();
        let fetching = async move {
            match source.fetch(fetch).await {
                Ok((keys, fresh)) => entry.keep(Fetched {
                    keys,
                    kept: Kept { at: now, fresh },
                }),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    /// A closed port: what is counted is whether it was tried.
    const ADDRESS: &str = "http://127.0.0.1:1/jwks";

    async fn ask(keys: &RemoteKeys, name: &str, whose: Whose) -> bool {
        let source = (Source::Keys(ADDRESS.to_owned()), whose);
        let had = keys.had(name, source, Want::Current, 0).await;
        assert!(had.is_err());
        let entry = keys.clients.get(name).unwrap();
        let tried_at = *entry.tried_at.lock().await;
        tried_at.is_some()
    }

    #[tokio::test]
    async fn clients_that_anybody_made_do_not_have_one_host_called_without_end() {
        let clock = Clock::manual(0);
        let keys = RemoteKeys::new(FetchOptions::loopback(), &clock);
        for number in 0..PER_HOST {
            assert!(ask(&keys, &number.to_string(), Whose::Anybodys).await);
        }
        assert!(!ask(&keys, "one more", Whose::Anybodys).await);
        assert!(ask(&keys, "an operator's", Whose::Vouched).await);
        clock.advance(1);
        assert!(ask(&keys, "later", Whose::Anybodys).await);
    }
}
