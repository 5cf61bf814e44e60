//! What is sought elsewhere because somebody names it: kept in bounded memory for a time, asked for once however many wait, and so that nobody can make this
//! server flood another.

use std::sync::{Arc, PoisonError, RwLock};

use ambient::Clock;
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, Semaphore};
use web::limit::Limiter;

use crate::call::Call;
use crate::refusal::{Reason, Refusal};

/// How long what was sought in vain is left alone, in seconds.
pub(crate) const REST: i64 = 10;
/// How many are sought at once.
const AT_ONCE: usize = 64;
/// How often one host is asked in a minute, for whatever: many addresses together do not make this server flood another, and a few of them do not keep what else
/// is there away from the others.
const PER_HOST: u32 = 600;

/// Why something could not be had.
pub(crate) trait Failed: Clone + std::fmt::Debug + Send + 'static {
    /// Whether what was there before counts no more.
    fn is_final(&self) -> bool;
}

/// What was had.
#[derive(Clone)]
pub(crate) struct Kept<T> {
    /// It.
    pub(crate) value: T,
    /// Until when it is not asked for again (unix seconds).
    pub(crate) fresh_until: i64,
}

struct Entry<T, F> {
    latest: RwLock<Option<Kept<T>>>,
    /// When it was tried in vain last, and why; whoever holds it is the one who seeks.
    failed: Arc<Mutex<Option<(i64, F)>>>,
}

impl<T: Clone, F> Entry<T, F> {
    fn latest(&self) -> Option<Kept<T>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }

    fn keep(&self, kept: Option<Kept<T>>) {
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

/// Everything of one kind that all realms of a process seek.
pub(crate) struct Sought<T, F> {
    hosts: Limiter,
    at_once: Arc<Semaphore>,
    entries: Cache<String, Arc<Entry<T, F>>>,
}

impl<T: Clone + Send + Sync + 'static, F: Failed> Sought<T, F> {
    /// Room for so many.
    pub(crate) fn new(most: usize, clock: &Clock) -> Self {
        Self {
            hosts: Limiter::per(clock.clone(), PER_HOST, 60),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            entries: Cache::new(most),
        }
    }

    /// What is in memory, fresh or not.
    pub(crate) fn kept(&self, name: &str) -> Option<Kept<T>> {
        self.entries.get(name)?.latest()
    }

    /// Keeps what somebody brought along.
    pub(crate) fn keep(&self, name: &str, kept: Kept<T>) {
        if let Ok(entry) = self.entry(name) {
            entry.keep(Some(kept));
        }
    }

    fn entry(&self, name: &str) -> Result<Arc<Entry<T, F>>, Reason> {
        let empty = || Entry {
            latest: RwLock::new(None),
            failed: Arc::default(),
        };
        self.entries
            .get_or_insert_with(name, || Ok::<_, Reason>(Arc::new(empty())))
    }

    /// Seeks it at `host`, unless somebody else just did. Gives what is there afterwards, and what went wrong. `seek` gives it and until when it is fresh.
    ///
    /// # Errors
    /// When too much is asked for.
    pub(crate) async fn renew(
        &self,
        call: &Call,
        (name, host): (&str, &str),
        seek: impl Future<Output = Result<(T, i64), F>> + Send + 'static,
    ) -> Result<(Option<Kept<T>>, Option<F>), Refusal> {
        let now = call.now();
        let entry = self.entry(name)?;
        let mut failed = Arc::clone(&entry.failed).lock_owned().await;
        let latest = entry.latest();
        if latest.as_ref().is_some_and(|kept| now < kept.fresh_until) {
            return Ok((latest, None));
        }
        if let Some((at, failure)) = &*failed
            && (*at..at.saturating_add(REST)).contains(&now)
        {
            return Ok((latest, Some(failure.clone())));
        }
        call.server.requests.fetch(call)?;
        let taken = self.hosts.take(host);
        taken.map_err(|wait| Refusal::TooMany(wait.0))?;
        let permit = Arc::clone(&self.at_once).try_acquire_owned();
        let permit = permit.map_err(|_| Refusal::Busy)?;
        let (realm, sought) = (Arc::clone(&call.realm), name.to_owned());
        let seeking = async move {
            let failure = match seek.await {
                Ok((value, fresh_until)) => {
                    entry.keep(Some(Kept { value, fresh_until }));
                    None
                }
                Err(failure) => {
                    tracing::info!(
                        realm = realm.name(),
                        sought,
                        ?failure,
                        "what a client says of itself cannot be used"
                    );
                    if failure.is_final() {
                        entry.keep(None);
                    }
                    Some(failure)
                }
            };
            *failed = failure.clone().map(|failure| (now, failure));
            drop(permit);
            (entry.latest(), failure)
        };
        // On its own, so that nobody stops it for others by hanging up.
        let done = tokio::spawn(seeking).await;
        done.map_err(|error| Refusal::Failed(error.to_string()))
    }
}
