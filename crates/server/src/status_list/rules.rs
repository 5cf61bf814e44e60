//! Which places are given, and what may become of what was issued (draft-ietf-oauth-status-list §7.1, §12).

use oauth::status_list::Status;

/// How many places a list has: two to four times as many kilobytes as it costs to fetch it, at worst.
pub const SIZE: u32 = 1 << 17;
/// How many of them are given: as long as at least half are free, a place that is drawn is as likely free as not.
pub const MOST: i64 = (SIZE / 2) as i64;
/// How many places are drawn at once: enough for as many credentials as one request may ask for, nearly always.
pub const DRAWN: usize = 16;

/// The first `count` of the places that were drawn which are free, none twice; `None` when they are too few.
pub fn free(drawn: &[i64], taken: &[i64], count: usize) -> Option<Vec<i64>> {
    let mut found = Vec::with_capacity(count);
    for place in drawn {
        if found.len() < count && !taken.contains(place) && !found.contains(place) {
            found.push(*place);
        }
    }
    (found.len() == count).then_some(found)
}

/// A place for a random number. No place is more frequent: their number divides that of the numbers.
pub fn place(number: u32) -> i64 {
    i64::from(number % SIZE)
}

/// What is done about a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is no more, for good.
    Revoke,
    /// It does not count for now.
    Suspend,
    /// It counts again.
    Restore,
}

impl Change {
    /// The name of the event that says so.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Revoke => "credential.revoked",
            Self::Suspend => "credential.suspended",
            Self::Restore => "credential.restored",
        }
    }
}

/// Why it cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// What is revoked stays so: verifiers need not ask again.
    Final,
    /// Its list has one bit for each.
    NotSuspendable,
}

impl Refused {
    /// In words, for the operator.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Final => "it is revoked, for good",
            Self::NotSuspendable => {
                "credentials of its kind were not suspendable when it was issued"
            }
        }
    }
}

/// What is said of a credential then; `None` when that is said already.
///
/// # Errors
/// Why it cannot be.
pub fn change(from: Status, change: Change, bits: i64) -> Result<Option<Status>, Refused> {
    match (change, from) {
        (Change::Revoke, Status::Invalid)
        | (Change::Suspend, Status::Suspended)
        | (Change::Restore, Status::Valid) => Ok(None),
        (Change::Revoke, _) => Ok(Some(Status::Invalid)),
        (_, Status::Invalid) => Err(Refused::Final),
        (Change::Suspend, _) if bits < 2 => Err(Refused::NotSuspendable),
        (Change::Suspend, _) => Ok(Some(Status::Suspended)),
        (Change::Restore, _) => Ok(Some(Status::Valid)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const CHANGES: [Change; 3] = [Change::Revoke, Change::Suspend, Change::Restore];

    proptest! {
        /// However places are drawn: as many as are asked for, each free, none twice; or none at all.
        #[test]
        fn a_place_is_given_once(drawn in prop::collection::vec(0..30_i64, 0..20), taken in prop::collection::vec(0..30_i64, 0..20), count in 1..6_usize) {
            let possible: std::collections::BTreeSet<_> = drawn.iter().filter(|place| !taken.contains(place)).collect();
            match free(&drawn, &taken, count) {
                Some(mut found) => {
                    prop_assert!(found.iter().all(|place| possible.contains(place)));
                    found.sort_unstable();
                    found.dedup();
                    prop_assert_eq!(found.len(), count);
                }
                None => prop_assert!(possible.len() < count),
            }
        }

        /// Whatever is done in whatever order: what was revoked once stays so, and one bit never has to say that something is suspended.
        #[test]
        fn what_is_revoked_stays_so(done in prop::collection::vec(0..3_usize, 0..20), bits in 1..3_i64) {
            let (mut status, mut revoked) = (Status::Valid, false);
            for one in done {
                let one = CHANGES[one];
                match change(status, one, bits) {
                    Ok(Some(next)) => {
                        prop_assert!(next != status);
                        status = next;
                    }
                    Ok(None) => {}
                    Err(refused) => prop_assert!(refused == Refused::Final && revoked || refused == Refused::NotSuspendable && bits == 1),
                }
                revoked |= one == Change::Revoke;
                prop_assert_eq!(revoked, status == Status::Invalid);
                prop_assert!(bits == 2 || status != Status::Suspended);
            }
        }
    }

    #[test]
    fn every_place_is_one_of_the_list() {
        assert_eq!(place(SIZE), 0);
        assert_eq!(place(u32::MAX), i64::from(SIZE) - 1);
        assert!(u64::from(u32::MAX).wrapping_add(1) % u64::from(SIZE) == 0);
    }
}
