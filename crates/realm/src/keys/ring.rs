//! The keys of a realm in memory, parsed.

use std::sync::Arc;

use db::{Row, params};
use jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey};
use serde_json::Value;

use super::certificates::Certificates;
use super::rules::{self, Times};
use super::{Family, Keys, Purpose, Role, sql};
use crate::error::Error;
use crate::sealing::{Place, SealingError};

pub(crate) struct Ring {
    entries: Vec<Entry>,
    pub(super) jwks: Arc<JwkSet>,
    pub(super) key_set: Arc<KeySet>,
    pub(super) read_at: i64,
}

struct Entry {
    kid: String,
    role: Role,
    times: Times,
    key: Key,
    certificates: Option<Certificates>,
}

#[derive(Clone)]
enum Key {
    Signs(Arc<SigningKey>),
    Opens(Arc<Jwk>),
}

impl Ring {
    pub(super) fn signer(&self, algorithm: Algorithm, now: i64) -> Option<Arc<SigningKey>> {
        // A handful of keys: looking through them is faster than any index.
        let entry = self
            .of(algorithm.into())
            .filter(|entry| rules::signer(&[entry.times], now).is_some())
            .max_by_key(|entry| entry.times.generation)?;
        match &entry.key {
            Key::Signs(key) => Some(Arc::clone(key)),
            Key::Opens(_) => None,
        }
    }

    /// What is said in `x5c` of what this key signs, if an authority certified it and the certificate is valid.
    pub(super) fn x5c(&self, kid: &str, now: i64) -> Option<Value> {
        let entry = self.entries.iter().find(|entry| entry.kid == kid)?;
        entry.certificates.as_ref()?.x5c(now)
    }

    /// The key of this name that signs, did or will.
    pub(super) fn signing(&self, kid: &str) -> Option<Arc<SigningKey>> {
        match self.parsed(kid)? {
            Key::Signs(key) => Some(key),
            Key::Opens(_) => None,
        }
    }

    /// Whether there is a key for this that counts now.
    pub(super) fn has(&self, role: Role, now: i64) -> bool {
        self.of(role)
            .any(|entry| rules::signer(&[entry.times], now).is_some())
    }

    /// The keys that open what is encrypted, of this name if there is one; those that are published for later as well, since clients take them at once.
    pub(super) fn opening(
        &self,
        family: Family,
        kid: Option<&str>,
        now: i64,
    ) -> impl Iterator<Item = Arc<Jwk>> {
        self.of(Role::RequestObjects(family))
            .filter(move |entry| entry.times.expires_at.is_none_or(|at| now < at))
            .filter(move |entry| kid.is_none_or(|kid| kid == entry.kid))
            .filter_map(|entry| match &entry.key {
                Key::Opens(key) => Some(Arc::clone(key)),
                Key::Signs(_) => None,
            })
    }

    pub(super) fn times(&self, role: Role) -> Vec<Times> {
        self.of(role).map(|entry| entry.times).collect()
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.role == role)
    }

    fn parsed(&self, kid: &str) -> Option<Key> {
        let entry = self.entries.iter().find(|entry| entry.kid == kid)?;
        Some(entry.key.clone())
    }
}

pub(super) fn place(kid: &str) -> Place<'_> {
    Place {
        table: "signing_key",
        column: "sealed_key",
        row: kid,
    }
}

/// Reads and parses the published keys; what `known` has parsed is not parsed again.
pub(super) async fn load(keys: &Keys, known: Option<Arc<Ring>>) -> Result<Ring, Error> {
    let now = keys.ambient.now();
    let rows = keys
        .db
        .rows(&sql::LIST_KEYS, params![&keys.realm, now])
        .await?;
    let (secrets, purpose) = (Arc::clone(&keys.secrets), keys.purpose);
    let parse = move || {
        let mut ring = Ring {
            entries: Vec::new(),
            jwks: Arc::default(),
            key_set: Arc::new(KeySet::new(Vec::new())),
            read_at: now,
        };
        let mut signing = JwkSet { keys: Vec::new() };
        // Of those that clients encrypt to the youngest of each family alone is published (OpenID Connect Core §10.2.1).
        let mut encryption = Family::ALL.map(|family| (family, None));
        for row in &rows {
            let kid = row.text(0);
            let (own, name) = Purpose::of(row.text(1));
            if own != purpose {
                continue;
            }
            let Ok(role) = name.parse::<Role>() else {
                tracing::warn!(
                    kid,
                    algorithm = row.text(1),
                    "a key of an algorithm that this version does not know"
                );
                continue;
            };
            let key = match known.as_ref().and_then(|ring| ring.parsed(kid)) {
                Some(key) => key,
                None => open(&secrets, row, role)?,
            };
            let public = Jwk::from_json(row.text(3))?;
            ring.entries.push(Entry {
                kid: kid.to_owned(),
                role,
                times: Times {
                    generation: row.int(2),
                    active_at: row.int(6),
                    expires_at: row.opt_int(7),
                },
                key,
                certificates: row
                    .opt_text(8)
                    .and_then(|text| Certificates::unstored(text, &public)),
            });
            match role {
                Role::Signing(_) => signing.keys.push(public),
                // By age, the youngest last.
                Role::RequestObjects(family) => {
                    let of = encryption.iter_mut().find(|(own, _)| *own == family);
                    of.into_iter()
                        .for_each(|(_, key)| *key = Some(public.clone()));
                }
            }
        }
        ring.key_set = Arc::new(KeySet::from_jwks(&signing));
        let encryption = encryption.into_iter().filter_map(|(_, key)| key);
        signing.keys.extend(encryption);
        ring.jwks = Arc::new(signing);
        Ok::<_, Error>(ring)
    };
    // Parsing an RSA key checks it, which takes milliseconds.
    tokio::task::spawn_blocking(parse)
        .await
        .map_err(|_| Error::Interrupted)?
}

fn open(secrets: &crate::sealing::Secrets, row: &Row, role: Role) -> Result<Key, Error> {
    let place = place(row.text(0));
    let altered = || SealingError::Altered {
        place: place.to_string(),
    };
    let bytes = secrets.open_at(place, row.text(4)).ok_or_else(altered)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| altered())?;
    let jwk = Jwk::from_json(text)?;
    Ok(match role {
        Role::Signing(algorithm) => Key::Signs(Arc::new(SigningKey::from_jwk(&jwk, algorithm)?)),
        Role::RequestObjects(_) => Key::Opens(Arc::new(jwk)),
    })
}
