//! When a key signs, when the next one is made, and when the last is forgotten.

use crate::settings::LONGEST_TOKEN;

/// After its successor has taken over, a key is published for the longest token lifetime and, as clocks differ, five minutes.
pub(crate) const KEPT: i64 = LONGEST_TOKEN + 300;

/// What is known of one key of an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// 1, 2, …
    pub(crate) generation: i64,
    /// From when it signs.
    pub(crate) active_at: i64,
    /// Until when it is published, once that is known.
    pub(crate) expires_at: Option<i64>,
}

/// A realm's lifetimes of keys, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// How long a key signs.
    pub(crate) rotation: i64,
    /// How long it is published before.
    pub(crate) lead: i64,
}

/// How quickly a key is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new key is published for the realm's `key_lead` before it signs, so that every verifier knows it.
    Announced,
    /// The new key signs at once; verifiers that do not look for unknown keys refuse its tokens for a while.
    Now,
    /// The new key signs at once, and the old ones are void at once, with every token they signed: they are in wrong hands.
    Compromised,
}

/// A key to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) generation: i64,
    pub(crate) active_at: i64,
    /// When its predecessors expire.
    pub(crate) predecessors_expire_at: i64,
}

/// Which of the keys signs at `now`: the youngest that may.
pub(crate) fn signer(keys: &[Times], now: i64) -> Option<usize> {
    keys.iter()
        .enumerate()
        .filter(|(_, key)| key.active_at <= now && key.expires_at.is_none_or(|at| now < at))
        .max_by_key(|(_, key)| key.generation)
        .map(|(index, _)| index)
}

/// The key of an algorithm that has none that could sign: it signs at once. `youngest` is the last generation there was, or 0.
pub(crate) fn first(youngest: i64, now: i64) -> Next {
    Next {
        generation: youngest + 1,
        active_at: now,
        predecessors_expire_at: now + KEPT,
    }
}

/// The next key, if it is time to make it: early enough to be published for the lead before the youngest has signed for its time.
pub(crate) fn next(keys: &[Times], now: i64, schedule: Schedule) -> Option<Next> {
    let youngest = keys.iter().max_by_key(|key| key.generation)?;
    let takes_over = youngest.active_at.saturating_add(schedule.rotation);
    if youngest.active_at > now || now < takes_over.saturating_sub(schedule.lead) {
        return None;
    }
    let active_at = takes_over.max(now + schedule.lead);
    Some(Next {
        generation: youngest.generation + 1,
        active_at,
        predecessors_expire_at: active_at + KEPT,
    })
}

/// When [`next`] may say something else than it does now: when the youngest key signs, and its successor is to be published. `None` while there is no key.
pub(crate) fn look_at(keys: &[Times], schedule: Schedule) -> Option<(i64, i64)> {
    let youngest = keys.iter().max_by_key(|key| key.generation)?;
    let takes_over = youngest.active_at.saturating_add(schedule.rotation);
    let due = takes_over.saturating_sub(schedule.lead);
    Some((youngest.generation, due.max(youngest.active_at)))
}

/// The next key when somebody asks for it.
pub(crate) fn on_request(youngest: i64, now: i64, lead: i64, rotation: Rotation) -> Next {
    let active_at = match rotation {
        Rotation::Announced => now + lead,
        Rotation::Now | Rotation::Compromised => now,
    };
    Next {
        generation: youngest + 1,
        active_at,
        predecessors_expire_at: match rotation {
            Rotation::Announced | Rotation::Now => active_at + KEPT,
            Rotation::Compromised => now,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const SCHEDULE: Schedule = Schedule {
        rotation: 1000,
        lead: 100,
    };

    fn key(generation: i64, active_at: i64) -> Times {
        Times {
            generation,
            active_at,
            expires_at: None,
        }
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let made = first(0, 50);
        assert_eq!((made.generation, made.active_at), (1, 50));
        assert_eq!(signer(&[key(1, 50)], 50), Some(0));
        assert_eq!(signer(&[], 50), None);
    }

    #[test]
    fn the_next_key_is_made_one_lead_before_it_signs() {
        let keys = [key(1, 0)];
        assert_eq!(next(&keys, 899, SCHEDULE), None);
        let made = next(&keys, 900, SCHEDULE).unwrap();
        assert_eq!(
            made,
            Next {
                generation: 2,
                active_at: 1000,
                predecessors_expire_at: 1000 + KEPT
            }
        );
        let keys = [key(1, 0), key(2, 1000)];
        assert_eq!(next(&keys, 950, SCHEDULE), None);
        assert_eq!(signer(&keys, 999), Some(0));
        assert_eq!(signer(&keys, 1000), Some(1));
    }

    #[test]
    fn a_node_that_was_down_still_publishes_the_next_key_before_it_signs() {
        let made = next(&[key(1, 0)], 5000, SCHEDULE).unwrap();
        assert_eq!(made.active_at, 5100);
        assert_eq!(signer(&[key(1, 0), key(2, 5100)], 5050), Some(0));
    }

    #[test]
    fn a_compromised_key_neither_signs_nor_is_published() {
        let made = on_request(1, 500, 100, Rotation::Compromised);
        let old = Times {
            expires_at: Some(made.predecessors_expire_at),
            ..key(1, 0)
        };
        assert_eq!(signer(&[old, key(2, made.active_at)], 500), Some(1));
        assert_eq!(signer(&[old], 500), None);
        assert_eq!(on_request(1, 500, 100, Rotation::Announced).active_at, 600);
    }

    proptest! {
        /// A node looks at the schedule at these moments, in this order, and makes what is due.
        #[test]
        fn whenever_nodes_look_there_is_a_signer_known_for_a_lead_and_kept_for_its_tokens(
            steps in proptest::collection::vec(1_i64..400, 1..200),
            rotation in 100_i64..2000,
            lead_part in 1_i64..100,
        ) {
            let schedule = Schedule { rotation, lead: (rotation * lead_part / 100).max(1) };
            let mut now = 1_000_000;
            let mut keys = vec![key(1, now)];
            let mut made_at = vec![now];
            let mut last_signed = vec![now];
            for step in steps {
                now += step;
                if let Some(made) = next(&keys, now, schedule) {
                    prop_assert_eq!(made.generation, keys.len() as i64 + 1);
                    prop_assert!(made.active_at >= now + schedule.lead);
                    for old in &mut keys {
                        old.expires_at.get_or_insert(made.predecessors_expire_at);
                    }
                    keys.push(key(made.generation, made.active_at));
                    made_at.push(now);
                    last_signed.push(0);
                }
                // At most one key is waiting.
                prop_assert!(keys.iter().filter(|key| key.active_at > now).count() <= 1);
                let at = signer(&keys, now);
                prop_assert!(at.is_some());
                let at = at.unwrap();
                last_signed[at] = now;
                prop_assert!(at == 0 || now - made_at[at] >= schedule.lead);
            }
            // Whatever a key signed last outlives no publication.
            for (key, signed) in keys.iter().zip(last_signed) {
                if let Some(expires_at) = key.expires_at {
                    prop_assert!(signed + LONGEST_TOKEN < expires_at);
                }
            }
        }
    }
}
