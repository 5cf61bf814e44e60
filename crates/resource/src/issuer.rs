//! The issuer's metadata and keys, fetched when needed and not more often than the limit allows.

use std::sync::{Arc, PoisonError, RwLock};

use ambient::Clock;
use fetch::Fetch;
use jose::{JwkSet, KeySet};
use oauth::metadata::{ServerMetadata, well_known_urls};
use tokio::sync::Mutex;

/// Keys this old are fetched again in the background, in seconds.
const STALE_AFTER: i64 = 600;
/// Keys this old are no longer trusted when the issuer cannot be reached, in seconds.
const DEAD_AFTER: i64 = 86_400;

/// What is known of an issuer at some moment.
pub(crate) struct Known {
    pub(crate) keys: KeySet,
    introspection_endpoint: Option<String>,
    /// Where callers show certificates (RFC 8705 §5).
    mtls_introspection_endpoint: Option<String>,
    fetched_at: i64,
}

impl Known {
    /// Where to ask about tokens.
    pub(crate) fn introspection_endpoint(&self, with_certificate: bool) -> Option<&str> {
        let alias = self.mtls_introspection_endpoint.as_deref();
        let usual = self.introspection_endpoint.as_deref();
        alias.filter(|_| with_certificate).or(usual)
    }
}

pub(crate) struct Issuer {
    name: String,
    fetch: Fetch,
    clock: Clock,
    interval: i64,
    known: RwLock<Option<Arc<Known>>>,
    /// Held while asking, so that one request is under way at most.
    asked: Mutex<Asked>,
}

/// When the issuer was last asked, for each reason: a forged `kid` must not use up the attempt that the age of the keys is due.
#[derive(Default)]
struct Asked {
    for_age: Option<i64>,
    for_kid: Option<i64>,
}

/// The issuer's documents cannot be had. Why goes to the log.
#[derive(Debug)]
pub(crate) struct Unavailable;

impl Issuer {
    pub(crate) fn new(name: String, fetch: Fetch, clock: Clock, interval: i64) -> Self {
        Self {
            name,
            fetch,
            clock,
            interval,
            known: RwLock::new(None),
            asked: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn fetch(&self) -> &Fetch {
        &self.fetch
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// What is known, fetched first if nothing is.
    pub(crate) async fn known(self: &Arc<Self>) -> Result<Arc<Known>, Unavailable> {
        let now = self.now();
        match self.remembered() {
            Some(known) if now - known.fetched_at < STALE_AFTER => Ok(known),
            Some(known) if now - known.fetched_at < DEAD_AFTER => {
                let issuer = Arc::clone(self);
                tokio::spawn(async move { issuer.ask(now, |asked| &mut asked.for_age).await });
                Ok(known)
            }
            _ => {
                self.ask(now, |asked| &mut asked.for_age).await;
                self.remembered()
                    .filter(|known| now - known.fetched_at < DEAD_AFTER)
                    .ok_or(Unavailable)
            }
        }
    }

    /// What is known after a token named a key that `before` does not have.
    pub(crate) async fn newer_than(&self, before: &Arc<Known>) -> Option<Arc<Known>> {
        let current = self.remembered();
        if current
            .as_ref()
            .is_none_or(|known| Arc::ptr_eq(known, before))
        {
            self.ask(self.now(), |asked| &mut asked.for_kid).await;
        }
        self.remembered()
            .filter(|known| !Arc::ptr_eq(known, before))
    }

    /// What `verify` says with the issuer's keys; once more with newer ones when it names a key that is not among them.
    pub(crate) async fn verified<T>(
        self: &Arc<Self>,
        verify: impl Fn(&KeySet) -> Result<T, jose::Error>,
    ) -> Result<Result<T, jose::Error>, Unavailable> {
        let known = self.known().await?;
        Ok(match verify(&known.keys) {
            Err(jose::Error::UnknownKey) => match self.newer_than(&known).await {
                Some(newer) => verify(&newer.keys),
                None => Err(jose::Error::UnknownKey),
            },
            verdict => verdict,
        })
    }

    fn remembered(&self) -> Option<Arc<Known>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Fetches the documents, unless that was done for the same reason within the interval. Who comes while they are being fetched waits and asks no
    /// second time.
    async fn ask(&self, now: i64, reason: impl Fn(&mut Asked) -> &mut Option<i64>) {
        let mut asked = self.asked.lock().await;
        let last = reason(&mut asked);
        if last.is_some_and(|at| now - at < self.interval) {
            return;
        }
        *last = Some(now);
        match self.load(now).await {
            Ok(known) => {
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
            }
            Err(why) => tracing::warn!(issuer = self.name, why, "the issuer's keys cannot be had"),
        }
    }

    async fn load(&self, now: i64) -> Result<Known, String> {
        let metadata = self.metadata().await?;
        let jwks_uri = metadata.jwks_uri.ok_or("the metadata names no jwks_uri")?;
        let text = self.text(&jwks_uri).await?;
        let set = JwkSet::from_json(&text).map_err(|e| format!("{jwks_uri}: {e}"))?;
        Ok(Known {
            keys: KeySet::from_jwks(&set),
            mtls_introspection_endpoint: metadata.mtls_endpoint_aliases.and_then(|aliases| {
                Some(aliases.get("introspection_endpoint")?.as_str()?.to_owned())
            }),
            introspection_endpoint: metadata.introspection_endpoint,
            fetched_at: now,
        })
    }

    async fn metadata(&self) -> Result<ServerMetadata, String> {
        let mut why = String::new();
        for url in well_known_urls(&self.name).all() {
            match self.text(url).await {
                Ok(text) => {
                    let metadata: ServerMetadata =
                        serde_json::from_str(&text).map_err(|e| format!("{url}: {e}"))?;
                    // RFC 8414 §3.3: a document that names another issuer is not used.
                    if metadata.issuer != self.name {
                        return Err(format!("{url} names the issuer {}", metadata.issuer));
                    }
                    return Ok(metadata);
                }
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    async fn text(&self, url: &str) -> Result<String, String> {
        let response = self
            .fetch
            .get(url)
            .await
            .map_err(|e| format!("{url}: {e}"))?;
        if response.status != 200 {
            return Err(format!("{url}: status {}", response.status));
        }
        response
            .text()
            .map(str::to_owned)
            .map_err(|e| format!("{url}: {e}"))
    }
}
