//! What has been revoked: rows that live as long as the longest token, and all of them in memory.

mod mark;
mod memory;
pub(crate) mod sql;

use std::sync::{Arc, PoisonError, RwLock};

use ambient::Ambient;
use db::{Batch, Db, Value, params};
use memory::Memory;

pub use mark::Mark;
pub(crate) use memory::Revoked;

use crate::changes::{self, Follower, Kind};
use crate::error::Error;
use crate::settings::LONGEST_TOKEN;

/// How long a row outlives the tokens that it is about, in seconds.
const CLOCKS_DIFFER: i64 = 300;

/// How many rows are read at a time.
const PAGE: i64 = 1000;

/// The revocations of one realm.
pub struct Revocations {
    realm: String,
    db: Db,
    ambient: Ambient,
    follower: Arc<Follower>,
    marks: RwLock<Memory>,
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
        let memory = self.marks.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        marks.iter().any(|mark| {
            let revoked = memory.get(mark, &mut text);
            revoked.is_some_and(|revoked| !mark.spares_later() || issued_at <= revoked.at)
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

    /// Reads all, a page at a time: there may be very many. What is added meanwhile is in the change log.
    pub(crate) async fn load(&self) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let now = self.ambient.now();
            let page = params![&self.realm, &after, now, PAGE];
            let rows = self.db.rows(&sql::LIST_REVOCATIONS, page).await?;
            let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
            for row in &rows {
                let (at, until) = (row.int(1), row.int(2));
                marks.add(row.text(0), Revoked { at, until });
            }
            match rows.last() {
                Some(last) if rows.len() as i64 == PAGE => after = last.text(0).to_owned(),
                _ => return Ok(()),
            }
        }
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
        marks.at(id).is_some_and(|known| known.at >= at)
    }

    pub(crate) fn drop_expired(&self, now: i64) {
        let mut marks = self.marks.write().unwrap_or_else(PoisonError::into_inner);
        marks.drop_expired(now);
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
        marks.add(id, revoked);
    }
}
