use db::{Batch, CommitError, Row, params};
use oauth::federation::{Standing, is_entity_id};

use super::{Subordinate, sql};
use crate::changes::Kind;
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::tenant::Realm;

const WHAT: &str = "subordinate";
/// How many a realm may have: all of them are listed in one answer (§8.2.2).
const MOST: i64 = 5000;

/// Vouches for an entity, or says something else of one: of the one that `subordinate` was read as (its `version`), or of a new one (version 0). `actor` is
/// who does it, for the audit.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule; [`Error::Exists`], [`Error::Conflict`].
pub async fn put(
    realm: &Realm,
    mut subordinate: Subordinate,
    actor: &str,
) -> Result<Subordinate, Error> {
    check(realm, &subordinate)?;
    let now = realm.now();
    let id = subordinate.id.clone();
    let stored = |error| Error::stored(WHAT, &id, error);
    let standing = serde_json::to_string(&subordinate.standing).map_err(stored)?;
    let statement = serde_json::to_string(&subordinate.vouched).map_err(stored)?;
    let mut batch = Batch::new();
    let kind = if subordinate.version == 0 {
        let count = realm
            .db()
            .row(&sql::COUNT_SUBORDINATES, params![realm.name()]);
        if count.await?.is_some_and(|row| row.int(0) >= MOST) {
            let words = format!("a realm has at most {MOST} subordinates");
            return Err(Invalid::new("entity_id", words).into());
        }
        // Unlike that of any that had this identifier before.
        subordinate.version = now.saturating_mul(1000);
        subordinate.created_at = now;
        let values = params![
            realm.name(),
            &id,
            standing,
            statement,
            subordinate.version,
            now
        ];
        batch.run(&sql::INSERT_SUBORDINATE, values);
        "subordinate.added"
    } else {
        let version = subordinate.version;
        let values = params![realm.name(), &id, version, standing, statement, now];
        batch.expect(&sql::UPDATE_SUBORDINATE, values, 1);
        subordinate.version += 1;
        "subordinate.changed"
    };
    subordinate.updated_at = now;
    done(realm, &mut batch, &id, (kind, actor));
    match realm.commit(batch).await {
        Ok(_) => Ok(subordinate),
        Err(error) if error.is_unique(&sql::INSERT_SUBORDINATE) => Err(Error::exists(WHAT, &id)),
        Err(error) if error.is_guard(&sql::UPDATE_SUBORDINATE) => Err(Error::conflict(WHAT, &id)),
        Err(error) => Err(error.into()),
    }
}

fn check(realm: &Realm, subordinate: &Subordinate) -> Result<(), Invalid> {
    let id = &subordinate.id;
    if !is_entity_id(id, true) {
        let words = format!(
            "`{}` is not an entity identifier: an https address in its normal form, without query and fragment",
            id.escape_default()
        );
        return Err(Invalid::new("entity_id", words));
    }
    if id.trim_end_matches('/') == realm.issuer().trim_end_matches('/') {
        return Err(Invalid::new("entity_id", "nobody vouches for themselves"));
    }
    let odd = |error: oauth::federation::Disbelief| Invalid::new("statement", error.to_string());
    subordinate.vouched.check().map_err(odd)?;
    subordinate.standing.check().map_err(odd)
}

/// Vouches for an entity no longer. What was said of it before counts until it expires, within a day.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_SUBORDINATE, params![realm.name(), id], 1);
    done(realm, &mut batch, id, ("subordinate.removed", actor));
    match realm.commit(batch).await {
        Err(CommitError::Guard { .. }) => Err(Error::not_found(WHAT, id)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// One, as the database has it now.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<Subordinate>, Error> {
    let values = params![realm.name(), id];
    let row = realm.db().row(&sql::FIND_SUBORDINATE, values).await?;
    row.as_ref().map(read).transpose()
}

/// Which version of one there is, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn version(realm: &Realm, id: &str) -> Result<Option<i64>, Error> {
    let values = params![realm.name(), id];
    let row = realm.db().row(&sql::SUBORDINATE_VERSION, values).await?;
    Ok(row.map(|row| row.int(0)))
}

/// All of them as the database has them now, in the order of their identifiers; [`Realm::subordinates`] is faster.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list(realm: &Realm) -> Result<Vec<(String, Standing)>, Error> {
    let rows = realm.db().rows(&sql::LIST_STANDINGS, params![realm.name()]);
    rows.await?.iter().map(standing).collect()
}

/// All that this version understands.
pub(crate) async fn load_usable(
    db: &db::Db,
    realm: &str,
) -> Result<Vec<(String, Standing)>, Error> {
    let rows = db.rows(&sql::LIST_STANDINGS, params![realm]).await?;
    let usable = rows.iter().filter_map(|row| match standing(row) {
        Ok(standing) => Some(standing),
        Err(error) => {
            tracing::error!(%error, "a subordinate is left out");
            None
        }
    });
    Ok(usable.collect())
}

fn standing(row: &Row) -> Result<(String, Standing), Error> {
    let id = row.text(0);
    let standing = serde_json::from_str(row.text(1));
    let standing = standing.map_err(|error| Error::stored(WHAT, id, error))?;
    Ok((id.to_owned(), standing))
}

fn read(row: &Row) -> Result<Subordinate, Error> {
    let (id, standing) = standing(row)?;
    let vouched = serde_json::from_str(row.text(2));
    Ok(Subordinate {
        vouched: vouched.map_err(|error| Error::stored(WHAT, &id, error))?,
        id,
        standing,
        version: row.int(3),
        created_at: row.int(4),
        updated_at: row.int(5),
    })
}

fn done(realm: &Realm, batch: &mut Batch, id: &str, (kind, actor): (&str, &str)) {
    let event = Event::new(kind)
        .actor(actor)
        .detail(serde_json::json!({ "entity": id }));
    realm.record(batch, event);
    realm.announce(batch, Kind::SUBORDINATE, id);
}
