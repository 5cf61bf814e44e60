//! Connections that many readers share. To read a row by its key takes the server some microseconds; with a connection for each reader, both ends are woken
//! and enter the kernel for each of them, while what shares a connection travels together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use deadpool_postgres::{Object, Pool, PoolError};

/// As many as there are processors to answer on, up to this number.
const MOST: usize = 4;

/// The shared connections; each is taken from the pool when it is first needed, and another after it was lost.
pub(super) struct Readers {
    slots: Vec<Slot>,
    turn: AtomicUsize,
}

#[derive(Default)]
struct Slot {
    open: RwLock<Option<Arc<Object>>>,
    /// Held while a connection is made, so that those who wait for it do not make more.
    making: tokio::sync::Mutex<()>,
}

impl Readers {
    /// How many there are to be when there may be `connections` in all: at most a quarter of them.
    pub(super) fn count(connections: usize) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (connections / 4).min(cores).min(MOST)
    }

    pub(super) fn new(count: usize) -> Self {
        Self {
            slots: (0..count).map(|_| Slot::default()).collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The connection whose turn it is; `None` when there are none to share.
    pub(super) async fn next(&self, pool: &Pool) -> Option<Result<Arc<Object>, PoolError>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let slot = self.slots.get(turn.checked_rem(self.slots.len())?)?;
        match slot.get() {
            Some(open) => Some(Ok(open)),
            None => Some(slot.make(pool).await),
        }
    }

    /// Gives a connection to nobody any more, nor back to the pool; also one that was not shared.
    pub(super) fn forget(&self, lost: Arc<Object>) {
        for slot in &self.slots {
            let mut open = slot.open.write().unwrap_or_else(PoisonError::into_inner);
            if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, &lost)) {
                *open = None;
            }
        }
        // The last of those who shared it.
        if let Some(last) = Arc::into_inner(lost) {
            drop(Object::take(last));
        }
    }

    /// Lets go of all of them.
    pub(super) fn close(&self) {
        for slot in &self.slots {
            *slot.open.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

impl Slot {
    fn get(&self) -> Option<Arc<Object>> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.clone().filter(|open| !open.is_closed())
    }

    async fn make(&self, pool: &Pool) -> Result<Arc<Object>, PoolError> {
        let _making = self.making.lock().await;
        if let Some(open) = self.get() {
            return Ok(open);
        }
        let made = Arc::new(pool.get().await?);
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
        Ok(made)
    }
}
