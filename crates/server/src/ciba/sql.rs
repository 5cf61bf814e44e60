//! The rows of what clients ask people for, and of people's user codes.

use db::{Row, params};
use oauth::authorization_details::AuthorizationDetails;
use oauth::ciba::DeliveryMode;
use realm::{Mark, Realm};

use super::rules::{Authentication, PENDING, PENDING_OF_CLIENT};
use crate::refusal::Refusal;
use crate::{stored, waiting};

db::statements! {
    /// Holds the row of the person who is asked until the commit: comes before [`BEGIN_AUTHENTICATION`], which counts what the one before left.
    pub HOLD_ASKED_PERSON = "INSERT INTO asked_person (realm, person, expires_at) VALUES ($1, $2, $3)
        ON CONFLICT (realm, person) DO UPDATE SET expires_at = excluded.expires_at";
    /// A client that asks, unless too many requests wait for the person: the guard is one row.
    pub BEGIN_AUTHENTICATION = "INSERT INTO backchannel_authentication (realm, hash, id, client, person, delivery, notification, scope, resources,
        binding_message, max_age, address, created_at, expires_at, keep_until, poll_interval, polled_at, state,
        authorization_details, acr_values) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 'pending', $17, $18
        WHERE (SELECT COUNT(*) FROM backchannel_authentication WHERE realm = $1 AND person = $5 AND state = 'pending' AND expires_at > $13 AND client = $4) < $19
        AND (SELECT COUNT(*) FROM backchannel_authentication WHERE realm = $1 AND person = $5 AND state = 'pending' AND expires_at > $13) < $20";
    /// A request by the hash of its `auth_req_id`.
    pub FIND_AUTHENTICATION = "SELECT hash, id, client, delivery, scope, resources, binding_message, max_age, address, created_at, expires_at, poll_interval,
        polled_at, state, grant_id, person, session, allowed_scope, auth_time, amr, acr, allowed_at, notification, authorization_details, acr_values
        FROM backchannel_authentication
        WHERE realm = $1 AND hash = $2";
    /// A request that waits for a person, by its name.
    pub FIND_AUTHENTICATION_TO_DECIDE = "SELECT hash, id, client, delivery, scope, resources, binding_message, max_age, address, created_at, expires_at,
        poll_interval, polled_at, state, grant_id, person, session, allowed_scope, auth_time, amr, acr, allowed_at, notification, authorization_details, acr_values
        FROM backchannel_authentication
        WHERE realm = $1 AND id = $2 AND person = $3 AND state = 'pending' AND expires_at > $4";
    /// The requests that wait for a person, the newest first.
    pub LIST_AUTHENTICATIONS = "SELECT hash, id, client, delivery, scope, resources, binding_message, max_age, address, created_at, expires_at,
        poll_interval, polled_at, state, grant_id, person, session, allowed_scope, auth_time, amr, acr, allowed_at, notification, authorization_details, acr_values
        FROM backchannel_authentication
        WHERE realm = $1 AND person = $2 AND state = 'pending' AND expires_at > $3 ORDER BY created_at DESC, id DESC LIMIT $4";
    /// Whose requests wait for a person.
    pub LIST_WAITING_CLIENTS = "SELECT client, expires_at FROM backchannel_authentication
        WHERE realm = $1 AND person = $2 AND state = 'pending' AND expires_at > $3 LIMIT $4";
    /// Writes a poll down, unless another one came since the request was read: the guard is one row.
    pub POLL_AUTHENTICATION = "UPDATE backchannel_authentication SET polled_at = $3, poll_interval = $4 WHERE realm = $1 AND hash = $2 AND state = 'pending'
        AND polled_at = $5 AND poll_interval = $6";
    /// Allows a request, once, by the person who is asked: the guard is one row.
    pub ALLOW_AUTHENTICATION = "UPDATE backchannel_authentication SET state = 'allowed', keep_until = $4, grant_id = $5, session = $7, allowed_scope = $8,
        auth_time = $9, amr = $10, acr = $11, allowed_at = $12
        WHERE realm = $1 AND hash = $2 AND person = $6 AND state = 'pending' AND expires_at > $3";
    /// Denies a request, once, by the person who is asked: the guard is one row.
    pub DENY_AUTHENTICATION = "UPDATE backchannel_authentication SET state = 'denied'
        WHERE realm = $1 AND hash = $2 AND person = $3 AND state = 'pending' AND expires_at > $4";
    /// Redeems a request, once, unless its grant or session, or since it was allowed its person, consent or client, was revoked: the guard is one row.
    pub REDEEM_AUTHENTICATION = "UPDATE backchannel_authentication SET state = 'redeemed', notification = NULL
        WHERE realm = $1 AND hash = $2 AND state = 'allowed' AND expires_at > $3
        AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($4, $5, $6, $7, $8) AND (revocation.id IN ($4, $5) OR revocation.revoked_at >= $9))";
    /// The same, where what is redeemed is still to be sent: that (sealed) stays with it.
    pub PUSH_AUTHENTICATION = "UPDATE backchannel_authentication SET state = 'redeemed', notification = $10
        WHERE realm = $1 AND hash = $2 AND state = 'allowed' AND expires_at > $3
        AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($4, $5, $6, $7, $8) AND (revocation.id IN ($4, $5) OR revocation.revoked_at >= $9))";
    /// Nothing is left to be sent.
    pub FORGET_NOTIFICATION = "UPDATE backchannel_authentication SET notification = NULL WHERE realm = $1 AND hash = $2";
    /// Deletes requests that need not be remembered any more.
    pub SWEEP_AUTHENTICATIONS = "DELETE FROM backchannel_authentication WHERE (realm, hash) IN
        (SELECT realm, hash FROM backchannel_authentication WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
    /// Counts a letter to a person because of a client, unless there were too many: the guard is one row.
    pub COUNT_LETTER = "INSERT INTO letter_count (realm, person, client, letters, expires_at) VALUES ($1, $2, $3, 1, $5)
        ON CONFLICT (realm, person, client) DO UPDATE SET
        letters = CASE WHEN letter_count.expires_at <= $4 THEN 1 ELSE letter_count.letters + 1 END,
        expires_at = CASE WHEN letter_count.expires_at <= $4 THEN excluded.expires_at ELSE letter_count.expires_at END
        WHERE letter_count.expires_at <= $4 OR letter_count.letters < $6";
    /// Writes down that a letter was counted, as a count of a client that cannot be.
    pub MARK_LETTER = "INSERT INTO letter_count (realm, person, client, letters, expires_at) VALUES ($1, $2, $3, 0, $4)";
    /// Whether a letter was counted.
    pub FIND_LETTER = "SELECT letters FROM letter_count WHERE realm = $1 AND person = $2 AND client = $3";
    /// Forgets whom nobody asks any more.
    pub SWEEP_ASKED_PEOPLE = "DELETE FROM asked_person WHERE (realm, person) IN
        (SELECT realm, person FROM asked_person WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    /// Forgets letters that do not count any more.
    pub SWEEP_LETTER_COUNTS = "DELETE FROM letter_count WHERE (realm, person, client) IN
        (SELECT realm, person, client FROM letter_count WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    /// Takes note of a signed request, once: the second time is a repetition.
    pub SPEND_SIGNED_REQUEST = "INSERT INTO client_assertion (realm, hash, expires_at) VALUES ($1, $2, $3)";
    /// A person's user code.
    pub FIND_USER_CODE = "SELECT mac FROM user_code WHERE realm = $1 AND person = $2";
    /// Sets it.
    pub SET_USER_CODE = "INSERT INTO user_code (realm, person, mac, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (realm, person) DO UPDATE SET mac = excluded.mac, set_at = excluded.set_at";
    /// Takes it away.
    pub FORGET_USER_CODE = "DELETE FROM user_code WHERE realm = $1 AND person = $2";
}

/// The parameters of [`BEGIN_AUTHENTICATION`].
pub(crate) fn begin(
    realm: &str,
    hash: &str,
    asked: &Authentication,
    (notification, keep_until): (Option<&str>, i64),
) -> db::Params {
    params![
        realm,
        hash,
        &asked.id,
        &asked.client,
        &asked.person,
        asked.delivery.as_str(),
        notification,
        asked.scope.to_string(),
        stored::list(&asked.resources),
        asked.binding_message.as_deref(),
        asked.max_age,
        asked.address.as_deref(),
        asked.created_at,
        asked.expires_at,
        keep_until,
        asked.interval,
        asked.details.as_ref().map(AuthorizationDetails::to_text),
        stored::list(&asked.acr_values),
        at_most(PENDING_OF_CLIENT),
        at_most(PENDING),
    ]
}

fn at_most(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The parameters of [`PUSH_AUTHENTICATION`].
pub(crate) fn push(
    (realm, hash): (&str, &str),
    marks: [Mark<'_>; 5],
    (allowed_at, now): (i64, i64),
    notification: &str,
) -> db::Params {
    let [grant, session, person, consent, client] = marks.map(|mark| mark.id());
    params![
        realm,
        hash,
        now,
        grant,
        session,
        person,
        consent,
        client,
        allowed_at,
        notification
    ]
}

/// A row.
pub(crate) struct Found {
    /// The hash of its `auth_req_id`.
    pub(crate) hash: String,
    /// What it says.
    pub(crate) asked: Authentication,
    /// What is to be sent, sealed.
    pub(crate) notification: Option<String>,
}

/// The request whose `auth_req_id` has this hash.
pub(crate) async fn find(realm: &Realm, hash: &str) -> Result<Option<Found>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_AUTHENTICATION, params![realm.name(), hash])
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// The request of this name that waits for this person.
pub(crate) async fn find_to_decide(
    realm: &Realm,
    (id, person): (&str, &str),
    now: i64,
) -> Result<Option<Found>, Refusal> {
    let row = realm
        .db()
        .row(
            &FIND_AUTHENTICATION_TO_DECIDE,
            params![realm.name(), id, person, now],
        )
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// The requests that wait for this person, so many at most.
pub(crate) async fn list(
    realm: &Realm,
    person: &str,
    (now, most): (i64, usize),
) -> Result<Vec<Found>, Refusal> {
    let most = at_most(most);
    let rows = realm
        .db()
        .rows(
            &LIST_AUTHENTICATIONS,
            params![realm.name(), person, now, most],
        )
        .await?;
    rows.iter().map(read).collect()
}

/// Whose requests wait for this person, and until when.
pub(crate) async fn waiting_clients(
    realm: &Realm,
    person: &str,
    (now, most): (i64, usize),
) -> Result<Vec<(String, i64)>, Refusal> {
    let most = at_most(most);
    let rows = realm
        .db()
        .rows(
            &LIST_WAITING_CLIENTS,
            params![realm.name(), person, now, most],
        )
        .await?;
    let pair = |row: &Row| (row.text(0).to_owned(), row.int(1));
    Ok(rows.iter().map(pair).collect())
}

/// What a person's user code is stored as.
pub(crate) async fn user_code(realm: &Realm, person: &str) -> Result<Option<String>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_USER_CODE, params![realm.name(), person])
        .await?;
    Ok(row.map(|row| row.text(0).to_owned()))
}

fn read(row: &Row) -> Result<Found, Refusal> {
    let delivery: DeliveryMode = stored::parse(row.text(3))?;
    Ok(Found {
        hash: row.text(0).to_owned(),
        notification: row.opt_text(22).map(str::to_owned),
        asked: Authentication {
            id: row.text(1).to_owned(),
            client: row.text(2).to_owned(),
            person: row.text(15).to_owned(),
            delivery,
            scope: stored::parse(row.text(4))?,
            resources: stored::unlist(row.text(5))?,
            details: row.opt_text(23).map(stored::details).transpose()?,
            binding_message: row.opt_text(6).map(str::to_owned),
            max_age: row.opt_int(7),
            acr_values: stored::unlist(row.text(24))?,
            address: row.opt_text(8).map(str::to_owned),
            created_at: row.int(9),
            expires_at: row.int(10),
            interval: row.int(11),
            polled_at: row.int(12),
            state: waiting::stored::state(row, 13)?,
        },
    })
}
