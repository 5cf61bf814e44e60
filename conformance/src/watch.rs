//! How long something takes, and when patience is at its end.

use std::time::{Duration, Instant};

/// A stopwatch that also knows when something last happened.
pub(crate) struct Watch {
    start: Instant,
    changed: Instant,
    seen: usize,
    patience: Duration,
}

impl Watch {
    /// Starts it.
    pub(crate) fn start(patience: Duration) -> Self {
        let now = Instant::now();
        Self {
            start: now,
            changed: now,
            seen: 0,
            patience,
        }
    }

    /// The time since its start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Tells how much there is to see by now, and answers whether nothing has changed for too long.
    pub(crate) fn tired(&mut self, seen: usize) -> bool {
        if seen != self.seen {
            self.seen = seen;
            self.changed = Instant::now();
        }
        self.changed.elapsed() > self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_only_while_nothing_changes() {
        let mut watch = Watch::start(Duration::from_millis(20));
        assert!(!watch.tired(1));
        std::thread::sleep(Duration::from_millis(30));
        assert!(!watch.tired(2), "something happened");
        std::thread::sleep(Duration::from_millis(30));
        assert!(watch.tired(2));
    }
}
