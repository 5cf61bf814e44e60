//! The rows of refresh token families.

use db::{Row, params};
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;
use realm::Realm;

use super::rules::{Bound, Family};
use crate::refusal::Refusal;
use crate::stored;

db::statements! {
    /// A new family.
    pub BEGIN_FAMILY = "INSERT INTO refresh_family (realm, id, client, person, session, offline, scope, resources, auth_time, amr, acr, confirmation,
        counter, rotated_at, created_at, idle_expires_at, expires_at, version, authorization_details, claims, bound)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    /// A family by its id.
    pub FIND_FAMILY = "SELECT id, client, person, session, offline, scope, resources, auth_time, amr, acr, counter, rotated_at, created_at,
        idle_expires_at, expires_at, revoked_at, version, confirmation, authorization_details, claims, bound FROM refresh_family WHERE realm = $1 AND id = $2";
    /// Makes the next token the live one, once: the guard is one row. What it is bound to from now on it stays bound to.
    pub ROTATE_FAMILY = "UPDATE refresh_family SET counter = $4, rotated_at = $5, idle_expires_at = $6, version = version + 1,
        confirmation = COALESCE(confirmation, $7), bound = COALESCE(bound, $8)
        WHERE realm = $1 AND id = $2 AND version = $3 AND revoked_at IS NULL";
    /// Revokes one family.
    pub REVOKE_FAMILY = "UPDATE refresh_family SET revoked_at = $3, version = version + 1 WHERE realm = $1 AND id = $2 AND revoked_at IS NULL";
    /// Revokes the families that began in a session and do not outlive it.
    pub REVOKE_FAMILIES_OF_SESSION = "UPDATE refresh_family SET revoked_at = $3, version = version + 1
        WHERE realm = $1 AND session = $2 AND offline = 0 AND revoked_at IS NULL";
    /// Revokes what a person allowed a client.
    pub REVOKE_FAMILIES_OF_CONSENT = "UPDATE refresh_family SET revoked_at = $4, version = version + 1
        WHERE realm = $1 AND person = $2 AND client = $3 AND revoked_at IS NULL";
    /// Revokes what a person had until then.
    pub REVOKE_FAMILIES_OF_PERSON = "UPDATE refresh_family SET revoked_at = $3, version = version + 1
        WHERE realm = $1 AND person = $2 AND created_at <= $3 AND revoked_at IS NULL";
    /// Deletes what a person had.
    pub FORGET_FAMILIES_OF_PERSON = "DELETE FROM refresh_family WHERE realm = $1 AND person = $2";
    /// Deletes what a client had until then of the people whose consents `FORGET_CONSENTS_OF_CLIENT` deletes with the same parameters, which has to come
    /// after it. Those of others (a client that needs no consent) go when they expire.
    pub FORGET_FAMILIES_OF_CLIENT = "DELETE FROM refresh_family WHERE realm = $1 AND client = $2 AND created_at <= $3 AND person IN
        (SELECT person FROM consent WHERE realm = $1 AND client = $2 AND granted_at <= $3 ORDER BY person LIMIT $4)";
    /// Deletes families that have ended.
    pub SWEEP_FAMILIES = "DELETE FROM refresh_family WHERE (realm, id) IN
        (SELECT realm, id FROM refresh_family WHERE idle_expires_at <= $1 ORDER BY idle_expires_at LIMIT $2)";
}

/// The parameters of [`BEGIN_FAMILY`].
pub(crate) fn begin(realm: &str, family: &Family) -> db::Params {
    params![
        realm,
        &family.id,
        &family.client,
        &family.person,
        family.session.as_deref(),
        family.offline,
        family.scope.to_string(),
        stored::list(&family.resources),
        family.auth_time,
        stored::list(&family.amr),
        family.acr.as_deref(),
        family.confirmation.as_ref().map(Confirmation::to_text),
        family.counter,
        family.rotated_at,
        family.created_at,
        family.idle_expires_at,
        family.expires_at,
        family.version,
        family.details.as_ref().map(AuthorizationDetails::to_text),
        family.claims.as_ref().map(ClaimsRequest::to_text),
        family.bound.map(|bound| written(bound, family.bound_from)),
    ]
}

/// The parameters of [`ROTATE_FAMILY`]: the next token has the number `to`, and is bound to `confirmation` if the family is bound to nothing yet.
pub(crate) fn rotate(
    realm: &Realm,
    family: &Family,
    (to, idle_expires_at): (i64, i64),
    (confirmation, bound): (Option<Confirmation>, Option<Bound>),
) -> db::Params {
    // Tokens of an attested instance were bound to it before.
    let from = if family.confirmation.is_some() { 1 } else { to };
    params![
        realm.name(),
        &family.id,
        family.version,
        to,
        realm.now(),
        idle_expires_at,
        confirmation.as_ref().map(Confirmation::to_text),
        bound.map(|bound| written(bound, from)),
    ]
}

/// As it is stored: `key`, or `key 7` where the seventh token of the family was the first that is bound.
fn written(bound: Bound, from: i64) -> String {
    match from {
        ..=1 => name_of(bound).to_owned(),
        _ => format!("{} {from}", name_of(bound)),
    }
}

fn name_of(bound: Bound) -> &'static str {
    match bound {
        Bound::Key => "key",
        Bound::Certificate => "certificate",
    }
}

fn bound(text: &str) -> Result<(Bound, i64), Refusal> {
    // Not to be taken for "not bound".
    let damaged = || Refusal::Failed("a stored grant is damaged".to_owned());
    let (name, from) = text.split_once(' ').unwrap_or((text, "1"));
    let bound = match name {
        "key" => Bound::Key,
        "certificate" => Bound::Certificate,
        _ => return Err(damaged()),
    };
    Ok((bound, from.parse().map_err(|_| damaged())?))
}

/// The family with this id.
pub(crate) async fn find(realm: &Realm, id: &str) -> Result<Option<Family>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_FAMILY, params![realm.name(), id])
        .await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Family, Refusal> {
    let bound = row.opt_text(20).map(bound).transpose()?;
    Ok(Family {
        id: row.text(0).to_owned(),
        client: row.text(1).to_owned(),
        person: row.text(2).to_owned(),
        session: row.opt_text(3).map(str::to_owned),
        offline: row.flag(4),
        scope: stored::parse(row.text(5))?,
        resources: stored::unlist(row.text(6))?,
        details: row.opt_text(18).map(stored::details).transpose()?,
        claims: row.opt_text(19).map(stored::claims).transpose()?,
        auth_time: row.int(7),
        amr: stored::unlist(row.text(8))?,
        acr: row.opt_text(9).map(str::to_owned),
        counter: row.int(10),
        rotated_at: row.int(11),
        created_at: row.int(12),
        idle_expires_at: row.int(13),
        expires_at: row.int(14),
        revoked_at: row.opt_int(15),
        version: row.int(16),
        confirmation: row.opt_text(17).map(stored::confirmation).transpose()?,
        bound: bound.map(|(bound, _)| bound),
        bound_from: bound.map_or(1, |(_, from)| from),
    })
}
