//! Initial access tokens (RFC 7591 §1.2): what lets somebody register a client, counted and for a time. Of each only a MAC is kept.

pub(crate) mod sql;

use db::{Batch, CommitError, Row, params};

use crate::clients::check_text;
use crate::error::{Error, Invalid};
use crate::events::Event;
use crate::tenant::Realm;

const PURPOSE: &str = "initial_access_token";
/// What these tokens begin with, so that scanners for leaked secrets recognise them.
const PREFIX: &str = "gint_";
const WHAT: &str = "initial access token";
/// What [`Error::NotFound`] names when a token cannot be used (any more).
pub const UNUSABLE: &str = "usable initial access token";
/// The longest that a token may be good, in seconds: a year.
pub const LONGEST: i64 = 365 * 24 * 3600;
/// The most clients that one token may register.
pub const MOST_USES: i64 = 1_000_000;

/// An initial access token, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialToken {
    /// Its identifier, for taking it back.
    pub id: String,
    /// Whom it was made for, in words.
    pub name: String,
    /// How many clients it may still register.
    pub uses_left: i64,
    /// Until when it is good (unix seconds).
    pub expires_at: i64,
    /// When it was made (unix seconds).
    pub created_at: i64,
}

fn hash(realm: &Realm, token: &str) -> String {
    jose::base64url::encode(realm.mac(PURPOSE, token.as_bytes()))
}

/// Makes a token that registers `uses` clients within `lifetime` seconds. The token itself is handed back and seen this once.
///
/// # Errors
/// [`Error::Invalid`] for a number or a name out of bounds.
pub async fn create(
    realm: &Realm,
    name: &str,
    (uses, lifetime): (i64, i64),
    actor: &str,
) -> Result<(InitialToken, String), Error> {
    check_text("name", name, 200)?;
    if !(1..=MOST_USES).contains(&uses) {
        let reason = format!("{uses} is not within 1 to {MOST_USES}");
        return Err(Invalid::new("uses", reason).into());
    }
    if !(1..=LONGEST).contains(&lifetime) {
        let reason = format!("{lifetime} seconds are not within 1 to {LONGEST}");
        return Err(Invalid::new("lifetime", reason).into());
    }
    let now = realm.now();
    let token = format!("{PREFIX}{}", realm.ambient().token());
    let made = InitialToken {
        id: realm.ambient().id(),
        name: name.to_owned(),
        uses_left: uses,
        expires_at: now.saturating_add(lifetime),
        created_at: now,
    };
    let mut batch = Batch::new();
    batch.run(
        &sql::INSERT_INITIAL_TOKEN,
        params![
            realm.name(),
            &made.id,
            hash(realm, &token),
            name,
            uses,
            made.expires_at,
            now
        ],
    );
    let event = Event::new("initial_access_token.created").actor(actor);
    let detail = serde_json::json!({ "id": made.id, "name": name, "uses": uses });
    realm.record(&mut batch, event.detail(detail));
    realm.commit(batch).await?;
    Ok((made, token))
}

/// Whether a token can be used now. That it still can when it is used, only the commit decides.
///
/// # Errors
/// When the database fails.
pub async fn is_usable(realm: &Realm, token: &str) -> Result<bool, Error> {
    if token.len() > 512 {
        return Ok(false);
    }
    let values = params![realm.name(), hash(realm, token), realm.now()];
    let found = realm.db().row(&sql::FIND_INITIAL_TOKEN, values).await?;
    Ok(found.is_some())
}

/// Takes one use of a token, in the batch that registers the client.
pub(crate) fn spend(realm: &Realm, batch: &mut Batch, token: &str) {
    let values = params![realm.name(), hash(realm, token), realm.now()];
    batch.expect(&sql::SPEND_INITIAL_TOKEN, values, 1);
}

/// Whether a batch failed because the token had no use left.
pub(crate) fn is_refused(error: &CommitError) -> bool {
    error.is_guard(&sql::SPEND_INITIAL_TOKEN)
}

/// At most `limit` tokens, in the order of their identifiers, after the one named `after` (empty for the first page).
///
/// # Errors
/// When the database fails.
pub async fn list(realm: &Realm, after: &str, limit: i64) -> Result<Vec<InitialToken>, Error> {
    let values = params![realm.name(), after, limit];
    let rows = realm.db().rows(&sql::LIST_INITIAL_TOKENS, values).await?;
    Ok(rows.iter().map(read).collect())
}

fn read(row: &Row) -> InitialToken {
    InitialToken {
        id: row.text(0).to_owned(),
        name: row.text(1).to_owned(),
        uses_left: row.int(2),
        expires_at: row.int(3),
        created_at: row.int(4),
    }
}

/// Takes a token back. The clients that it registered stay.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(realm: &Realm, id: &str, actor: &str) -> Result<(), Error> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_INITIAL_TOKEN, params![realm.name(), id], 1);
    let event = Event::new("initial_access_token.deleted").actor(actor);
    realm.record(&mut batch, event.detail(serde_json::json!({ "id": id })));
    match realm.commit(batch).await {
        Err(CommitError::Guard { .. }) => Err(Error::not_found(WHAT, id)),
        other => other.map(drop).map_err(Error::from),
    }
}
