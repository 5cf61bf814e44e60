//! The change log: how a node hears, within a second, of what another one (or the command line) changed.

mod follower;
pub(crate) mod sql;

use db::{Batch, Db, params};

use crate::error::Error;

pub(crate) use follower::Follower;

/// The kinds of change that nodes act on. Others may be announced; nodes that do not know them pass them over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind;

impl Kind {
    /// A client was made, changed or removed; the id is its identifier.
    pub const CLIENT: &'static str = "client";
    /// A resource was made, changed or removed; the id is its identifier.
    pub const RESOURCE: &'static str = "resource";
    /// An issuer is trusted, otherwise or no longer; the id is its identifier.
    pub const ISSUER: &'static str = "issuer";
    /// The realm vouches for an entity, otherwise or no longer; the id is the entity's.
    pub const SUBORDINATE: &'static str = "subordinate";
    /// The realm's settings changed, or it was made or removed; the id is its name.
    pub const REALM: &'static str = "realm";
    /// A signing key was made or removed; the id is its algorithm.
    pub const KEYS: &'static str = "keys";
    /// Something was revoked; the id is that of the mark.
    pub const REVOCATION: &'static str = "revocation";
}

/// Adds a line to the log in the batch that makes the change. The counter's row stays locked until the commit, so lines appear in order and without
/// gaps; announce last, to hold it briefly.
pub(crate) fn announce(batch: &mut Batch, realm: &str, (kind, id): (&str, &str), now: i64) {
    batch.expect(&sql::COUNT_CHANGE, params![], 1);
    batch.expect(&sql::INSERT_CHANGE, params![realm, kind, id, now], 1);
}

/// How much the batch announces.
pub(crate) fn count(batch: &Batch) -> usize {
    batch.params_of(&sql::INSERT_CHANGE).count()
}

/// How far in the future the latest change was made, in seconds, by the clock of whoever made it: so far our clock is behind that one, or more.
///
/// # Errors
/// When the database fails.
pub async fn clock_is_behind(db: &Db, now: i64) -> Result<Option<i64>, Error> {
    let row = db.row(&sql::LATEST_CHANGE, params![now]).await?;
    Ok(row.map(|row| row.int(0).saturating_sub(now)))
}
