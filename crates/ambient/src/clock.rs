use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system's clock.
    System,
    /// A clock that moves only when it is told to; clones share it. Holds unix seconds.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`, in unix seconds.
    pub fn manual(at: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at)))
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub fn now(&self) -> i64 {
        match self {
            Self::System => i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX),
            Self::Manual(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since 1970-01-01 UTC; a manual clock has whole seconds only.
    pub fn now_millis(&self) -> u64 {
        match self {
            Self::System => u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX),
            Self::Manual(at) => u64::try_from(at.load(Ordering::SeqCst))
                .unwrap_or(0)
                .saturating_mul(1000),
        }
    }

    /// Moves a manual clock by `seconds`; the system's clock is left alone.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(at) = self {
            at.fetch_add(seconds, Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn since_epoch() -> std::time::Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
