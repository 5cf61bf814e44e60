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
}
