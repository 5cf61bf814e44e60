//! Where documents are kept, and how much may be asked for: identifiers that nobody has heard of take nothing from those that were good before.

use std::sync::{Arc, PoisonError, RwLock};

use ambient::Clock;
use quick_cache::sync::Cache;
use realm::Client;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use web::limit::Limiter;

use super::Failure;
use crate::refusal::{Reason, Refusal};

/// How many documents are kept in each.
const DOCUMENTS: usize = 1000;
/// How many are fetched at once for each.
const AT_ONCE: usize = 64;
/// How often one host is asked in a minute for each, for whatever documents: many addresses together do not make this server flood another.
const PER_HOST: u32 = 600;

/// What there is of an identifier.
#[derive(Default)]
pub(super) struct Entry {
    latest: RwLock<Option<Kept>>,
    /// When it was tried in vain last, and why; whoever holds it is the one who fetches.
    pub(super) failed: Arc<Mutex<Option<(i64, Failure)>>>,
}

/// What a document said.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) described: Arc<Vec<Arc<Client>>>,
    /// Unix seconds.
    pub(super) fresh_until: i64,
}

impl Entry {
    /// What it said last, if that was good.
    pub(super) fn latest(&self) -> Option<Kept> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }
}

struct Room {
    hosts: Limiter,
    at_once: Arc<Semaphore>,
    entries: Cache<String, Arc<Entry>>,
}

impl Room {
    fn new(clock: &Clock) -> Arc<Self> {
        Arc::new(Self {
            hosts: Limiter::per(clock.clone(), PER_HOST, 60),
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
            entries: Cache::new(DOCUMENTS),
        })
    }
}

/// One for identifiers whose document was good when it was last asked for, one for the others.
#[derive(Clone)]
pub(super) struct Rooms {
    known: Arc<Room>,
    strange: Arc<Room>,
}

impl Rooms {
    pub(super) fn new(clock: &Clock) -> Self {
        Self {
            known: Room::new(clock),
            strange: Room::new(clock),
        }
    }

    fn of(&self, entry: Option<&Entry>) -> &Room {
        match entry.and_then(Entry::latest) {
            Some(_) => &self.known,
            None => &self.strange,
        }
    }

    /// What is known of an identifier, if anything is.
    pub(super) fn find(&self, name: &str) -> Option<Arc<Entry>> {
        let known = self.known.entries.get(name);
        known.or_else(|| self.strange.entries.get(name))
    }

    /// A new entry, or that of somebody who was faster. To be asked for when its fetch has been counted.
    pub(super) fn begin(&self, name: &str) -> Result<Arc<Entry>, Refusal> {
        let made = || Ok::<_, Reason>(Arc::default());
        Ok(self.strange.entries.get_or_insert_with(name, made)?)
    }

    /// Counts that the host of an identifier is asked; without an entry, of one that nobody has heard of.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn count(&self, host: &str, entry: Option<&Entry>) -> Result<(), Refusal> {
        let taken = self.of(entry).hosts.take(host);
        taken.map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// The permission to fetch.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many are fetched.
    pub(super) fn permit(&self, entry: &Entry) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.of(Some(entry)).at_once).try_acquire_owned();
        permit.map_err(|_| Refusal::Busy)
    }

    /// Keeps what was found, where it belongs from now on.
    pub(super) fn keep(&self, name: &str, entry: &Arc<Entry>, kept: Option<Kept>) {
        let (to, from) = match kept {
            Some(_) => (&self.known, &self.strange),
            None => (&self.strange, &self.known),
        };
        *entry.latest.write().unwrap_or_else(PoisonError::into_inner) = kept;
        to.entries.insert(name.to_owned(), Arc::clone(entry));
        from.entries.remove(name);
    }
}
