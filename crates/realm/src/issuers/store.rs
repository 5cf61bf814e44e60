use db::{Batch, CommitError, Row, params};

use super::document::TrustedIssuer;
use super::{rules, sql};
use crate::changes::Kind;
use crate::error::Error;
use crate::events::Event;
use crate::tenant::Realm;

const WHAT: &str = "trusted issuer";

/// Trusts an issuer, or changes what it is trusted for: the one that `issuer` was read as (its `version`), or a new one (version 0). `actor` is who does
/// it, for the audit.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule; [`Error::Exists`], [`Error::Conflict`].
pub async fn put(
    realm: &Realm,
    mut issuer: TrustedIssuer,
    actor: &str,
) -> Result<TrustedIssuer, Error> {
    rules::check(&issuer, realm.issuer(), &*realm.catalogue().await?)?;
    let now = realm.now();
    let document =
        serde_json::to_string(&issuer).map_err(|error| Error::stored(WHAT, &issuer.id, error))?;
    let mut batch = Batch::new();
    if issuer.version == 0 {
        let values = params![realm.name(), &issuer.id, document, now];
        batch.run(&sql::INSERT_ISSUER, values);
        issuer.created_at = now;
    } else {
        let values = params![realm.name(), &issuer.id, issuer.version, document, now];
        batch.expect(&sql::UPDATE_ISSUER, values, 1);
    }
    done(realm, &mut batch, &issuer.id, ("issuer.trusted", actor));
    match realm.commit(batch).await {
        Ok(_) => {
            (issuer.version, issuer.updated_at) = (issuer.version + 1, now);
            Ok(issuer)
        }
        Err(error) if error.is_unique(&sql::INSERT_ISSUER) => Err(Error::exists(WHAT, &issuer.id)),
        Err(error) if error.is_guard(&sql::UPDATE_ISSUER) => Err(Error::conflict(WHAT, &issuer.id)),
        Err(error) => Err(error.into()),
    }
}

/// Trusts an issuer no longer. Tokens that were given for its word live on until they expire, minutes later.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn remove(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_ISSUER, params![realm.name(), id], 1);
    done(realm, &mut batch, id, ("issuer.removed", actor));
    match realm.commit(batch).await {
        Err(CommitError::Guard { .. }) => Err(Error::not_found(WHAT, id)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// The issuer as the database has it now, for changing it; [`Realm::issuers`] is faster.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<TrustedIssuer>, Error> {
    let row = realm
        .db()
        .row(&sql::FIND_ISSUER, params![realm.name(), id])
        .await?;
    row.as_ref().map(read).transpose()
}

/// All trusted issuers, in the order of their identifiers.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list(realm: &Realm) -> Result<Vec<TrustedIssuer>, Error> {
    let rows = realm
        .db()
        .rows(&sql::LIST_ISSUERS, params![realm.name()])
        .await?;
    rows.iter().map(read).collect()
}

/// All that this version understands. Another, written by a newer version, is left out: it is not believed.
pub(crate) async fn load_usable(db: &db::Db, realm: &str) -> Result<Vec<TrustedIssuer>, Error> {
    let rows = db.rows(&sql::LIST_ISSUERS, params![realm]).await?;
    let usable = rows.iter().filter_map(|row| match read(row) {
        Ok(issuer) => Some(issuer),
        Err(error) => {
            tracing::error!(%error, "a trusted issuer is left out");
            None
        }
    });
    Ok(usable.collect())
}

fn read(row: &Row) -> Result<TrustedIssuer, Error> {
    let id = row.text(0);
    let mut issuer: TrustedIssuer =
        serde_json::from_str(row.text(1)).map_err(|error| Error::stored(WHAT, id, error))?;
    issuer.id = id.to_owned();
    (issuer.version, issuer.created_at, issuer.updated_at) = (row.int(2), row.int(3), row.int(4));
    Ok(issuer)
}

fn done(realm: &Realm, batch: &mut Batch, id: &str, (kind, actor): (&str, &str)) {
    let event = Event::new(kind)
        .actor(actor)
        .detail(serde_json::json!({ "issuer": id }));
    realm.record(batch, event);
    realm.announce(batch, Kind::ISSUER, id);
}
