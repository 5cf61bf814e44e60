//! Which proofs this process has met (RFC 9449 §11.1), in bounded memory.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::{FUTURE, PAST, SLOT};

/// How long a proof is remembered at least, in seconds: as long as one can be fresh, by its time or by its nonce.
pub const HORIZON: i64 = {
    let by_time = PAST + FUTURE;
    let by_nonce = 2 * SLOT;
    (if by_time > by_nonce {
        by_time
    } else {
        by_nonce
    }) + 30
};
/// So that cores that verify proofs do not wait for each other.
const SHARDS: usize = 16;

/// The proofs of the last while.
#[derive(Debug)]
pub struct Seen {
    shards: [Mutex<Generations>; SHARDS],
    /// How many a generation of one shard may hold.
    most: usize,
}

/// The memory is full: a proof that cannot be remembered must not be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more proofs at once than can be remembered")]
pub struct Full;

/// Those of the present horizon and those of the one before.
#[derive(Debug, Default)]
struct Generations {
    began_at: i64,
    present: HashSet<[u8; 16]>,
    before: HashSet<[u8; 16]>,
}

impl Seen {
    /// Room for about this many proofs within [`HORIZON`]; each takes some 40 bytes once it is there, nothing before.
    pub fn new(proofs: usize) -> Self {
        Self {
            shards: Default::default(),
            most: proofs.div_ceil(SHARDS).max(1),
        }
    }

    /// Remembers a proof by its [`id`](super::Proof::id); `false` when it was here before.
    ///
    /// # Errors
    /// [`Full`].
    pub fn remember(&self, id: &[u8; 32], now: i64) -> Result<bool, Full> {
        let mut key = [0; 16];
        key.copy_from_slice(id.split_at(16).0);
        let shard = usize::from(id[16]) % SHARDS;
        let mut generations = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        generations.turn(now);
        if generations.before.contains(&key) || generations.present.contains(&key) {
            return Ok(false);
        }
        if generations.present.len() >= self.most {
            return Err(Full);
        }
        Ok(generations.present.insert(key))
    }
}

impl Generations {
    fn turn(&mut self, now: i64) {
        let age = now.saturating_sub(self.began_at);
        if age < HORIZON {
            return;
        }
        let past = std::mem::take(&mut self.present);
        self.before = if age < 2 * HORIZON {
            past
        } else {
            HashSet::new()
        };
        self.began_at = now;
    }
}
