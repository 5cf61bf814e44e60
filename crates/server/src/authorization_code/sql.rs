//! The rows of issued codes.

use db::{Row, params};
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;
use realm::Realm;

use super::rules::{Code, State};
use crate::refusal::Refusal;
use crate::stored;

db::statements! {
    /// A new code.
    pub ISSUE_CODE = "INSERT INTO authorization_code (realm, hash, grant_id, client, person, session, redirect_uri, redirect_uri_sent, challenge,
        scope, resources, nonce, auth_time, amr, acr, confirmation, issued_at, expires_at,
        keep_until, authorization_details, claims) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    /// A code by its hash.
    pub FIND_CODE = "SELECT grant_id, client, person, session, redirect_uri, redirect_uri_sent, challenge, scope, resources, nonce, auth_time, amr,
        acr, issued_at, expires_at, redeemed_at, confirmation, authorization_details, claims FROM authorization_code WHERE realm = $1 AND hash = $2";
    /// Redeems a code, once, unless its grant or session, or since its issue its person, consent or client, was revoked: the guard is one row. The memory
    /// of this node may not know of that yet, and what begins here must not outlive it.
    pub REDEEM_CODE = "UPDATE authorization_code SET redeemed_at = $3 WHERE realm = $1 AND hash = $2 AND redeemed_at IS NULL AND expires_at > $3
        AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($4, $5, $6, $7, $8) AND (revocation.id IN ($4, $5) OR revocation.revoked_at >= $9))";
    /// Deletes codes that need not be remembered any more.
    pub SWEEP_CODES = "DELETE FROM authorization_code WHERE (realm, hash) IN
        (SELECT realm, hash FROM authorization_code WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}

/// The parameters of [`ISSUE_CODE`].
pub(crate) fn issue(realm: &str, hash: &str, code: &Code, keep_until: i64) -> db::Params {
    params![
        realm,
        hash,
        &code.grant_id,
        &code.client,
        &code.person,
        &code.session,
        &code.redirect_uri,
        code.redirect_uri_sent,
        code.challenge.as_ref().map(|challenge| challenge.as_str()),
        code.scope.to_string(),
        stored::list(&code.resources),
        code.nonce.as_deref(),
        code.auth_time,
        stored::list(&code.amr),
        code.acr.as_deref(),
        code.confirmation.as_ref().map(Confirmation::to_text),
        code.issued_at,
        code.expires_at,
        keep_until,
        code.details.as_ref().map(AuthorizationDetails::to_text),
        code.claims.as_ref().map(ClaimsRequest::to_text),
    ]
}

/// The parameters of [`REDEEM_CODE`].
pub(crate) fn redeem(realm: &str, hash: &str, code: &Code, now: i64) -> db::Params {
    let [grant, session, person, consent, client] = super::marks(code).map(|mark| mark.id());
    params![
        realm,
        hash,
        now,
        grant,
        session,
        person,
        consent,
        client,
        code.issued_at,
    ]
}

/// The code with this hash.
pub(crate) async fn find(realm: &Realm, hash: &str) -> Result<Option<Code>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_CODE, params![realm.name(), hash])
        .await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Code, Refusal> {
    Ok(Code {
        grant_id: row.text(0).to_owned(),
        client: row.text(1).to_owned(),
        person: row.text(2).to_owned(),
        session: row.text(3).to_owned(),
        redirect_uri: row.text(4).to_owned(),
        redirect_uri_sent: row.flag(5),
        challenge: row.opt_text(6).map(stored::parse).transpose()?,
        scope: stored::parse(row.text(7))?,
        resources: stored::unlist(row.text(8))?,
        details: row.opt_text(17).map(stored::details).transpose()?,
        claims: row.opt_text(18).map(stored::claims).transpose()?,
        nonce: row.opt_text(9).map(str::to_owned),
        auth_time: row.int(10),
        amr: stored::unlist(row.text(11))?,
        acr: row.opt_text(12).map(str::to_owned),
        confirmation: row.opt_text(16).map(stored::confirmation).transpose()?,
        issued_at: row.int(13),
        expires_at: row.int(14),
        state: row.opt_int(15).map_or(State::Fresh, State::Redeemed),
    })
}
