//! The rows of pushed requests.

use db::params;
use realm::Realm;

use super::rules::Pushed;
use crate::refusal::Refusal;

db::statements! {
    /// A request that a client pushes.
    pub PUSH_REQUEST = "INSERT INTO pushed_authorization_request (realm, hash, client, request, expires_at, keep_until) VALUES ($1, $2, $3, $4, $5, $6)";
    /// A request by the hash of its reference.
    pub FIND_PUSHED_REQUEST = "SELECT client, request, expires_at, used_at FROM pushed_authorization_request WHERE realm = $1 AND hash = $2";
    /// Uses a request up, once: the guard is one row.
    pub USE_PUSHED_REQUEST = "UPDATE pushed_authorization_request SET used_at = $3 WHERE realm = $1 AND hash = $2 AND used_at IS NULL";
    /// Deletes requests that nobody can be answering any more.
    pub SWEEP_PUSHED_REQUESTS = "DELETE FROM pushed_authorization_request WHERE (realm, hash) IN
        (SELECT realm, hash FROM pushed_authorization_request WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}

/// The request with this hash.
pub(super) async fn find(realm: &Realm, hash: &str) -> Result<Option<Pushed>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_PUSHED_REQUEST, params![realm.name(), hash])
        .await?;
    Ok(row.map(|row| Pushed {
        client: row.text(0).to_owned(),
        request: row.text(1).to_owned(),
        expires_at: row.int(2),
        used: row.opt_int(3).is_some(),
    }))
}
