//! Bounded memory of what the database says. Absence is never remembered, so what was just made is there at once.
//!
//! A value may be read, then change, then be put here: whoever reads takes the epoch first, and a value from before a change does not stay.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Values by key.
pub(crate) struct Cache<V> {
    entries: quick_cache::sync::Cache<String, Arc<V>>,
    epoch: AtomicU64,
}

impl<V> Cache<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: quick_cache::sync::Cache::new(capacity),
            epoch: AtomicU64::new(0),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<V>> {
        self.entries.get(key)
    }

    /// To be taken before the database is read.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Keeps a value that was read after `epoch` was taken. Either this sees the change that came between, or the change removes what is put here.
    pub(crate) fn keep(&self, key: &str, value: &Arc<V>, epoch: u64) {
        self.entries.insert(key.to_owned(), Arc::clone(value));
        if self.epoch() != epoch {
            self.entries.remove(key);
        }
    }

    pub(crate) fn forget(&self, key: &str) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.entries.remove(key);
    }

    pub(crate) fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.entries.clear();
    }
}

/// One value.
pub(crate) struct Slot<V>(RwLock<(u64, Option<Arc<V>>)>);

impl<V> Slot<V> {
    pub(crate) fn empty() -> Self {
        Self(RwLock::new((0, None)))
    }

    pub(crate) fn get(&self) -> Option<Arc<V>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }

    /// To be taken before the database is read.
    pub(crate) fn epoch(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Keeps a value that was read after `epoch` was taken, unless it changed since.
    pub(crate) fn keep(&self, value: &Arc<V>, epoch: u64) {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if slot.0 == epoch {
            slot.1 = Some(Arc::clone(value));
        }
    }

    pub(crate) fn forget(&self) {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *slot = (slot.0 + 1, None);
    }

    /// As [`forget`](Self::forget), but the old value still serves until another is kept.
    pub(crate) fn outdate(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).0 += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_value_read_before_a_change_does_not_stay() {
        let cache = Cache::new(10);
        let epoch = cache.epoch();
        cache.forget("a");
        cache.keep("a", &Arc::new(1), epoch);
        assert!(cache.get("a").is_none());
        cache.keep("a", &Arc::new(2), cache.epoch());
        assert_eq!(cache.get("a").as_deref(), Some(&2));

        let slot = Slot::empty();
        let epoch = slot.epoch();
        slot.forget();
        slot.keep(&Arc::new(1), epoch);
        assert!(slot.get().is_none());
        slot.keep(&Arc::new(2), slot.epoch());
        let epoch = slot.epoch();
        slot.outdate();
        slot.keep(&Arc::new(3), epoch);
        assert_eq!(slot.get().as_deref(), Some(&2));
    }

    #[test]
    fn memory_is_bounded() {
        let cache = Cache::new(100);
        for i in 0..10_000 {
            cache.keep(&i.to_string(), &Arc::new(i), cache.epoch());
        }
        let kept = (0..10_000)
            .filter(|i| cache.get(&i.to_string()).is_some())
            .count();
        assert!(kept <= 200, "{kept}");
    }
}
