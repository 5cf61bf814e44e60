//! Tenants: making them and changing them.

mod remove;
pub(crate) mod sql;

pub use remove::delete;
pub(crate) use remove::purge;

use std::sync::Arc;

use db::{Batch, Db, Row, params};
use url::Url;
use zeroize::Zeroizing;

use crate::changes::{self, Kind};
use crate::clients::is_loopback;
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::hosts;
use crate::keys;
use crate::node::{FIRST_REALM, Node};
use crate::sealing::{Place, SealingKey};
use crate::settings::Settings;
use crate::tenant::Realm;

const WHAT: &str = "realm";
const ROOT: &str = "sealed_root";

/// A realm as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealmInfo {
    /// Its name.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// Its settings.
    pub settings: Settings,
    /// The row's version, which a change names.
    pub version: i64,
    /// When it was made (unix seconds).
    pub created_at: i64,
}

/// A row of the table.
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) settings: Settings,
    pub(crate) sealed_root: String,
    pub(crate) version: i64,
    pub(crate) created_at: i64,
}

impl Stored {
    pub(crate) fn open(&self, key: &SealingKey) -> Result<Zeroizing<Vec<u8>>, Error> {
        Ok(key.open(place(&self.name), &self.sealed_root)?)
    }
}

fn place(name: &str) -> Place<'_> {
    Place {
        table: WHAT,
        column: ROOT,
        row: name,
    }
}

/// Makes a realm with a root secret and keys of its own. Its issuer is that of the first realm and `/realms/NAME`, unless it is stated (for a host
/// of its own). `actor` is who does it, for the audit.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Exists`].
pub async fn create(
    node: &Node,
    name: &str,
    issuer: Option<&str>,
    settings: Settings,
    actor: &str,
) -> Result<Arc<Realm>, Error> {
    check_name(name)?;
    settings.check()?;
    let issuer = match issuer {
        Some(issuer) => own_host(issuer, node.first().issuer())?,
        None => format!("{}/realms/{name}", node.first().issuer()),
    };
    if load(node.db(), name).await?.is_none() {
        // What a realm of this name may have left behind.
        purge(node.db(), name).await?;
    }
    let parts = (node.db(), node.ambient(), node.sealing_key());
    write(parts, name, &issuer, (settings, actor)).await?;
    // This node may hold a removed realm of this name; it must know before it reads the new one.
    node.follow().await?;
    let realm = node
        .realm(name)
        .await?
        .ok_or_else(|| Error::not_found(WHAT, name))?;
    realm.keys().signer(jose::Algorithm::Es256).await?;
    Ok(realm)
}

/// Changes a realm's settings, provided that nobody has changed them since they were read with this `version` (see [`find`]).
///
/// # Errors
/// [`Error::Invalid`], [`Error::Conflict`].
pub async fn update_settings(
    realm: &Realm,
    settings: Settings,
    version: i64,
    actor: &str,
) -> Result<(), Error> {
    settings.check()?;
    let text = stored_text(realm.name(), &settings)?;
    let mut batch = Batch::new();
    batch.expect(
        &sql::UPDATE_SETTINGS,
        params![realm.name(), version, text],
        1,
    );
    batch.run(&keys::sql::LOOK_SOON, params![realm.name()]);
    realm.record(&mut batch, Event::new("realm.changed").actor(actor));
    realm.announce(&mut batch, Kind::REALM, realm.name());
    match realm.commit(batch).await {
        Err(error) if error.is_guard(&sql::UPDATE_SETTINGS) => {
            Err(Error::conflict(WHAT, realm.name()))
        }
        other => other.map(drop).map_err(Error::from),
    }
}

/// Changes a realm's issuer. Every token, registration and bookmark names the old one, so it is a move of house; running processes go on with the old
/// one until they are restarted. Realms below the first one's issuer move with it.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Exists`] when another realm has this issuer, [`Error::NotFound`].
pub async fn set_issuer(node: &Node, name: &str, issuer: &str, actor: &str) -> Result<(), Error> {
    let issuer = check_issuer(issuer)?;
    let old = load(node.db(), name)
        .await?
        .ok_or_else(|| Error::not_found(WHAT, name))?
        .issuer;
    let below = format!("{old}/realms/");
    let mut batch = Batch::new();
    for realm in list(node, "", i64::MAX).await? {
        let moved = match realm.issuer.strip_prefix(&below) {
            _ if realm.name == name => issuer.clone(),
            Some(rest) if name == FIRST_REALM => format!("{issuer}/realms/{rest}"),
            _ => continue,
        };
        batch.expect(
            &sql::UPDATE_ISSUER,
            params![&realm.name, &realm.issuer, moved],
            1,
        );
        changes::announce(
            &mut batch,
            &realm.name,
            (Kind::REALM, &realm.name),
            node.ambient().now(),
        );
    }
    let event = Event::new("realm.moved")
        .actor(actor)
        .detail(serde_json::json!({ "from": old, "to": issuer }));
    let first = node.first();
    first.record(&mut batch, event);
    match first.commit(batch).await {
        Err(error) if error.is_unique(&sql::UPDATE_ISSUER) => {
            Err(Error::exists("realm with the issuer", &issuer))
        }
        Err(error) if error.is_guard(&sql::UPDATE_ISSUER) => Err(Error::conflict(WHAT, name)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// Seals the root secret of every realm with the node's sealing key, where another one (a previous key of it) did. Gives how many there were.
/// Nothing else is sealed with it, and no token or secret changes.
///
/// # Errors
/// When a root secret opens with none of the keys.
pub async fn reseal(node: &Node) -> Result<usize, Error> {
    let key = node.sealing_key();
    let (mut resealed, mut after) = (0, String::new());
    loop {
        let rows = node
            .db()
            .rows(&sql::LIST_REALMS, params![&after, 100])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(resealed);
        };
        after = last.text(0).to_owned();
        for row in &rows {
            let stored = read(row)?;
            if key.is_current(&stored.sealed_root) {
                continue;
            }
            let root = stored.open(key)?;
            let again = key.seal(&node.ambient().entropy, place(&stored.name), &root);
            let mut batch = Batch::new();
            batch.expect(
                &sql::RESEAL,
                params![&stored.name, &stored.sealed_root, again],
                1,
            );
            node.db().commit(batch).await?;
            resealed += 1;
        }
    }
}

/// An issuer that requests can find: a host that the first realm does not have.
fn own_host(issuer: &str, first: &str) -> Result<String, Invalid> {
    let issuer = check_issuer(issuer)?;
    if hosts::is_host_beside(&issuer, first) {
        return Ok(issuer);
    }
    let reason = format!(
        "`{}` is not a host of its own, such as https://login.example.org, other than the first realm's",
        issuer.escape_default()
    );
    Err(Invalid::new("issuer", reason))
}

/// A realm as the database has it now.
///
/// # Errors
/// When the database fails or the row cannot be read.
pub async fn find(node: &Node, name: &str) -> Result<Option<RealmInfo>, Error> {
    Ok(load(node.db(), name).await?.map(info))
}

/// At most `limit` realms, in the order of their names, after the one named `after` (empty for the first page).
///
/// # Errors
/// When the database fails or a row cannot be read.
pub async fn list(node: &Node, after: &str, limit: i64) -> Result<Vec<RealmInfo>, Error> {
    let rows = node
        .db()
        .rows(&sql::LIST_REALMS, params![after, limit])
        .await?;
    rows.iter().map(|row| read(row).map(info)).collect()
}

pub(crate) async fn load(db: &Db, name: &str) -> Result<Option<Stored>, Error> {
    let row = db.row(&sql::FIND_REALM, params![name]).await?;
    row.as_ref().map(read).transpose()
}

/// Writes a new realm; [`Error::Exists`] when there is one of this name or issuer.
pub(crate) async fn write(
    (db, ambient, key): (&Db, &ambient::Ambient, &SealingKey),
    name: &str,
    issuer: &str,
    (settings, actor): (Settings, &str),
) -> Result<(), Error> {
    let root = Zeroizing::new(ambient.entropy.bytes::<32>());
    let sealed = key.seal(&ambient.entropy, place(name), root.as_slice());
    let now = ambient.now();
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_REALM,
        params![name, issuer, stored_text(name, &settings)?, sealed, now],
    );
    batch.run(
        &crate::events::sql::INSERT_EVENT,
        params![
            name,
            ambient.id(),
            now,
            "realm.created",
            actor,
            db::Value::Null,
            db::Value::Null,
            db::Value::Null,
            "{}",
            now.saturating_add(settings.lifetimes.event_retention)
        ],
    );
    changes::announce(&mut batch, name, (Kind::REALM, name), now);
    match db.commit(batch).await {
        Err(error) if error.is_unique(&sql::INSERT_REALM) => Err(Error::exists(WHAT, name)),
        other => other.map(drop).map_err(Error::from),
    }
}

fn read(row: &Row) -> Result<Stored, Error> {
    let name = row.text(0);
    Ok(Stored {
        name: name.to_owned(),
        issuer: row.text(1).to_owned(),
        settings: Settings::from_stored(row.text(2))
            .map_err(|error| Error::stored(WHAT, name, error))?,
        sealed_root: row.text(3).to_owned(),
        version: row.int(4),
        created_at: row.int(5),
    })
}

fn info(stored: Stored) -> RealmInfo {
    RealmInfo {
        name: stored.name,
        issuer: stored.issuer,
        settings: stored.settings,
        version: stored.version,
        created_at: stored.created_at,
    }
}

fn stored_text(name: &str, settings: &Settings) -> Result<String, Error> {
    settings
        .to_stored()
        .map_err(|error| Error::stored(WHAT, name, error))
}

/// Lower-case letters, digits and hyphens: it stands in addresses and in names of cookies.
pub(crate) fn check_name(name: &str) -> Result<(), Invalid> {
    let fits = (1..=40).contains(&name.len())
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits {
        Ok(())
    } else {
        Err(Invalid::new(
            "name",
            format!(
                "`{}` is not 1 to 40 lower-case letters, digits and hyphens",
                name.escape_default()
            ),
        ))
    }
}

/// The issuer as it will stand in tokens: https (http is for loopback hosts, and elsewhere warned of), no query, no fragment, no slash at the
/// end (RFC 8414 §2).
pub(crate) fn check_issuer(issuer: &str) -> Result<String, Invalid> {
    let issuer = issuer.trim_end_matches('/');
    let refuse = |reason: &str| {
        Err(Invalid::new(
            "issuer",
            format!("`{}` {reason}", issuer.escape_default()),
        ))
    };
    let Ok(url) = Url::parse(issuer) else {
        return refuse("is not a URL, such as https://login.example.org");
    };
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return refuse("is not an https URL (RFC 8414 §2)");
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return refuse(
            "has a query, a fragment or a user name, which an issuer must not have (RFC 8414 §2)",
        );
    }
    // Clients compare issuers byte for byte; another spelling of the same address would never match.
    let normal = url.as_str().trim_end_matches('/');
    if normal != issuer {
        return refuse(&format!(
            "is spelled `{normal}` in its normal form: use that"
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        tracing::warn!(
            issuer,
            "the issuer is http: whoever can listen on the network can take over every account"
        );
    }
    Ok(issuer.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn an_issuer_is_taken_in_its_normal_form_only() {
        for (given, taken) in [
            ("https://login.example.org", "https://login.example.org"),
            ("https://login.example.org/", "https://login.example.org"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://example.org/auth", "https://example.org/auth"),
        ] {
            assert_eq!(check_issuer(given).unwrap(), taken);
        }
        for wrong in [
            "",
            "login.example.org",
            "ftp://x",
            "https://x?a=b",
            "https://x#y",
            "https://u@x",
            "https://Login.example.org",
            "https://x:443",
            "mailto:a@b.c",
        ] {
            assert_eq!(check_issuer(wrong).unwrap_err().field, "issuer", "{wrong}");
        }
    }

    #[test]
    fn a_name_fits_addresses_and_cookies() {
        for right in ["main", "a", "acme-2"] {
            check_name(right).unwrap();
        }
        for wrong in ["", "-a", "Acme", "a/b", "a.b", "ä", &"x".repeat(41)] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
