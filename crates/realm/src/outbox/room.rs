use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many messages of one kind a node delivers at a time, side by side.
pub(super) const AT_ONCE: usize = 32;
/// How many of those of one realm: more than one of them is never full while there is room.
const OF_REALM: usize = 16;
/// How many are under way besides those, because they take long; and how many of those of one realm.
const SLOW: usize = 96;
const SLOW_OF_REALM: usize = 48;
/// How many of those to one receiver, slow or not.
const TO_RECEIVER: usize = 4;
/// How many receivers can be full at most while there is room.
pub(super) const FULL: usize = (AT_ONCE + SLOW) / TO_RECEIVER - 1;

/// The places for deliveries of one kind: so many in all, fewer for a realm, and few for a receiver, so that one that hangs leaves room for the others. A delivery that takes
/// long leaves its place for one of those that are kept for such, so that many that hang at the same time leave room, too.
#[derive(Clone, Default)]
pub(super) struct Room(Arc<Mutex<HashMap<Owner, usize>>>);

/// Whose places are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Owner {
    All,
    Realm(String),
    Slow,
    SlowOfRealm(String),
    /// By [`name`].
    Receiver(String),
}

/// Whose messages have to wait.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Full {
    /// A realm; empty for none.
    pub(super) realm: String,
    /// Receivers, as `realm/receiver`; empty for none.
    pub(super) receivers: [String; FULL],
}

/// A place that is taken until this is dropped.
pub(super) struct Place {
    room: Room,
    realm: String,
    owners: Vec<Owner>,
}

impl Owner {
    fn most(&self) -> usize {
        match self {
            Self::All => AT_ONCE,
            Self::Realm(_) => OF_REALM,
            Self::Slow => SLOW,
            Self::SlowOfRealm(_) => SLOW_OF_REALM,
            Self::Receiver(_) => TO_RECEIVER,
        }
    }
}

fn name(realm: &str, receiver: &str) -> String {
    format!("{realm}/{receiver}")
}

impl Room {
    /// How many places are free.
    pub(super) fn free(&self) -> usize {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        AT_ONCE - taken.get(&Owner::All).copied().unwrap_or(0)
    }

    /// Whose messages find no place, while there is room for others.
    pub(super) fn full(&self) -> Full {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut full = Full::default();
        let mut receivers = full.receivers.iter_mut();
        for (owner, count) in taken.iter() {
            match owner {
                Owner::Realm(realm) if *count >= OF_REALM => full.realm.clone_from(realm),
                Owner::Receiver(name) if *count >= TO_RECEIVER => {
                    if let Some(free) = receivers.next() {
                        free.clone_from(name);
                    }
                }
                _ => {}
            }
        }
        full
    }

    /// A place for a message to this receiver (empty: to nobody in particular), if there is one.
    pub(super) fn place(&self, realm: &str, receiver: &str) -> Option<Place> {
        let mut owners = vec![Owner::All, Owner::Realm(realm.to_owned())];
        if !receiver.is_empty() {
            owners.push(Owner::Receiver(name(realm, receiver)));
        }
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !add(&mut taken, &owners) {
            return None;
        }
        drop(taken);
        Some(Place {
            room: self.clone(),
            realm: realm.to_owned(),
            owners,
        })
    }
}

impl Place {
    /// The delivery takes long: leaves the place to another one, if there is one for such; says whether there was.
    pub(super) fn linger(&mut self) -> bool {
        let mut taken = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slow = [Owner::Slow, Owner::SlowOfRealm(self.realm.clone())];
        if !add(&mut taken, &slow) {
            return false;
        }
        let quick = [Owner::All, Owner::Realm(self.realm.clone())];
        remove(&mut taken, &quick);
        self.owners.retain(|owner| !quick.contains(owner));
        self.owners.extend(slow);
        true
    }
}

/// Counts one for each of these, unless one of them has no more.
fn add(taken: &mut HashMap<Owner, usize>, owners: &[Owner]) -> bool {
    let fits = |owner: &Owner| taken.get(owner).copied().unwrap_or(0) < owner.most();
    if !owners.iter().all(fits) {
        return false;
    }
    for owner in owners {
        *taken.entry(owner.clone()).or_default() += 1;
    }
    true
}

fn remove(taken: &mut HashMap<Owner, usize>, owners: &[Owner]) {
    for owner in owners {
        if let Some(count) = taken.get_mut(owner) {
            *count -= 1;
            if *count == 0 {
                taken.remove(owner);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        remove(&mut taken, &self.owners);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_receiver_that_hangs_leaves_room_for_others_and_a_realm_for_other_realms() {
        let room = Room::default();
        let mut taken: Vec<Place> = (0..20).map_while(|_| room.place("main", "hangs")).collect();
        assert_eq!(taken.len(), TO_RECEIVER);
        assert_eq!(room.full().receivers.concat(), "main/hangs");
        taken.push(room.place("main", "works").unwrap());
        taken.extend((0..100).map_while(|i| room.place("main", &i.to_string())));
        assert_eq!(taken.len(), OF_REALM);
        assert_eq!(room.full().realm, "main");
        assert!(room.place("main", "").is_none());
        taken.push(room.place("other", "hangs").unwrap());
        drop(taken);
        assert_eq!((room.free(), room.full()), (AT_ONCE, Full::default()));
        assert!(room.0.lock().unwrap().is_empty(), "nothing is remembered");
    }

    #[test]
    fn many_that_hang_leave_room_for_who_does_not() {
        let room = Room::default();
        let mut taken = Vec::new();
        for i in 0..SLOW_OF_REALM {
            let mut place = room.place("main", &i.to_string()).unwrap();
            assert!(place.linger());
            taken.push(place);
        }
        assert_eq!((room.free(), room.full()), (AT_ONCE, Full::default()));
        let mut last = room.place("main", "one more").unwrap();
        assert!(!last.linger(), "as many of a realm as may");
        let mut other = room.place("other", "hangs").unwrap();
        assert!(other.linger(), "of another realm");
        taken.truncate(0);
        assert!(last.linger());
    }

    proptest! {
        /// While there is room, all who are full are named: nobody else's messages are looked at in vain.
        #[test]
        fn whoever_is_full_is_named(asked in proptest::collection::vec((0..4u8, 0..40u8, any::<bool>()), 0..400)) {
            let (room, mut taken) = (Room::default(), Vec::new());
            for (realm, receiver, is_slow) in asked {
                let (realm, receiver) = (realm.to_string(), receiver.to_string());
                let (full, free) = (room.full(), room.free());
                match room.place(&realm, &receiver) {
                    Some(mut place) => {
                        if is_slow {
                            place.linger();
                        }
                        taken.push(place);
                    }
                    None => prop_assert!(free == 0 || full.realm == realm || full.receivers.contains(&name(&realm, &receiver))),
                }
            }
            let quick = taken.iter().filter(|place| place.owners.contains(&Owner::All));
            prop_assert_eq!(room.free(), AT_ONCE - quick.count());
            prop_assert!(taken.len() - (AT_ONCE - room.free()) <= SLOW);
            drop(taken);
            prop_assert!(room.0.lock().unwrap().is_empty());
        }
    }
}
