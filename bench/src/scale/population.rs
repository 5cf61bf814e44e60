//! How many there are of everything, and how they are spread: few clients have most of the grants, and half of all people are in one realm.

use super::random::Random;
use crate::Failure;

/// How many there are in a database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) people: u64,
    pub(super) clients: u64,
    pub(super) grants: u64,
    pub(super) realms: u64,
}

impl Sizes {
    pub(super) fn of(numbers: &[u64]) -> Result<Self, Failure> {
        match *numbers {
            [people, clients, grants, realms] if people > 0 && clients > 0 && realms > 0 => {
                Ok(Self {
                    people,
                    clients,
                    grants,
                    realms,
                })
            }
            _ => Err("four numbers are wanted: people, clients, grants, realms".into()),
        }
    }

    /// What the realm with this index has. The first has half of everything; the others follow Zipf's law.
    pub(super) fn of_realm(self, index: u64) -> Self {
        if self.realms == 1 {
            return self;
        }
        let harmonic: f64 = (1..self.realms).map(|rank| 1.0 / rank as f64).sum();
        let share = match index {
            0 => 0.5,
            rank => 0.5 / rank as f64 / harmonic,
        };
        let part = |all: u64| ((all as f64 * share).round() as u64).max(1);
        Self {
            people: part(self.people),
            clients: part(self.clients),
            grants: part(self.grants),
            realms: 1,
        }
    }
}

/// One of `count` people: some use many applications.
pub(super) fn person(random: &mut Random, count: u64) -> u64 {
    below((count as f64 * random.share().powf(1.5)) as u64, count)
}

/// One of `count` clients, by Zipf's law.
pub(super) fn client(random: &mut Random, count: u64) -> u64 {
    let rank = ((count as f64 + 1.0).ln() * random.share()).exp();
    below(rank as u64 - 1, count)
}

fn below(index: u64, count: u64) -> u64 {
    index.min(count - 1)
}
