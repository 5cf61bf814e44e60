//! The rows of what people allowed.

use db::params;
use realm::Realm;

use super::rules::Consent;
use crate::refusal::Refusal;
use crate::stored;

db::statements! {
    /// What one person allowed one client.
    pub FIND_CONSENT = "SELECT scope, granted_at, version FROM consent WHERE realm = $1 AND person = $2 AND client = $3";
    /// Remembers a first consent, or adds to the one that was read: the guard is one row.
    pub REMEMBER_CONSENT = "INSERT INTO consent (realm, person, client, scope, granted_at, version) VALUES ($1, $2, $3, $4, $5, 1)
        ON CONFLICT (realm, person, client) DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at,
        version = consent.version + 1 WHERE consent.version = $6";
    /// All that one person allowed.
    pub LIST_CONSENTS = "SELECT client, scope, granted_at, version FROM consent WHERE realm = $1 AND person = $2 ORDER BY client";
    /// Deletes what a person allowed.
    pub FORGET_CONSENTS_OF_PERSON = "DELETE FROM consent WHERE realm = $1 AND person = $2";
    /// Deletes what a client was allowed until then, so many at most.
    pub FORGET_CONSENTS_OF_CLIENT = "DELETE FROM consent WHERE (realm, person, client) IN
        (SELECT realm, person, client FROM consent WHERE realm = $1 AND client = $2 AND granted_at <= $3 ORDER BY person LIMIT $4)";
    /// Withdraws a consent.
    pub WITHDRAW_CONSENT = "DELETE FROM consent WHERE realm = $1 AND person = $2 AND client = $3";
}

/// What the person allowed the client.
pub(crate) async fn find(
    realm: &Realm,
    person: &str,
    client: &str,
) -> Result<Option<Consent>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_CONSENT, params![realm.name(), person, client])
        .await?;
    row.map(|row| {
        Ok(Consent {
            scope: stored::parse(row.text(0))?,
            granted_at: row.int(1),
            version: row.int(2),
        })
    })
    .transpose()
}

/// All that the person allowed, by client.
pub(crate) async fn list(realm: &Realm, person: &str) -> Result<Vec<(String, Consent)>, Refusal> {
    let rows = realm
        .db()
        .rows(&LIST_CONSENTS, params![realm.name(), person])
        .await?;
    rows.iter()
        .map(|row| {
            let consent = Consent {
                scope: stored::parse(row.text(1))?,
                granted_at: row.int(2),
                version: row.int(3),
            };
            Ok((row.text(0).to_owned(), consent))
        })
        .collect()
}
