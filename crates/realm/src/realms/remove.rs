use db::{Batch, Db, Stmt, params};

use super::{WHAT, sql};
use crate::changes::{self, Kind};
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::node::{FIRST_REALM, Node};
use crate::sweep::STEP;

/// Deletes what belongs to a realm, table by table. A test checks that every table with a realm is here.
static PURGE: [&Stmt; 34] = [
    &sql::PURGE_CLIENT,
    &sql::PURGE_RESOURCE,
    &sql::PURGE_RESOURCE_SCOPE,
    &sql::PURGE_RESOURCE_DETAILS_TYPE,
    &sql::PURGE_SIGNING_KEY,
    &sql::PURGE_EVENT,
    &sql::PURGE_OUTBOX,
    &sql::PURGE_REVOCATION,
    &sql::PURGE_PERSON,
    &sql::PURGE_SESSION,
    &sql::PURGE_SESSION_CLIENT,
    &sql::PURGE_INTERACTION,
    &sql::PURGE_AUTHORIZATION_CODE,
    &sql::PURGE_DEVICE_CODE,
    &sql::PURGE_BACKCHANNEL_AUTHENTICATION,
    &sql::PURGE_USER_CODE,
    &sql::PURGE_ASKED_PERSON,
    &sql::PURGE_LETTER_COUNT,
    &sql::PURGE_PUSHED_AUTHORIZATION_REQUEST,
    &sql::PURGE_REFRESH_FAMILY,
    &sql::PURGE_DPOP_PROOF,
    &sql::PURGE_TRUSTED_ISSUER,
    &sql::PURGE_CONSENT,
    &sql::PURGE_CLIENT_ASSERTION,
    &sql::PURGE_INITIAL_ACCESS_TOKEN,
    &sql::PURGE_SIGNAL_STREAM,
    &sql::PURGE_SIGNAL_SUBJECT,
    &sql::PURGE_SIGNAL,
    &sql::PURGE_CREDENTIAL_NOTIFICATION,
    &sql::PURGE_CREDENTIAL_OFFER,
    &sql::PURGE_STATUS_LIST,
    &sql::PURGE_CREDENTIAL_STATUS,
    &sql::PURGE_SUBORDINATE,
    &sql::PURGE_FEDERATION_KEY_HISTORY,
];

/// Removes a realm with everything in it: people, clients, keys, grants, its audit. It is gone for everybody at once; then its rows are deleted, in
/// steps small enough that nobody waits for them, and when that is cut short, the next call finishes it. `actor` is who does it, for the audit of the first realm.
///
/// # Errors
/// [`Error::Invalid`] for the first realm, [`Error::NotFound`].
pub async fn delete(node: &Node, name: &str, actor: &str) -> Result<(), Error> {
    if name == FIRST_REALM {
        let reason = format!("`{FIRST_REALM}`, the first realm, cannot be removed");
        return Err(Invalid::new("name", reason).into());
    }
    let first = node.first();
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_REALM, params![name], 1);
    let event = Event::new("realm.deleted").actor(actor);
    first.record(
        &mut batch,
        event.detail(serde_json::json!({ "realm": name })),
    );
    changes::announce(&mut batch, name, (Kind::REALM, name), node.ambient().now());
    let missing = match first.commit(batch).await {
        Ok(_) => false,
        Err(error) if error.is_guard(&sql::DELETE_REALM) => true,
        Err(error) => return Err(error.into()),
    };
    purge(node.db(), name).await?;
    if missing {
        return Err(Error::not_found(WHAT, name));
    }
    Ok(())
}

pub(crate) async fn purge(db: &Db, name: &str) -> Result<(), Error> {
    for stmt in PURGE {
        loop {
            let mut batch = Batch::new();
            let index = batch.run(stmt, params![name, STEP]);
            if db.commit(batch).await?.affected(index) < STEP.unsigned_abs() {
                break;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn every_table_of_a_tenant_is_purged() {
        let purged: Vec<&str> = PURGE
            .iter()
            .map(|stmt| stmt.sql.split_whitespace().nth(2).unwrap())
            .collect();
        let schema: String = crate::schema::MIGRATIONS.iter().map(|m| m.sql).collect();
        assert!(PURGE.iter().all(|stmt| stmt.sql.ends_with("LIMIT $2)")));
        let mut tables = 0;
        for table in schema.split("CREATE TABLE ").skip(1) {
            let (name, columns) = table.split_once('(').unwrap();
            // The realm's own row is the first to go, and the log is swept by its age.
            if columns.trim_start().starts_with("realm TEXT") {
                tables += 1;
                assert!(purged.contains(&name.trim()), "{name}");
            }
        }
        assert_eq!(tables, PURGE.len());
    }
}
