use db::{Batch, Row, params};
use jose::{Algorithm, Jwk, SigningKey};
use serde_json::json;

use super::certificates::Certificates;
use super::rules::{self, Next, Rotation};
use super::{Family, Keys, Purpose, Role, encryption, history, ring, sql};
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
    /// What it signs with, or what is encrypted to it with ([`Role`]), by the registered name.
    pub algorithm: String,
    /// 1, 2, …
    pub generation: i64,
    /// Since when it is published (unix seconds).
    pub created_at: i64,
    /// From when it signs, until a younger one does.
    pub active_at: i64,
    /// Until when it is published, once that is known.
    pub expires_at: Option<i64>,
    /// Until when the certificate is valid that an authority gave it, if one did (unix seconds).
    pub certified_until: Option<i64>,
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
        certified_until: certified_until(row),
    }
}

fn certified_until(row: &Row) -> Option<i64> {
    let public = Jwk::from_json(row.text(3)).ok()?;
    let kept = Certificates::unstored(row.opt_text(8)?, &public)?;
    Some(kept.until())
}

/// Replaces the keys that do this before their time. `actor` is who asks for it, for the audit.
///
/// # Errors
/// [`Error::Conflict`] when another node made a key at the same moment.
pub async fn rotate(
    realm: &Realm,
    role: impl Into<Role>,
    rotation: Rotation,
    actor: &str,
) -> Result<(), Error> {
    let (keys, role) = (realm.keys(), role.into());
    if role == Role::RequestObjects(Family::EcdhEs) {
        // The first one is not new: what derives from the root secret may be what has leaked.
        keys.opening(Family::EcdhEs).await?;
    }
    replace(realm, keys, (role, rotation), actor).await
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
    let keys = realm.federation_keys();
    replace(realm, keys, (algorithm.into(), rotation), actor).await
}

async fn replace(
    realm: &Realm,
    keys: &Keys,
    (role, rotation): (Role, Rotation),
    actor: &str,
) -> Result<(), Error> {
    let slot = keys.purpose.slot(role);
    let youngest = youngest(keys, role).await?;
    let lead = realm.settings().lifetimes.key_lead;
    let next = rules::on_request(youngest, realm.now(), lead, rotation);
    let (mut batch, _) = batch(keys, role, next).await?;
    if keys.purpose == Purpose::Federation && rotation == Rotation::Compromised {
        let at = next.predecessors_expire_at;
        history::remember_compromised(&mut batch, realm.name(), role, at);
    }
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

/// The last generation for this that there is, expired or not; 0 when there is none.
pub(super) async fn youngest(keys: &Keys, role: Role) -> Result<i64, Error> {
    let row = keys
        .db
        .row(
            &sql::YOUNGEST_KEY,
            params![&keys.realm, &*keys.purpose.slot(role)],
        )
        .await?;
    Ok(row.map_or(0, |row| row.int(0)))
}

/// Makes a key. Says whether it did: another node may have been faster, and its key is as good.
pub(super) async fn make(keys: &Keys, role: Role, next: Next) -> Result<bool, Error> {
    let (mut batch, kid) = batch(keys, role, next).await?;
    let slot = keys.purpose.slot(role);
    changes::announce(
        &mut batch,
        &keys.realm,
        (Kind::KEYS, &slot),
        keys.ambient.now(),
    );
    match keys.db.commit(batch).await {
        Ok(_) => {
            tracing::info!(realm = keys.realm, algorithm = %slot, kid, active_at = next.active_at, "made a key");
            Ok(true)
        }
        Err(error) if error.is_unique(&sql::INSERT_KEY) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A new key: its private and its public half, with what is published beside that.
fn generate(keys: &crate::sealing::Secrets, role: Role, first: bool) -> Result<(Jwk, Jwk), Error> {
    let algorithm = match role {
        Role::RequestObjects(family) => {
            let key = if first && family == Family::EcdhEs {
                encryption::derive(keys)?
            } else {
                encryption::generate(family)?
            };
            let public = key.public()?;
            return Ok((key, public));
        }
        Role::Signing(algorithm) => algorithm,
    };
    let key = SigningKey::generate(algorithm)?;
    let mut public = key.public_jwk()?.to_value();
    if let Some(members) = public.as_object_mut() {
        members.insert("kid".to_owned(), json!(key.kid()));
        members.insert("alg".to_owned(), json!(algorithm.as_str()));
        members.insert("use".to_owned(), json!("sig"));
    }
    Ok((key.jwk().with_kid(key.kid()), Jwk::from_value(public)?))
}

async fn batch(keys: &Keys, role: Role, next: Next) -> Result<(Batch, String), Error> {
    if let Role::Signing(algorithm) = role
        && algorithm.is_symmetric()
    {
        return Err(Invalid::new(
            "algorithm",
            format!("{algorithm} is symmetric: it has no public key to publish"),
        )
        .into());
    }
    let secrets = std::sync::Arc::clone(&keys.secrets);
    let made = move || generate(&secrets, role, next.generation == 1);
    let (private, public) = tokio::task::spawn_blocking(made)
        .await
        .map_err(|_| Error::Interrupted)??;
    let kid = public.kid().unwrap_or_default().to_owned();
    let secret = zeroize::Zeroizing::new(private.to_value().to_string());
    let place = ring::place(&kid);
    let entropy = &keys.ambient.entropy;
    let sealed = keys.secrets.seal_at(entropy, place, secret.as_bytes());
    let slot = keys.purpose.slot(role);
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_KEY,
        params![
            &keys.realm,
            &kid,
            &*slot,
            next.generation,
            public.to_value().to_string(),
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
