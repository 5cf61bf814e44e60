//! The rows of devices.

use db::{Row, params};
use oauth::authorization_details::AuthorizationDetails;
use realm::Realm;

use super::rules::Device;
use crate::refusal::Refusal;
use crate::{stored, waiting};

db::statements! {
    /// A device that asks. Refused when its user code is that of another one.
    pub BEGIN_DEVICE = "INSERT INTO device_code (realm, hash, user_code, client, scope, resources, address, created_at, expires_at, keep_until,
        poll_interval, polled_at, state, authorization_details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 'pending', $12)";
    /// A device by the hash of its code.
    pub FIND_DEVICE = "SELECT hash, client, scope, resources, address, created_at, expires_at, poll_interval, polled_at, state, grant_id, person, session,
        allowed_scope, auth_time, amr, acr, allowed_at, authorization_details FROM device_code WHERE realm = $1 AND hash = $2";
    /// A device that waits for a person, by its user code.
    pub FIND_DEVICE_TO_DECIDE = "SELECT hash, client, scope, resources, address, created_at, expires_at, poll_interval, polled_at, state, grant_id, person,
        session, allowed_scope, auth_time, amr, acr, allowed_at, authorization_details FROM device_code
        WHERE realm = $1 AND user_code = $2 AND state = 'pending' AND expires_at > $3";
    /// Writes a poll down, unless another one came since the device was read: the guard is one row.
    pub POLL_DEVICE = "UPDATE device_code SET polled_at = $3, poll_interval = $4 WHERE realm = $1 AND hash = $2 AND state = 'pending'
        AND polled_at = $5 AND poll_interval = $6";
    /// Allows a device, once: the guard is one row.
    pub ALLOW_DEVICE = "UPDATE device_code SET state = 'allowed', user_code = NULL, keep_until = $4, grant_id = $5, person = $6, session = $7,
        allowed_scope = $8, auth_time = $9, amr = $10, acr = $11, allowed_at = $12
        WHERE realm = $1 AND hash = $2 AND state = 'pending' AND expires_at > $3";
    /// Denies a device, once: the guard is one row.
    pub DENY_DEVICE = "UPDATE device_code SET state = 'denied', user_code = NULL WHERE realm = $1 AND hash = $2 AND state = 'pending' AND expires_at > $3";
    /// Redeems a device code, once, unless its grant or session, or since it was allowed its person, consent or client, was revoked: the guard is one row.
    pub REDEEM_DEVICE = "UPDATE device_code SET state = 'redeemed' WHERE realm = $1 AND hash = $2 AND state = 'allowed' AND expires_at > $3
        AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($4, $5, $6, $7, $8) AND (revocation.id IN ($4, $5) OR revocation.revoked_at >= $9))";
    /// Deletes devices that need not be remembered any more.
    pub SWEEP_DEVICES = "DELETE FROM device_code WHERE (realm, hash) IN
        (SELECT realm, hash FROM device_code WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}

/// The parameters of [`BEGIN_DEVICE`].
pub(crate) fn begin(
    realm: &str,
    (hash, user_code): (&str, &str),
    device: &Device,
    keep_until: i64,
) -> db::Params {
    params![
        realm,
        hash,
        user_code,
        &device.client,
        device.scope.to_string(),
        stored::list(&device.resources),
        device.address.as_deref(),
        device.created_at,
        device.expires_at,
        keep_until,
        device.interval,
        device.details.as_ref().map(AuthorizationDetails::to_text),
    ]
}

/// The device whose code has this hash.
pub(crate) async fn find(realm: &Realm, hash: &str) -> Result<Option<Device>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_DEVICE, params![realm.name(), hash])
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// The hash and the device that waits for a person under this user code.
pub(crate) async fn find_to_decide(
    realm: &Realm,
    user_code: &str,
    now: i64,
) -> Result<Option<(String, Device)>, Refusal> {
    let row = realm
        .db()
        .row(
            &FIND_DEVICE_TO_DECIDE,
            params![realm.name(), user_code, now],
        )
        .await?;
    row.map(|row| Ok((row.text(0).to_owned(), read(&row)?)))
        .transpose()
}

fn read(row: &Row) -> Result<Device, Refusal> {
    Ok(Device {
        client: row.text(1).to_owned(),
        scope: stored::parse(row.text(2))?,
        resources: stored::unlist(row.text(3))?,
        details: row.opt_text(18).map(stored::details).transpose()?,
        address: row.opt_text(4).map(str::to_owned),
        created_at: row.int(5),
        expires_at: row.int(6),
        interval: row.int(7),
        polled_at: row.int(8),
        state: waiting::stored::state(row, 9)?,
    })
}
