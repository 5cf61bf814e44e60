//! Picks people and clients from all over the tables of the first realm, and lets the people sign in.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::{Connection, params};

use super::random::Random;
use crate::Failure;

/// A person in a browser, and the application they use.
pub(super) struct Browser {
    pub(super) client: String,
    /// The `Cookie` header.
    pub(super) cookie: String,
}

/// Whoever takes part in a measurement.
pub(super) struct Crowd {
    /// Every client of the realm, in no order.
    pub(super) clients: Vec<String>,
    pub(super) browsers: Vec<Browser>,
}

/// At most `browsers` people with a session and a remembered consent.
pub(super) fn enrol(path: &Path, browsers: usize, now: i64) -> Result<Crowd, Failure> {
    let mut connection = Connection::open(path)?;
    let mut random = Random::new(now.unsigned_abs());
    let mut ids = |table: &str| -> Result<Vec<String>, Failure> {
        let mut ids: Vec<String> = connection
            .prepare(&format!("SELECT id FROM {table} WHERE realm = 'main'"))?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for last in (1..ids.len()).rev() {
            ids.swap(last, (random.next() % (last as u64 + 1)) as usize);
        }
        Ok(ids)
    };
    let (clients, people) = (ids("client")?, ids("person")?);
    let mut out = Vec::new();
    let transaction = connection.transaction()?;
    for (index, person) in people.iter().take(browsers).enumerate() {
        let client = &clients[index % clients.len()];
        let (value, id) = (random.token(), random.id(now.unsigned_abs() * 1000));
        let hash = jose::base64url::encode(digest(&SHA256, value.as_bytes()));
        transaction.execute(
            "INSERT INTO session (realm, hash, id, person, auth_time, amr, acr, created_at, last_seen_at, expires_at)
             VALUES ('main', ?1, ?2, ?3, ?4, '[\"pwd\"]', NULL, ?4, ?4, ?4 + 43200)",
            params![hash, id, person, now],
        )?;
        transaction.execute(
            "INSERT INTO consent (realm, person, client, scope, granted_at, version) VALUES ('main', ?1, ?2, ?3, ?4, 1)
             ON CONFLICT (realm, person, client) DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at, version = version + 1",
            params![person, client, super::SCOPE, now],
        )?;
        out.push(Browser {
            client: client.clone(),
            cookie: format!("grantor-main={value}"),
        });
    }
    transaction.commit()?;
    Ok(Crowd {
        clients,
        browsers: out,
    })
}
