use db::{Batch, CommitError, Row, params};

use super::document::Resource;
use super::{rules, sql, stored};
use crate::changes::Kind;
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::tenant::Realm;

const WHAT: &str = "resource";

/// Registers a resource. `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::Invalid`] names the member that breaks a rule, also when a scope belongs to another resource; [`Error::Exists`].
pub async fn create(realm: &Realm, mut resource: Resource, actor: &str) -> Result<Resource, Error> {
    rules::check(&resource)?;
    publish_key(realm, &resource).await?;
    let now = realm.now();
    (resource.version, resource.created_at, resource.updated_at) = (1, now, now);
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_RESOURCE,
        params![realm.name(), &resource.id, document(&resource)?, now],
    );
    take_names(realm, &mut batch, &resource);
    done(realm, &mut batch, &resource.id, ("resource.created", actor));
    commit(realm, batch, &resource).await?;
    Ok(resource)
}

/// Makes the keys that will sign its access tokens and credentials, so that they are among the published ones before the API reads them.
async fn publish_key(realm: &Realm, resource: &Resource) -> Result<(), Error> {
    let of_credentials = resource.credentials.iter().map(|one| one.signing_alg);
    let of_tokens = resource.signing_alg.as_slice().iter().copied();
    for algorithm in of_tokens.chain(of_credentials) {
        realm.keys().signer(algorithm).await?;
    }
    Ok(())
}

/// Changes the resource with this identifier to what `resource` says, provided that nobody has changed it since it was read (its `version`).
/// A scope that is no longer named is no longer granted; clients that are registered for it stay as they are.
///
/// # Errors
/// [`Error::Invalid`], [`Error::NotFound`], [`Error::Conflict`]; [`Error::Stored`] when a newer version wrote what would be lost.
pub async fn update(realm: &Realm, mut resource: Resource, actor: &str) -> Result<Resource, Error> {
    rules::check(&resource)?;
    let old = realm
        .db()
        .row(&sql::FIND_RESOURCE, params![realm.name(), &resource.id])
        .await?
        .ok_or_else(|| Error::not_found(WHAT, &resource.id))?;
    serde_json::from_str::<Resource>(old.text(1))
        .map_err(|error| Error::stored(WHAT, &resource.id, error))?;
    publish_key(realm, &resource).await?;
    let now = realm.now();
    let mut batch = Batch::new();
    batch.expect(
        &sql::UPDATE_RESOURCE,
        params![
            realm.name(),
            &resource.id,
            resource.version,
            document(&resource)?,
            now
        ],
        1,
    );
    release_names(realm, &mut batch, &resource.id);
    take_names(realm, &mut batch, &resource);
    done(realm, &mut batch, &resource.id, ("resource.changed", actor));
    commit(realm, batch, &resource).await?;
    (resource.version, resource.updated_at) = (resource.version + 1, now);
    Ok(resource)
}

/// Removes a resource. Tokens for it stay what they are until they expire, minutes later.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_RESOURCE, params![realm.name(), id], 1);
    release_names(realm, &mut batch, id);
    done(realm, &mut batch, id, ("resource.deleted", actor));
    match realm.commit(batch).await {
        Err(CommitError::Guard { .. }) => Err(Error::not_found(WHAT, id)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// The resource as the database has it now, for changing it; [`Realm::catalogue`] is faster.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<Resource>, Error> {
    let row = realm
        .db()
        .row(&sql::FIND_RESOURCE, params![realm.name(), id])
        .await?;
    row.as_ref().map(read).transpose()
}

/// All resources, in the order of their identifiers.
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list(realm: &Realm) -> Result<Vec<Resource>, Error> {
    let rows = realm
        .db()
        .rows(&sql::LIST_RESOURCES, params![realm.name()])
        .await?;
    rows.iter().map(read).collect()
}

/// All resources that this version can make tokens for. Another, written by a newer version, is left out and must not take the rest along.
pub(crate) async fn load_usable(db: &db::Db, realm: &str) -> Result<Vec<Resource>, Error> {
    let rows = db.rows(&sql::LIST_RESOURCES, params![realm]).await?;
    let usable = rows.iter().filter_map(|row| match read(row) {
        Ok(resource) => Some(resource),
        Err(error) => {
            tracing::error!(%error, "a resource is left out");
            None
        }
    });
    Ok(usable.collect())
}

fn read(row: &Row) -> Result<Resource, Error> {
    let id = row.text(0);
    let mut resource = stored::read(row.text(1)).map_err(|error| Error::stored(WHAT, id, error))?;
    resource.id = id.to_owned();
    (resource.version, resource.created_at, resource.updated_at) =
        (row.int(2), row.int(3), row.int(4));
    Ok(resource)
}

fn document(resource: &Resource) -> Result<String, Error> {
    serde_json::to_string(resource).map_err(|error| Error::stored(WHAT, &resource.id, error))
}

fn release_names(realm: &Realm, batch: &mut Batch, id: &str) {
    batch.run(&sql::DELETE_RESOURCE_SCOPES, params![realm.name(), id]);
    batch.run(&sql::DELETE_RESOURCE_DETAILS, params![realm.name(), id]);
}

fn take_names(realm: &Realm, batch: &mut Batch, resource: &Resource) {
    for kind in &resource.authorization_details_types {
        batch.run(
            &sql::INSERT_RESOURCE_DETAILS,
            params![realm.name(), &kind.name, &resource.id],
        );
    }
    for scope in &resource.scopes {
        batch.run(
            &sql::INSERT_RESOURCE_SCOPE,
            params![realm.name(), &scope.name, &resource.id],
        );
    }
}

fn done(realm: &Realm, batch: &mut Batch, id: &str, (kind, actor): (&str, &str)) {
    let event = Event::new(kind)
        .actor(actor)
        .detail(serde_json::json!({ "resource": id }));
    realm.record(batch, event);
    realm.announce(batch, Kind::RESOURCE, id);
}

async fn commit(realm: &Realm, batch: Batch, resource: &Resource) -> Result<(), Error> {
    match realm.commit(batch).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_unique(&sql::INSERT_RESOURCE) => {
            Err(Error::exists(WHAT, &resource.id))
        }
        Err(error) if error.is_guard(&sql::UPDATE_RESOURCE) => {
            Err(Error::conflict(WHAT, &resource.id))
        }
        Err(error) if error.is_unique(&sql::INSERT_RESOURCE_DETAILS) => Err(Invalid::new(
            "authorization_details_types",
            "one of them belongs to another resource",
        )
        .into()),
        Err(error) if error.is_unique(&sql::INSERT_RESOURCE_SCOPE) => {
            Err(taken(realm, resource).await?.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Which scope belongs to somebody else.
async fn taken(realm: &Realm, resource: &Resource) -> Result<Invalid, Error> {
    let others = list(realm).await?;
    let clash = others
        .iter()
        .filter(|other| other.id != resource.id)
        .find_map(|other| {
            Some((
                other,
                resource
                    .scopes
                    .iter()
                    .find(|s| other.scope(&s.name).is_some())?,
            ))
        });
    Ok(match clash {
        Some((other, scope)) => Invalid::new(
            "scopes",
            format!("`{}` belongs to the resource {}", scope.name, other.id),
        ),
        None => Invalid::new("scopes", "one of them belongs to another resource"),
    })
}
