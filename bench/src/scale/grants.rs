//! The rows that there are millions of, in the order of their keys, as a busy half-year would have left them.

use rusqlite::{Connection, params};

use super::population::{self, Sizes};
use super::random::Random;
use crate::Failure;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// How old a family of refresh tokens gets at most, and how long it lives without being used.
const ABSOLUTE: i64 = 180 * DAY;
const IDLE: i64 = 30 * DAY;
/// How long events are kept.
const KEPT: i64 = 90 * DAY;

/// A realm that is being filled.
pub(super) struct Tenant<'a> {
    pub(super) name: &'a str,
    pub(super) sizes: Sizes,
    pub(super) now: i64,
}

/// Fills a realm whose clients are there already.
pub(super) fn fill(
    connection: &Connection,
    tenant: &Tenant<'_>,
    random: &mut Random,
) -> Result<(), Failure> {
    let clients: Vec<String> = connection
        .prepare_cached("SELECT id FROM client WHERE realm = ?1 ORDER BY id")?
        .query_map([tenant.name], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let people = people(connection, tenant, random)?;
    let mut pairs = families(connection, tenant, (&people, &clients), random)?;
    pairs.sort_unstable();
    pairs.dedup();
    let mut consent = connection.prepare_cached(
        "INSERT OR IGNORE INTO consent (realm, person, client, scope, granted_at, version) VALUES (?1, ?2, ?3, ?4, ?5, 1)",
    )?;
    for (person, client) in pairs {
        let (person, client) = (&people[person as usize], &clients[client as usize]);
        let granted = tenant.now - ABSOLUTE;
        consent.execute(params![tenant.name, person, client, super::SCOPE, granted])?;
    }
    Ok(())
}

/// People with a password; a fifth of them has been here today, and one in fifty has signed out.
fn people(
    connection: &Connection,
    tenant: &Tenant<'_>,
    random: &mut Random,
) -> Result<Vec<String>, Failure> {
    let mut person = connection.prepare_cached(
        "INSERT INTO person (realm, id, username, username_key, email, email_key, email_verified, display_name, groups, profile, password_hash, disabled,
         signed_out_at, version, created_at, updated_at) VALUES (?1, ?2, ?3, ?3, ?4, ?4, 1, ?5, '[]', '{}', ?6, 0, 0, 1, ?7, ?7)",
    )?;
    let mut session = connection.prepare_cached(
        "INSERT INTO session (realm, hash, id, person, auth_time, amr, acr, created_at, last_seen_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, '[\"pwd\"]', NULL, ?5, ?5, ?6)",
    )?;
    let mut revocation = connection.prepare_cached(
        "INSERT INTO revocation (realm, id, revoked_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let (name, now) = (tenant.name, tenant.now);
    let mut out = Vec::new();
    for index in 0..tenant.sizes.people {
        let created = now - ABSOLUTE - DAY - (tenant.sizes.people - index) as i64;
        let id = random.id(created as u64 * 1000);
        let username = format!("person-{index:07}");
        let email = format!("{username}@example.org");
        let display = format!("Person Number {index}");
        let hash = format!(
            "$argon2id$v=19$m=19456,t=2,p=1${}${}",
            &random.token()[..22],
            random.token()
        );
        person.execute(params![name, id, username, email, display, hash, created])?;
        if index % 5 == 0 {
            let seen = now - (random.share() * 11.0 * HOUR as f64) as i64;
            let (hash, sid) = (random.token(), random.id(seen as u64 * 1000));
            session.execute(params![name, hash, sid, id, seen, seen + 12 * HOUR])?;
        }
        if index % 50 == 0 {
            let at = now - (random.share() * 20.0 * HOUR as f64) as i64;
            let mark = format!("session:{}", random.id(at as u64 * 1000));
            revocation.execute(params![name, mark, at, at + DAY + 300])?;
        }
        out.push(id);
    }
    Ok(out)
}

/// Families of refresh tokens from the last half-year, all alive; the events of the last 90 days; the codes of the last hour. Gives who allowed whom, by index.
fn families(
    connection: &Connection,
    tenant: &Tenant<'_>,
    (people, clients): (&[String], &[String]),
    random: &mut Random,
) -> Result<Vec<(u32, u32)>, Failure> {
    let mut family = connection.prepare_cached(
        "INSERT INTO refresh_family (realm, id, client, person, session, offline, scope, resources, auth_time, amr, acr, counter, rotated_at, created_at,
         idle_expires_at, expires_at, version) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, '[]', ?7, '[\"pwd\"]', NULL, ?8, ?9, ?7, ?10, ?11, ?8)",
    )?;
    let mut event = connection.prepare_cached(
        "INSERT INTO event (realm, id, at, kind, actor, person, client, address, detail, expires_at) VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, '192.0.2.7', ?7, ?8)",
    )?;
    let mut code = connection.prepare_cached(
        "INSERT INTO authorization_code (realm, hash, grant_id, client, person, session, redirect_uri, redirect_uri_sent, challenge, scope, resources, auth_time,
         amr, issued_at, expires_at, keep_until, redeemed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, '[]', ?10, '[\"pwd\"]', ?10, ?10 + 60, ?10 + 3660, ?10 + 1)",
    )?;
    let (name, now, count) = (tenant.name, tenant.now, tenant.sizes.grants);
    let mut pairs = Vec::with_capacity(count as usize);
    for index in 0..count {
        let age = ABSOLUTE as f64 * (1.0 - (index as f64 + 0.5) / count as f64);
        let created = now - age as i64;
        let millis = now as u64 * 1000 - (age * 1000.0) as u64;
        let rotated = now - (random.share() * age.min((IDLE - HOUR) as f64)) as i64;
        let uses = 1 + (rotated - created) / DAY;
        let person = population::person(random, people.len() as u64);
        let client = population::client(random, clients.len() as u64);
        pairs.push((person as u32, client as u32));
        let (person, client) = (&people[person as usize], &clients[client as usize]);
        let (id, session) = (random.id(millis), random.id(millis));
        let ends = created + ABSOLUTE;
        family.execute(params![
            name,
            id,
            client,
            person,
            session,
            super::SCOPE,
            created,
            uses,
            rotated,
            (rotated + IDLE).min(ends),
            ends
        ])?;
        if age < KEPT as f64 {
            let detail = format!("{{\"grant\":\"{id}\",\"scope\":\"{}\"}}", super::SCOPE);
            for kind in ["authorization_code.issued", "authorization_code.redeemed"] {
                let event_id = random.id(millis);
                let until = created + KEPT;
                event.execute(params![
                    name, event_id, created, kind, person, client, detail, until
                ])?;
            }
        }
        if age < HOUR as f64 {
            let (hash, challenge) = (random.token(), random.token());
            let to = grantor_tests::live::REDIRECT;
            code.execute(params![
                name,
                hash,
                id,
                client,
                person,
                session,
                to,
                challenge,
                super::SCOPE,
                created
            ])?;
        }
    }
    Ok(pairs)
}
