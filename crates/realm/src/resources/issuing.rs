//! Which credentials the issuer issues: kept with its own resource, which comes with the first of them.

use super::credentials::CredentialConfiguration;
use super::document::Resource;
use super::store::{create, find, update};
use crate::error::Error;
use crate::tenant::Realm;

const WHAT: &str = "credential";

/// Adds a kind of credential. `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::Exists`], [`Error::Invalid`], and as [`update`].
pub async fn offer(
    realm: &Realm,
    configuration: CredentialConfiguration,
    actor: &str,
) -> Result<(), Error> {
    let id = configuration.id.clone();
    match find(realm, realm.issuer()).await? {
        None => {
            let mut resource = Resource {
                id: realm.issuer().to_owned(),
                name: realm.settings().display_name.clone(),
                ..Resource::default()
            };
            resource.offer_credential(configuration);
            create(realm, resource, actor).await?;
        }
        Some(resource) if resource.credential(&id).is_some() => {
            return Err(Error::exists(WHAT, &id));
        }
        Some(mut resource) => {
            resource.offer_credential(configuration);
            update(realm, resource, actor).await?;
        }
    }
    Ok(())
}

/// Changes a kind of credential to what `configuration` says.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`], and as [`update`].
pub async fn change(
    realm: &Realm,
    configuration: CredentialConfiguration,
    actor: &str,
) -> Result<(), Error> {
    let id = configuration.id.clone();
    let found = find(realm, realm.issuer()).await?;
    let mut resource = found
        .filter(|resource| resource.credential(&id).is_some())
        .ok_or_else(|| Error::not_found(WHAT, &id))?;
    resource.offer_credential(configuration);
    update(realm, resource, actor).await.map(drop)
}

/// Takes a kind of credential away. Those that were issued stay what they are until they expire.
///
/// # Errors
/// [`Error::NotFound`], and as [`update`].
pub async fn withdraw(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let found = find(realm, realm.issuer()).await?;
    let mut resource = found.ok_or_else(|| Error::not_found(WHAT, id))?;
    if !resource.withdraw_credential(id) {
        return Err(Error::not_found(WHAT, id));
    }
    update(realm, resource, actor).await.map(drop)
}
