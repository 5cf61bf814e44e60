//! The keys of a realm in memory, parsed.

use std::sync::Arc;

use db::{Row, params};
use jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey};

use super::rules::{self, Times};
use super::{Keys, Purpose, sql};
use crate::error::Error;
use crate::sealing::{Place, SealingError};

pub(crate) struct Ring {
    entries: Vec<Entry>,
    pub(super) jwks: Arc<JwkSet>,
    pub(super) key_set: Arc<KeySet>,
    pub(super) read_at: i64,
}

struct Entry {
    algorithm: Algorithm,
    times: Times,
    signing: Arc<SigningKey>,
}

impl Ring {
    pub(super) fn signer(&self, algorithm: Algorithm, now: i64) -> Option<Arc<SigningKey>> {
        // A handful of keys: looking through them is faster than any index.
        self.entries
            .iter()
            .filter(|entry| entry.algorithm == algorithm)
            .filter(|entry| rules::signer(&[entry.times], now).is_some())
            .max_by_key(|entry| entry.times.generation)
            .map(|entry| Arc::clone(&entry.signing))
    }

    pub(super) fn times(&self, algorithm: Algorithm) -> Vec<Times> {
        self.entries
            .iter()
            .filter(|entry| entry.algorithm == algorithm)
            .map(|entry| entry.times)
            .collect()
    }

    fn signing(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.entries
            .iter()
            .find(|entry| entry.signing.kid() == kid)
            .map(|entry| Arc::clone(&entry.signing))
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
        let mut jwks = JwkSet { keys: Vec::new() };
        for row in &rows {
            let kid = row.text(0);
            let (own, algorithm) = Purpose::of(row.text(1));
            if own != purpose {
                continue;
            }
            let Ok(algorithm) = algorithm.parse::<Algorithm>() else {
                tracing::warn!(
                    kid,
                    algorithm = row.text(1),
                    "a signing key of an algorithm that this version does not know"
                );
                continue;
            };
            let signing = match known.as_ref().and_then(|ring| ring.signing(kid)) {
                Some(signing) => signing,
                None => Arc::new(open(&secrets, row, algorithm)?),
            };
            ring.entries.push(Entry {
                algorithm,
                times: Times {
                    generation: row.int(2),
                    active_at: row.int(6),
                    expires_at: row.opt_int(7),
                },
                signing,
            });
            jwks.keys.push(Jwk::from_json(row.text(3))?);
        }
        ring.key_set = Arc::new(KeySet::from_jwks(&jwks));
        ring.jwks = Arc::new(jwks);
        Ok::<_, Error>(ring)
    };
    // Parsing an RSA key checks it, which takes milliseconds.
    tokio::task::spawn_blocking(parse)
        .await
        .map_err(|_| Error::Interrupted)?
}

fn open(
    secrets: &crate::sealing::Secrets,
    row: &Row,
    algorithm: Algorithm,
) -> Result<SigningKey, Error> {
    let place = place(row.text(0));
    let altered = || SealingError::Altered {
        place: place.to_string(),
    };
    let bytes = secrets.open_at(place, row.text(4)).ok_or_else(altered)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| altered())?;
    Ok(SigningKey::from_jwk(&Jwk::from_json(text)?, algorithm)?)
}
