use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};

/// Random bytes.
#[derive(Clone)]
pub enum Entropy {
    /// The cryptographic generator, seeded by the operating system.
    System,
    /// The same bytes for the same seed; clones share the position. For tests only.
    Seeded {
        /// Where the sequence starts.
        seed: u64,
        /// How many blocks have been taken.
        taken: Arc<AtomicU64>,
    },
}

impl Entropy {
    /// Randomness that repeats for the same `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded {
            seed,
            taken: Arc::new(AtomicU64::new(0)),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// `N` random bytes for what is no secret, such as identifiers: from a store of the thread, which costs a tenth.
    pub fn public_bytes<const N: usize>(&self) -> [u8; N] {
        match self {
            Self::System => STORE.with_borrow_mut(Store::take),
            Self::Seeded { .. } => self.bytes(),
        }
    }

    /// Fills `out` with random bytes.
    pub fn fill(&self, out: &mut [u8]) {
        match self {
            Self::System => from_system(out),
            Self::Seeded { seed, taken } => {
                for chunk in out.chunks_mut(32) {
                    let block = taken.fetch_add(1, Ordering::SeqCst);
                    let mut input = [0; 16];
                    input[..8].copy_from_slice(&seed.to_be_bytes());
                    input[8..].copy_from_slice(&block.to_be_bytes());
                    let hash = digest(&SHA256, &input);
                    chunk.copy_from_slice(&hash.as_ref()[..chunk.len()]);
                }
            }
        }
    }
}

/// Random bytes that no one has had yet.
struct Store {
    bytes: [u8; 512],
    used: usize,
}

thread_local! {
    static STORE: RefCell<Store> = const {
        RefCell::new(Store {
            bytes: [0; 512],
            used: 512,
        })
    };
}

impl Store {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        if self.used + N > self.bytes.len() {
            from_system(&mut self.bytes);
            self.used = 0;
        }
        match self.bytes.get_mut(self.used..self.used + N) {
            Some(next) => {
                out.copy_from_slice(next);
                next.fill(0);
                self.used += N;
            }
            // More than the store holds.
            None => from_system(&mut out),
        }
        out
    }
}

#[expect(
    clippy::expect_used,
    reason = "without randomness no secret can be made: stopping is the only safe answer"
)]
fn from_system(out: &mut [u8]) {
    aws_lc_rs::rand::fill(out).expect("the operating system gives randomness");
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Seeded { .. } => f.write_str("Seeded"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_and_another_does_not() {
        let (a, b, c) = (Entropy::seeded(1), Entropy::seeded(1), Entropy::seeded(2));
        let first = a.bytes::<40>();
        assert_eq!(first, b.bytes::<40>());
        assert_ne!(first, c.bytes::<40>());
        assert_ne!(first, a.bytes::<40>());
    }

    #[test]
    fn no_bytes_are_given_twice_however_many_are_taken_at_once() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            assert!(seen.insert(Entropy::System.public_bytes::<16>()));
        }
        let large = Entropy::System.public_bytes::<600>();
        assert_ne!(large, Entropy::System.public_bytes::<600>());
        assert!(large.iter().any(|byte| *byte != 0));
        let seeded = (Entropy::seeded(1), Entropy::seeded(1));
        assert_eq!(seeded.0.public_bytes::<10>(), seeded.1.bytes::<10>());
    }
}
