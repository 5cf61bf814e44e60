use db::{Batch, Row, params};
use jose::{Algorithm, SigningKey};
use serde_json::json;

use super::rules::{self, Next, Rotation};
use super::{Keys, Purpose, ring, sql};
use crate::changes::{self, Kind};
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::tenant::Realm;

/// A published key, without its secret part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name in tokens: the thumbprint (RFC 7638).
    pub kid: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What it signs with, by the registered name.
    pub algorithm: String,
    /// 1, 2, …
    pub generation: i64,
    /// Since when it is published (unix seconds).
    pub created_at: i64,
    /// From when it signs, until a younger one does.
    pub active_at: i64,
    /// Until when it is published, once that is known.
    pub expires_at: Option<i64>,
}

/// The published keys of a realm, by algorithm and age.
///
/// # Errors
/// When the database fails.
pub async fn list(realm: &Realm) -> Result<Vec<KeyInfo>, Error> {
    let rows = realm
        .db()
        .rows(&sql::LIST_KEYS, params![realm.name(), realm.now()])
        .await?;
    Ok(rows.iter().map(info).collect())
}

fn info(row: &Row) -> KeyInfo {
    let (purpose, algorithm) = Purpose::of(row.text(1));
    KeyInfo {
        purpose,
        kid: row.text(0).to_owned(),
        algorithm: algorithm.to_owned(),
        generation: row.int(2),
        created_at: row.int(5),
        active_at: row.int(6),
        expires_at: row.opt_int(7),
    }
}

/// Replaces the keys of this algorithm before their time. `actor` is who asks for it, for the audit.
///
/// # Errors
/// [`Error::Conflict`] when another node made a key at the same moment.
pub async fn rotate(
    realm: &Realm,
    algorithm: Algorithm,
    rotation: Rotation,
    actor: &str,
) -> Result<(), Error> {
    replace(realm, realm.keys(), (algorithm, rotation), actor).await
}

/// As [`rotate`], the keys of the realm as an entity of a federation. Whoever is above it has to vouch for the new key before that signs.
///
/// # Errors
/// As [`rotate`].
pub async fn rotate_federation(
    realm: &Realm,
    algorithm: Algorithm,
    rotation: Rotation,
    actor: &str,
) -> Result<(), Error> {
    replace(realm, realm.federation_keys(), (algorithm, rotation), actor).await
}

async fn replace(
    realm: &Realm,
    keys: &Keys,
    (algorithm, rotation): (Algorithm, Rotation),
    actor: &str,
) -> Result<(), Error> {
    let slot = keys.purpose.slot(algorithm);
    let youngest = youngest(keys, algorithm).await?;
    let lead = realm.settings().lifetimes.key_lead;
    let next = rules::on_request(youngest, realm.now(), lead, rotation);
    let (mut batch, _) = batch(keys, algorithm, next).await?;
    let event = Event::new("key.rotated").actor(actor).detail(json!({
        "algorithm": slot,
        "compromised": rotation == Rotation::Compromised,
    }));
    realm.record(&mut batch, event);
    realm.announce(&mut batch, Kind::KEYS, &slot);
    match realm.commit(batch).await {
        Err(error) if error.is_unique(&sql::INSERT_KEY) => Err(Error::conflict("key", &slot)),
        other => other.map(drop).map_err(Error::from),
    }
}

/// The last generation of this algorithm that there is, expired or not; 0 when there is none.
pub(super) async fn youngest(keys: &Keys, algorithm: Algorithm) -> Result<i64, Error> {
    let row = keys
        .db
        .row(
            &sql::YOUNGEST_KEY,
            params![&keys.realm, &*keys.purpose.slot(algorithm)],
        )
        .await?;
    Ok(row.map_or(0, |row| row.int(0)))
}

/// Makes a key. Says whether it did: another node may have been faster, and its key is as good.
pub(super) async fn make(keys: &Keys, algorithm: Algorithm, next: Next) -> Result<bool, Error> {
    let (mut batch, kid) = batch(keys, algorithm, next).await?;
    let slot = keys.purpose.slot(algorithm);
    changes::announce(
        &mut batch,
        &keys.realm,
        (Kind::KEYS, &slot),
        keys.ambient.now(),
    );
    match keys.db.commit(batch).await {
        Ok(_) => {
            tracing::info!(realm = keys.realm, algorithm = %slot, kid, active_at = next.active_at, "made a signing key");
            Ok(true)
        }
        Err(error) if error.is_unique(&sql::INSERT_KEY) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn batch(keys: &Keys, algorithm: Algorithm, next: Next) -> Result<(Batch, String), Error> {
    if algorithm.is_symmetric() {
        return Err(Invalid::new(
            "algorithm",
            format!("{algorithm} is symmetric: it has no public key to publish"),
        )
        .into());
    }
    let key = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm))
        .await
        .map_err(|_| Error::Interrupted)??;
    let kid = key.kid().to_owned();
    let secret = zeroize::Zeroizing::new(key.jwk().to_value().to_string());
    let sealed = keys
        .secrets
        .seal_at(&keys.ambient.entropy, ring::place(&kid), secret.as_bytes());
    let mut public = key.public_jwk()?.to_value();
    if let Some(members) = public.as_object_mut() {
        members.insert("kid".to_owned(), json!(kid));
        members.insert("alg".to_owned(), json!(algorithm.as_str()));
        members.insert("use".to_owned(), json!("sig"));
    }
    let slot = keys.purpose.slot(algorithm);
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_KEY,
        params![
            &keys.realm,
            &kid,
            &*slot,
            next.generation,
            public.to_string(),
            sealed,
            keys.ambient.now(),
            next.active_at
        ],
    );
    batch.run(
        &sql::EXPIRE_PREDECESSORS,
        params![
            &keys.realm,
            &*slot,
            next.generation,
            next.predecessors_expire_at
        ],
    );
    Ok((batch, kid))
}
