//! The marks in memory, small: nearly all name one of our own identifiers, which is a number of 128 bits.

use std::collections::HashMap;
use std::hash::Hash;

use super::mark::Mark;

/// When something was revoked, and until when that has to be known (unix seconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revoked {
    pub(super) at: i64,
    pub(super) until: i64,
}

/// A UUID's bits, in halves so that an entry takes no padding.
type Bits = [u64; 2];

#[derive(Debug, Default)]
pub(super) struct Memory {
    grants: HashMap<Bits, Revoked>,
    sessions: HashMap<Bits, Revoked>,
    tokens: HashMap<Bits, Revoked>,
    /// By the row's id: people, clients, consents, and identifiers that are not ours.
    others: HashMap<Box<str>, Revoked>,
}

impl Memory {
    /// The revocation under this mark. `text` is scratch space, so that a look costs no allocation of its own.
    pub(super) fn get(&self, mark: &Mark<'_>, text: &mut String) -> Option<Revoked> {
        let of_ours = match mark {
            Mark::Grant(id) => bits(id).map(|bits| self.grants.get(&bits)),
            Mark::Session(id) => bits(id).map(|bits| self.sessions.get(&bits)),
            Mark::Token(id) => bits(id).map(|bits| self.tokens.get(&bits)),
            Mark::Person(_) | Mark::Client(_) | Mark::Consent { .. } => None,
        };
        if let Some(found) = of_ours {
            return found.copied();
        }
        if self.others.is_empty() {
            return None;
        }
        text.clear();
        mark.write(text);
        self.others.get(text.as_str()).copied()
    }

    /// The revocation under this row's id.
    pub(super) fn at(&self, id: &str) -> Option<Revoked> {
        match Place::of(id) {
            Place::Grant(bits) => self.grants.get(&bits),
            Place::Session(bits) => self.sessions.get(&bits),
            Place::Token(bits) => self.tokens.get(&bits),
            Place::Other => self.others.get(id),
        }
        .copied()
    }

    /// Remembers a row, unless a later revocation is known.
    pub(super) fn add(&mut self, id: &str, revoked: Revoked) {
        if self.at(id).is_some_and(|known| known.at >= revoked.at) {
            return;
        }
        match Place::of(id) {
            Place::Grant(bits) => self.grants.insert(bits, revoked),
            Place::Session(bits) => self.sessions.insert(bits, revoked),
            Place::Token(bits) => self.tokens.insert(bits, revoked),
            Place::Other => self.others.insert(id.into(), revoked),
        };
    }

    /// Forgets what no token can need at `now`.
    pub(super) fn drop_expired(&mut self, now: i64) {
        for ours in [&mut self.grants, &mut self.sessions, &mut self.tokens] {
            keep(ours, now);
        }
        keep(&mut self.others, now);
    }

    pub(super) fn len(&self) -> usize {
        self.grants.len() + self.sessions.len() + self.tokens.len() + self.others.len()
    }
}

/// Where a row's id is kept.
enum Place {
    Grant(Bits),
    Session(Bits),
    Token(Bits),
    Other,
}

impl Place {
    fn of(id: &str) -> Self {
        let ours = |kind: &str| id.strip_prefix(kind).and_then(bits);
        if let Some(bits) = ours("token:") {
            Self::Token(bits)
        } else if let Some(bits) = ours("grant:") {
            Self::Grant(bits)
        } else if let Some(bits) = ours("session:") {
            Self::Session(bits)
        } else {
            Self::Other
        }
    }
}

fn keep<K: Eq + Hash>(map: &mut HashMap<K, Revoked>, now: i64) {
    map.retain(|_, revoked| revoked.until > now);
    if map.capacity() > 4 * map.len() + 64 {
        map.shrink_to_fit();
    }
}

/// The bits of an identifier as [`ambient::Ambient::id`] writes it, hyphens and lower case; `None` for every other text, so that no two texts are one.
fn bits(id: &str) -> Option<Bits> {
    let id: &[u8; 36] = id.as_bytes().try_into().ok()?;
    let mut out = 0_u128;
    for (place, byte) in id.iter().enumerate() {
        let digit = match byte {
            b'-' if matches!(place, 8 | 13 | 18 | 23) => continue,
            _ if matches!(place, 8 | 13 | 18 | 23) => return None,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        out = out << 4 | u128::from(digit);
    }
    Some([(out >> 64) as u64, out as u64])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "0197f3a2-0b1c-7def-8123-456789abcdef";

    #[test]
    fn only_the_one_spelling_of_an_identifier_is_a_number() {
        assert_eq!(
            bits(ID),
            Some([0x0197_f3a2_0b1c_7def, 0x8123_4567_89ab_cdef])
        );
        for other in [
            "",
            "0197F3A2-0b1c-7def-8123-456789abcdef",
            "0197f3a2-0b1c-7def-8123-456789abcde",
            "0197f3a2-0b1c-7def-8123-456789abcdef0",
            "0197f3a20-b1c-7def-8123-456789abcdef",
            "0197f3a2-0b1c-7def-8123-456789abcde-",
            "0197f3a2-0b1c-7def-8123-456789abcdeg",
            "0197f3a2-0b1c-7def-8123-456789abcdé",
        ] {
            assert_eq!(bits(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_revoked_is_found_under_its_mark_alone() {
        let upper = ID.to_uppercase();
        let marks = |id| {
            [
                Mark::Grant(id),
                Mark::Session(id),
                Mark::Token(id),
                Mark::Person(id),
                Mark::Client(id),
                Mark::Consent {
                    person: id,
                    client: "app",
                },
            ]
        };
        let all: Vec<Mark<'_>> = [ID, "short", &upper].into_iter().flat_map(marks).collect();
        for revoked in &all {
            let mut memory = Memory::default();
            memory.add(&revoked.id(), Revoked { at: 5, until: 9 });
            for mark in &all {
                let found = memory.get(mark, &mut String::new()).is_some();
                assert_eq!(found, mark == revoked, "{revoked:?} {mark:?}");
            }
            assert_eq!(memory.len(), 1);
            memory.drop_expired(8);
            assert!(memory.at(&revoked.id()).is_some());
            memory.drop_expired(9);
            assert_eq!(memory.len(), 0);
        }
    }

    proptest! {
        #[test]
        fn an_identifier_is_its_number(number in any::<u128>()) {
            let hex = format!("{number:032x}");
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            prop_assert_eq!(bits(&parts.join("-")), Some([(number >> 64) as u64, number as u64]));
        }

        #[test]
        fn the_later_revocation_counts(a in 0_i64..9, b in 0_i64..9, own: bool) {
            let id = if own { format!("grant:{ID}") } else { "client:app".to_owned() };
            let mut memory = Memory::default();
            memory.add(&id, Revoked { at: a, until: a + 10 });
            memory.add(&id, Revoked { at: b, until: b + 10 });
            prop_assert_eq!(memory.at(&id).unwrap().at, a.max(b));
        }
    }
}
