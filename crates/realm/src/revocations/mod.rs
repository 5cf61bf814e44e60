//! What has been revoked: rows that live as long as the longest token, and all of them in memory.

mod mark;
pub(crate) mod sql;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ambient::Ambient;
use db::{Batch, Db, Value, params};

pub use mark::Mark;

use crate::changes::{self, Follower, Kind};
use crate::error::Error;
use crate::settings::LONGEST_TOKEN;

/// How long a row outlives the tokens that it is about, in seconds.
const CLOCKS_DIFFER: i64 = 300;

/// The revocations of one realm.
pub struct Revocations {
    realm: String,
    db: Db,
    ambient: Ambient,
    follower: Arc<Follower>,
    marks: RwLock<HashMap<String, Revoked>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Revoked {
    at: i64,
    until: i64,
}

impl Revocations {
    pub(crate) fn new(realm: &str, db: Db, ambient: Ambient, follower: Arc<Follower>) -> Self {
        Self {
            realm: realm.to_owned(),
            db,
            ambient,
            follower,
            marks: RwLock::default(),
        }
    }

    /// Whether a token with this mark, issued at `issued_at`, is void. A grant or a session that was revoked has no valid tokens; for the other
    /// marks it is those issued up to the moment of the revocation. Looks at memory only.
    pub fn is_revoked(&self, mark: Mark<'_>, issued_at: i64) -> bool {
        self.is_any_revoked(&[mark], issued_at)
    }

    /// Whether any of these marks makes a token issued at `issued_at` void.
    pub fn is_any_revoked(&self, marks: &[Mark<'_>], issued_at: i64) -> bool {
        let revoked = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        if revoked.is_empty() {
            return false;
        }
        let mut id = String::with_capacity(128);
        marks.iter().any(|mark| {
            id.clear();
            mark.write(&mut id);
            revoked
                .get(&id)
                .is_some_and(|revoked| !mark.spares_later() || issued_at <= revoked.at)
        })
    }

    /// Adds the revocation to the batch. Commit it with [`Realm::commit`](crate::Realm::commit), and this node knows it when that returns; after
    /// another commit it takes [`Node::background`](crate::Node::background) some milliseconds. Other nodes know it within a second.
    pub fn revoke(&self, batch: &mut Batch, mark: Mark<'_>) {
        self.revoke_until(batch, mark, self.ambient.now() + LONGEST_TOKEN);
    }

    /// As [`revoke`](Self::revoke), where what is revoked expires by itself at `expires_at` (unix seconds) and need not be remembered longer, whatever
    /// the longest lifetime is.
    pub fn revoke_until(&self, batch: &mut Batch, mark: Mark<'_>, expires_at: i64) {
        let (id, now) = (mark.id(), self.ambient.now());
        let until = expires_at.min(now + LONGEST_TOKEN) + CLOCKS_DIFFER;
        batch.run(&sql::REVOKE, params![&self.realm, &id, now, until]);
        changes::announce(batch, &self.realm, (Kind::REVOCATION, &id), now);
        self.follower.bell.notify_one();
    }

    /// How many are in memory.
    pub fn len(&self) -> usize {
        self.marks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether none is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) async fn load(&self) -> Result<(), Error> {
        let rows = self
            .db
            .rows(
                &sql::LIST_REVOCATIONS,
                params![&self.realm, self.ambient.now()],
            )
            .await?;
        for row in rows {
            self.add(
                row.text(0),
                Revoked {
                    at: row.int(1),
                    until: row.int(2),
                },
            );
        }
        Ok(())
    }

    /// Reads one that was made at `at`, unless it is known: most are this node's own.
    pub(crate) async fn load_one(&self, id: &str, at: i64) -> Result<(), Error> {
        if self.knows(id, at) {
            return Ok(());
        }
        let row = self
            .db
            .row(&sql::FIND_REVOCATION, params![&self.realm, id])
            .await?;
        if let Some(row) = row {
            self.add(
                id,
                Revoked {
                    at: row.int(0),
                    until: row.int(1),
                },
            );
        }
        Ok(())
    }

    fn knows(&self, id: &str, at: i64) -> bool {
        let marks = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        marks.get(id).is_some_and(|known| known.at >= at)
    }

    pub(crate) fn drop_expired(&self, now: i64) {
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.retain(|_, revoked| revoked.until > now);
        if marks.capacity() > 4 * marks.len() + 64 {
            marks.shrink_to_fit();
        }
    }

    /// What a batch revokes in this realm, for [`Revocations::learn`] once it is committed.
    pub(crate) fn of(&self, batch: &Batch) -> Vec<(String, Revoked)> {
        let rows = batch.params_of(&sql::REVOKE);
        rows.filter_map(|params| match params.values() {
            [
                Value::Text(realm),
                Value::Text(id),
                Value::Int(at),
                Value::Int(until),
            ] if *realm == self.realm => Some((
                id.clone(),
                Revoked {
                    at: *at,
                    until: *until,
                },
            )),
            _ => None,
        })
        .collect()
    }

    /// Remembers what was committed without asking the database, which may be away by now.
    pub(crate) fn learn(&self, committed: Vec<(String, Revoked)>) {
        for (id, revoked) in committed {
            self.add(&id, revoked);
        }
    }

    fn add(&self, id: &str, revoked: Revoked) {
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        match marks.get_mut(id) {
            Some(known) if known.at >= revoked.at => {}
            Some(known) => *known = revoked,
            None => {
                marks.insert(id.to_owned(), revoked);
            }
        }
    }
}
