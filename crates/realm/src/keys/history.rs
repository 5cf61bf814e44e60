use db::{Batch, params};
use jose::Jwk;

use super::{Purpose, Role, sql};
use crate::error::Error;
use crate::tenant::Realm;

/// How many are told of, the youngest first.
const MOST: i64 = 100;

/// A key with which the realm spoke as an entity of a federation and does no longer (OpenID Federation 1.0 §8.7).
#[derive(Clone, Debug)]
pub struct HistoricalKey {
    /// The public half.
    pub jwk: Jwk,
    /// Since when it was published (unix seconds).
    pub created_at: i64,
    /// Since when it counts no more (unix seconds).
    pub expired_at: i64,
    /// Whether it was withdrawn because it was in wrong hands.
    pub compromised: bool,
}

/// The federation keys that count no more, the youngest first; a hundred at most.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn history(realm: &Realm) -> Result<Vec<HistoricalKey>, Error> {
    let values = params![realm.name(), MOST];
    let rows = realm.db().rows(&sql::LIST_HISTORY, values).await?;
    let read = rows.iter().map(|row| {
        Ok(HistoricalKey {
            jwk: Jwk::from_json(row.text(0))?,
            created_at: row.int(1),
            expired_at: row.int(2),
            compromised: row.int(3) != 0,
        })
    });
    read.collect()
}

/// Remembers a key that has expired, before it is forgotten: of one that federations knew somebody may still have a statement.
pub(crate) fn remember_expired(
    batch: &mut Batch,
    (realm, kid): (&str, &str),
    slot: &str,
    now: i64,
) {
    if Purpose::of(slot).0 == Purpose::Federation {
        batch.run(&sql::REMEMBER_EXPIRED, params![realm, kid, now]);
    }
}

/// Remembers those that were withdrawn at this moment.
pub(super) fn remember_compromised(batch: &mut Batch, realm: &str, role: Role, now: i64) {
    let slot = Purpose::Federation.slot(role);
    batch.run(&sql::REMEMBER_COMPROMISED, params![realm, &*slot, now]);
}
