//! What is sought elsewhere because somebody names it: documents of clients, entities of federations, published keys. It is kept in bounded memory for a time, asked for once
//! however many wait, and within the bounds of the [`Errands`]. Names that were good when they were last asked for have room of their own, so that no flood
//! of made-up ones takes it.

mod errands;
pub(crate) mod rules;

use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

pub(crate) use self::errands::{Errands, Room, Standing, host};
use self::rules::{AtHand, Attempt, Want, must_seek};
use crate::refusal::{Reason, Refusal};

/// What kind of thing is sought.
pub(crate) trait Kind: Send + Sync + 'static {
    /// How it is called in logs.
    const NAME: &'static str;
    /// What is had.
    type Value: Clone + Send + Sync + 'static;
    /// Why it could not be had.
    type Failure: Clone + Debug + Send + Sync + 'static;

    /// Whether somebody is there, so that the name is a known one from now on.
    fn is_known(_: &Self::Value) -> bool {
        true
    }
    /// Whether what was there before counts no more.
    fn is_final(failure: &Self::Failure) -> bool;
    /// Somebody was too slow, and gave way to others.
    fn gave_way() -> Self::Failure;
}

/// What was had.
#[derive(Clone)]
pub(crate) struct Kept<T> {
    /// It.
    pub(crate) value: T,
    /// Since when (unix seconds).
    pub(crate) since: i64,
    /// Until when it is not asked for again (unix seconds).
    pub(crate) fresh_until: i64,
}

/// What is there after it was sought, and what went wrong.
pub(crate) type Outcome<K> = (
    Option<Kept<<K as Kind>::Value>>,
    Option<<K as Kind>::Failure>,
);

struct Entry<K: Kind> {
    latest: RwLock<Option<Kept<K::Value>>>,
    /// When it was tried last, and why that was in vain; whoever holds it is the one who seeks.
    tried: Arc<Mutex<Tried<K>>>,
}

/// When (unix seconds), and why in vain.
type Tried<K> = Option<(i64, Option<<K as Kind>::Failure>)>;

impl<K: Kind> Entry<K> {
    fn latest(&self) -> Option<Kept<K::Value>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner);
        latest.clone()
    }

    fn keep(&self, kept: Option<Kept<K::Value>>) {
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }

    fn is_known(&self) -> bool {
        self.latest().is_some_and(|kept| K::is_known(&kept.value))
    }
}

impl<K: Kind> Default for Entry<K> {
    fn default() -> Self {
        Self {
            latest: RwLock::new(None),
            tried: Arc::default(),
        }
    }
}

/// Entries by name. When all room is taken, those that were asked for once only give way first.
type Entries<K> = Cache<String, Arc<Entry<K>>>;

/// Who wants what of whom.
pub(crate) struct Wanted<'a> {
    /// What it is kept under.
    pub(crate) name: &'a str,
    /// The host that is asked.
    pub(crate) host: &'a str,
    /// Who stands for it even if it is not in memory.
    pub(crate) standing: Standing,
    pub(crate) want: Want,
    /// Unix seconds.
    pub(crate) now: i64,
    /// Counts it for whoever makes us ask.
    pub(crate) count: &'a (dyn Fn() -> Result<(), Refusal> + Sync),
}

/// Everything of one kind that all realms of a process seek.
pub(crate) struct Sought<K: Kind> {
    errands: Errands,
    entries: Arc<[Entries<K>; 2]>,
}

impl<K: Kind> Sought<K> {
    /// Room for so many that are known, and for as many that are not.
    pub(crate) fn new(most: usize, errands: &Errands) -> Self {
        Self {
            errands: errands.clone(),
            entries: Arc::new([Cache::new(most), Cache::new(most)]),
        }
    }

    /// What is in memory, fresh or not.
    pub(crate) fn kept(&self, name: &str) -> Option<Kept<K::Value>> {
        self.find(name)?.latest()
    }

    /// Keeps what somebody brought along.
    pub(crate) fn keep(&self, name: &str, kept: Kept<K::Value>) {
        let entry = self.find(name).unwrap_or_default();
        entry.keep(Some(kept));
        place(&self.entries, name, &entry);
    }

    fn find(&self, name: &str) -> Option<Arc<Entry<K>>> {
        let [known, strange] = &*self.entries;
        known.get(name).or_else(|| strange.get(name))
    }

    /// Seeks it, unless somebody else just did. `seek` gives it and until when it is fresh, and counts in the room each time before it asks a host.
    ///
    /// # Errors
    /// When too much is asked for.
    pub(crate) async fn renew<S>(
        &self,
        wanted: Wanted<'_>,
        seek: impl FnOnce(Arc<Room>) -> S,
    ) -> Result<Outcome<K>, Refusal>
    where
        S: Future<Output = Result<(K::Value, i64), K::Failure>> + Send + 'static,
    {
        let (name, now) = (wanted.name, wanted.now);
        let (entry, counted) = match self.find(name) {
            Some(entry) => (entry, false),
            None => {
                // Nothing is kept of what somebody may not ask for.
                self.count(&wanted, None)?;
                let made = || Ok::<_, Reason>(Arc::default());
                (self.entries[1].get_or_insert_with(name, made)?, true)
            }
        };
        let seen = entry.latest().map(|kept| kept.since);
        let mut tried = Arc::clone(&entry.tried).lock_owned().await;
        let latest = entry.latest();
        let since = latest.as_ref().map(|kept| kept.since);
        let attempt = tried.as_ref().map(|(at, failure)| Attempt {
            at: *at,
            failed: failure.is_some(),
        });
        let at_hand = latest.as_ref().map(|kept| AtHand {
            since: kept.since,
            fresh_until: kept.fresh_until,
        });
        let serves = match wanted.want {
            Want::Newer => since != seen,
            Want::Current => at_hand.is_some_and(|it| now < it.fresh_until),
        };
        if serves {
            return Ok((latest, None));
        }
        if !must_seek(at_hand, attempt, wanted.want, now) {
            let failure = tried.as_ref().and_then(|(_, failure)| failure.clone());
            return Ok((latest, failure));
        }
        let room = match counted {
            true => self.room(&wanted, Some(&entry)),
            false => self.count(&wanted, Some(&entry))?,
        };
        let errand = room.begin(wanted.host)?;
        let (seek, entries, sought) = (seek(room), Arc::clone(&self.entries), name.to_owned());
        let seeking = async move {
            let failure = match errand.run(seek).await.unwrap_or_else(|| Err(K::gave_way())) {
                Ok((value, fresh_until)) => {
                    let kept = Kept {
                        value,
                        since: now,
                        fresh_until,
                    };
                    entry.keep(Some(kept));
                    None
                }
                Err(failure) => {
                    tracing::info!(
                        kind = K::NAME,
                        sought,
                        ?failure,
                        "what was sought elsewhere cannot be used"
                    );
                    if K::is_final(&failure) {
                        entry.keep(None);
                    }
                    Some(failure)
                }
            };
            place(&entries, &sought, &entry);
            *tried = Some((now, failure.clone()));
            (entry.latest(), failure)
        };
        // On its own, so that nobody stops it for others by hanging up.
        let done = tokio::spawn(seeking).await;
        done.map_err(|error| Refusal::Failed(error.to_string()))
    }

    fn room(&self, wanted: &Wanted<'_>, entry: Option<&Entry<K>>) -> Arc<Room> {
        let standing = match entry {
            Some(entry) if entry.is_known() => Standing::Known,
            _ => wanted.standing,
        };
        Arc::clone(self.errands.room(standing))
    }

    /// Counts for whoever makes us ask, and looks whether the host may be asked.
    fn count(&self, wanted: &Wanted<'_>, entry: Option<&Entry<K>>) -> Result<Arc<Room>, Refusal> {
        (wanted.count)()?;
        let room = self.room(wanted, entry);
        room.check(wanted.host)?;
        Ok(room)
    }
}

/// Puts an entry where it belongs from now on.
fn place<K: Kind>(entries: &[Entries<K>; 2], name: &str, entry: &Arc<Entry<K>>) {
    let [known, strange] = entries;
    let (to, from) = match entry.is_known() {
        true => (known, strange),
        false => (strange, known),
    };
    to.insert(name.to_owned(), Arc::clone(entry));
    from.remove(name);
}

#[cfg(test)]
mod tests;
