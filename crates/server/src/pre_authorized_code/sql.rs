//! The rows of offers.

use db::{Row, params};
use realm::{Mark, Realm};

use super::rules::{GUESSES, Offered};
use crate::refusal::Refusal;
use crate::stored;

db::statements! {
    /// A new offer.
    pub MAKE_OFFER = "INSERT INTO credential_offer (realm, hash, reference, document, person, configurations, tx_code, guesses, grant_id, created_at,
        expires_at, keep_until) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11)";
    /// An offer by the hash of its code.
    pub FIND_OFFER = "SELECT grant_id, person, configurations, tx_code, guesses, created_at, expires_at, client FROM credential_offer WHERE realm = $1 AND hash = $2";
    /// What is to be fetched by this name, sealed.
    pub FIND_OFFER_DOCUMENT = "SELECT document FROM credential_offer WHERE realm = $1 AND reference = $2 AND expires_at > $3";
    /// Fetches an offer, once: the guard is one row.
    pub TAKE_OFFER_DOCUMENT = "UPDATE credential_offer SET reference = NULL, document = NULL WHERE realm = $1 AND reference = $2";
    /// Counts a wrong transaction code, unless another one was counted since the offer was read: the guard is one row.
    pub COUNT_GUESS = "UPDATE credential_offer SET guesses = guesses + 1 WHERE realm = $1 AND hash = $2 AND guesses = $3 AND client IS NULL";
    /// Redeems an offer, once, unless a wrong code was counted since it was read, or its grant, its person, the consent or the client was revoked: the guard
    /// is one row.
    pub REDEEM_OFFER = "UPDATE credential_offer SET client = $4, reference = NULL, document = NULL WHERE realm = $1 AND hash = $2 AND client IS NULL
        AND expires_at > $3 AND guesses = $5 AND guesses < $6 AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($7, $8, $9, $10) AND (revocation.id = $7 OR revocation.revoked_at >= $11))";
    /// Uses up an offer for the code flow, once: the guard is one row.
    pub USE_ISSUER_STATE = "UPDATE credential_offer SET client = $4, reference = NULL, document = NULL WHERE realm = $1 AND hash = $2 AND client IS NULL
        AND expires_at > $3";
    /// Deletes offers that need not be remembered any more.
    pub SWEEP_OFFERS = "DELETE FROM credential_offer WHERE (realm, hash) IN
        (SELECT realm, hash FROM credential_offer WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}

/// The parameters of [`REDEEM_OFFER`].
pub(super) fn redeem(
    (realm, hash): (&str, &str),
    offered: &Offered,
    (marks, client): ([Mark<'_>; 5], &str),
    now: i64,
) -> db::Params {
    let [grant, _, person, consent, of_client] = marks.map(|mark| mark.id());
    params![
        realm,
        hash,
        now,
        client,
        offered.guesses,
        GUESSES,
        grant,
        person,
        consent,
        of_client,
        offered.created_at,
    ]
}

/// The offer whose code has this hash.
pub(super) async fn find(realm: &Realm, hash: &str) -> Result<Option<Offered>, Refusal> {
    let row = realm
        .db()
        .row(&FIND_OFFER, params![realm.name(), hash])
        .await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Offered, Refusal> {
    Ok(Offered {
        grant_id: row.text(0).to_owned(),
        person: row.text(1).to_owned(),
        configurations: stored::unlist(row.text(2))?,
        tx_code: row.opt_text(3).map(str::to_owned),
        guesses: row.int(4),
        created_at: row.int(5),
        expires_at: row.int(6),
        redeemed: row.opt_text(7).is_some(),
    })
}
