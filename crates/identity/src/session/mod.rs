//! Sessions: that a browser belongs to someone who has signed in. The cookie holds 256 random bits, the database their SHA-256.

mod cookie;
pub mod rules;
pub(crate) mod sql;
mod state;

use std::net::IpAddr;

use db::{Batch, CommitError, Row, params};
use http::HeaderMap;
use realm::outbox::Ended;
use realm::{Mark, Realm, Settings};
use web::cookie::SetCookie;

use crate::Error;
use crate::digest::sha256;
use crate::events::{Happened, record};
use crate::methods::Method;
use crate::password_hash::PasswordHash;
use crate::people::{self, Person};

pub(crate) use cookie::is_token;
pub use state::{BrowserState, state_cookie_name};

/// A session that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What tokens carry as `sid`; not a secret. It stays when the same person authenticates again in the same browser.
    pub id: String,
    /// The person's id.
    pub person: String,
    /// When they last authenticated (unix seconds).
    pub auth_time: i64,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// When it began, or began anew by authenticating again (unix seconds).
    pub created_at: i64,
    /// When it was last seen, to within a few minutes (unix seconds).
    pub last_seen_at: i64,
    /// When it ends if it is not used any more (unix seconds).
    pub expires_at: i64,
    /// Names the authentication that it rests on: another one after each sign-in, also within one second. Not a secret.
    pub sign_in: String,
}

impl Session {
    /// The authentication context class that was reached, for who asked for these values; see [`acr`].
    pub fn reached(&self, settings: &Settings, asked: &[String]) -> Option<String> {
        acr(settings, asked, &self.amr)
    }
}

/// What `acr` is after a sign-in by these methods, for who asked for these values: as the realm names strengths now, whatever it named them at the sign-in; where it
/// names none, the way of the sign-in.
pub fn acr(settings: &Settings, asked: &[String], amr: &[String]) -> Option<String> {
    let wished = ways(amr).find(|way| asked.iter().any(|value| value == way));
    let way = || wished.or_else(|| ways(amr).next());
    settings.acr.told(asked, amr, way)
}

/// Whether a sign-in by these methods is as strong as one of the values that were asked for. Where the realm names no strengths they bind nobody, unless the client
/// said that one of them is essential: then it is the way of the sign-in or nothing (OpenID Connect Core §5.5.1.1).
pub fn is_strong(
    settings: &Settings,
    (asked, is_essential): (&[String], bool),
    amr: &[impl AsRef<str>],
) -> bool {
    if settings.acr.0.is_empty() && is_essential && !asked.is_empty() {
        return ways(amr).any(|way| asked.iter().any(|value| value == way));
    }
    settings.acr.meets(asked, amr)
}

/// The ways to sign in that take no other methods than these.
fn ways(amr: &[impl AsRef<str>]) -> impl Iterator<Item = &'static str> {
    let used = |method: &&Method| {
        let mut names = method.amr().iter();
        names.all(|name| amr.iter().any(|own| own.as_ref() == *name))
    };
    Method::ALL.iter().filter(used).map(|method| method.acr())
}

/// How somebody has just authenticated.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// Authentication method references (RFC 8176).
    pub amr: Vec<String>,
    /// The address it was done from.
    pub address: Option<IpAddr>,
    /// The same password hashed anew, to be stored with the session.
    pub(crate) rehashed: Option<PasswordHash>,
}

impl Authentication {
    /// An authentication by one method.
    pub fn by(method: Method, address: Option<IpAddr>) -> Self {
        Self {
            amr: method.amr().iter().map(|&amr| amr.to_owned()).collect(),
            address,
            rehashed: None,
        }
    }
}

/// A session that has begun.
#[derive(Debug)]
pub struct Begun {
    /// The session.
    pub session: Session,
    /// What the browser has to be given.
    pub cookie: SetCookie,
    /// What it shows to applications that watch the session.
    pub state: SetCookie,
}

/// The lifetimes that the realm's settings give sessions.
pub fn lifetimes(realm: &Realm) -> rules::Lifetimes {
    let settings = realm.settings();
    rules::Lifetimes {
        idle: settings.lifetimes.session_idle,
        absolute: settings.lifetimes.session_absolute,
    }
}

/// The session of the request's cookie and its person, in one read; `None` when there is none or it has ended. Every few minutes it also
/// writes that the session was seen.
///
/// # Errors
/// When the database fails.
pub async fn current(
    realm: &Realm,
    headers: &HeaderMap,
) -> Result<Option<(Session, Person)>, Error> {
    let Some(value) = cookie::value(realm, headers) else {
        return Ok(None);
    };
    let Some((mut session, person)) = load(realm, &sha256(&value)).await? else {
        return Ok(None);
    };
    touch(realm, &mut session).await;
    Ok(Some((session, person)))
}

/// The living session with this id and its person, for what refers to it by `sid`. Does not count as a use.
///
/// # Errors
/// When the database fails.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<(Session, Person)>, Error> {
    let row = realm
        .db()
        .row(&sql::FIND_SESSION_BY_ID, params![realm.name(), id])
        .await?;
    Ok(row.as_ref().and_then(|row| living(realm, row)))
}

/// A person's sessions, newest first, at most 100; those that went idle may still be among them.
///
/// # Errors
/// When the database fails.
pub async fn of_person(realm: &Realm, person: &str) -> Result<Vec<Session>, Error> {
    let rows = realm
        .db()
        .rows(&sql::LIST_SESSIONS, params![realm.name(), person, 100])
        .await?;
    let now = realm.now();
    Ok(rows
        .iter()
        .map(|row| Session {
            id: row.text(0).to_owned(),
            person: row.text(1).to_owned(),
            auth_time: row.int(2),
            amr: serde_json::from_str(row.text(3)).unwrap_or_default(),
            created_at: row.int(4),
            last_seen_at: row.int(5),
            expires_at: row.int(6),
            sign_in: row.text(7).to_owned(),
        })
        .filter(|session| session.expires_at > now)
        .collect())
}

/// Begins a session for somebody who has just authenticated, and commits it with `batch`. The cookie's value is always a new one, so that a
/// value planted in the browser gains nothing. A session of the same person that the browser has goes on under its id; one of somebody else
/// ends.
///
/// # Errors
/// [`Error::Changed`] when the person was changed or disabled since they were loaded: check again. Otherwise the database's.
pub async fn begin(
    realm: &Realm,
    headers: &HeaderMap,
    person: &Person,
    authentication: Authentication,
    mut batch: Batch,
) -> Result<Begun, Error> {
    let old = match cookie::value(realm, headers) {
        Some(value) => {
            let hash = sha256(&value);
            load(realm, &hash)
                .await?
                .map(|(session, _)| (session, hash))
        }
        None => None,
    };
    let (value, now, lifetimes) = (realm.ambient().token(), realm.now(), lifetimes(realm));
    let created_at = rules::begins_at(now, person.signed_out_at);
    let mut session = Session {
        id: realm.ambient().id(),
        person: person.id.clone(),
        auth_time: now,
        amr: authentication.amr,
        created_at,
        last_seen_at: created_at,
        expires_at: rules::expires_at(created_at, created_at, lifetimes),
        sign_in: sha256(&value),
    };
    people::hold_for_sign_in(realm, &mut batch, person, authentication.rehashed.as_ref());
    let replaced = match old {
        Some((old, hash)) if old.person == person.id => {
            batch.expect(
                &sql::REPLACE_SESSION,
                params![realm.name(), &old.id, hash],
                1,
            );
            session.id = old.id;
            let renewed = Ended::payload(&session.id, session.created_at);
            realm.enqueue(&mut batch, RENEWED, &renewed, now);
            None
        }
        Some((old, _)) => Some(old),
        None => None,
    };
    batch.run(
        &sql::INSERT_SESSION,
        params![
            realm.name(),
            &session.sign_in,
            &session.id,
            &session.person,
            session.auth_time,
            serde_json::to_string(&session.amr).unwrap_or_else(|_| "[]".to_owned()),
            session.reached(&realm.settings(), &[]),
            session.created_at,
            session.expires_at
        ],
    );
    let happened = Happened::to("sign_in.succeeded", &person.id)
        .from(authentication.address)
        .with(serde_json::json!({ "session": session.id, "amr": session.amr }));
    record(realm, &mut batch, happened);
    if let Some(old) = &replaced {
        end(realm, &mut batch, old, authentication.address);
    }
    realm.commit(batch).await?;
    let cookie = cookie::set(realm, &value, lifetimes.absolute);
    let state = BrowserState::of(realm, &session).cookie(realm);
    Ok(Begun {
        session,
        cookie,
        state,
    })
}

/// The kind of the message that says that a session begins anew under its identifier, and when (`at` of a [`realm::outbox::Ended`]): what upper floors keep under
/// it for as long as it can last is to be kept longer.
pub const RENEWED: &str = "session.renewed";

/// The kind of the message that says that a session has ended; its payload is a [`realm::outbox::Ended`]. What upper floors keep under the session
/// ends when it is delivered.
pub const ENDED: &str = "session.ended";

/// Adds to `batch` what ends a session: its row goes, and the tokens that carry its id are revoked. It is the last thing in the batch, which is
/// committed with [`Realm::commit`], so that this node knows of it at once.
pub fn end(realm: &Realm, batch: &mut Batch, session: &Session, address: Option<IpAddr>) {
    let happened = Happened::to("sign_out", &session.person).from(address);
    ended(realm, batch, (&session.id, &session.person), happened);
}

fn ended(realm: &Realm, batch: &mut Batch, (id, person): (&str, &str), happened: Happened<'_>) {
    batch.run(&sql::DELETE_SESSION, params![realm.name(), id]);
    let now = realm.now();
    let ended = Ended {
        person: Some(person.to_owned()),
        by_admin: happened.is_by_another(),
        ..Ended::new(id, now)
    };
    realm.enqueue(batch, ENDED, &ended.to_payload(), now);
    let happened = happened.with(serde_json::json!({ "session": id }));
    record(realm, batch, happened);
    realm.revocations().revoke(batch, Mark::Session(id));
}

/// Ends the living session with this id, whosever it is. `actor` says who did it, for the audit.
///
/// # Errors
/// [`Error::NotFound`], or the database's.
pub async fn terminate(realm: &Realm, id: &str, actor: Option<&str>) -> Result<Session, Error> {
    let (session, _) = find(realm, id).await?.ok_or(Error::NotFound)?;
    let mut batch = Batch::new();
    let happened = Happened::to("session.ended", &session.person).by(actor);
    let whose = (session.id.as_str(), session.person.as_str());
    ended(realm, &mut batch, whose, happened);
    realm.commit(batch).await?;
    Ok(session)
}

/// Adds to `batch`, as its last thing, what ends what is left of a session that does not live any more: as [`end`], for those who are told of that, and for tokens
/// that carry its id.
pub fn end_rest(
    realm: &Realm,
    batch: &mut Batch,
    (id, person): (&str, &str),
    address: Option<IpAddr>,
) {
    let happened = Happened::to("sign_out", person).from(address);
    ended(realm, batch, (id, person), happened);
}

/// The cookies that remove what a browser has of a session that has ended.
pub fn forget_cookies(realm: &Realm) -> [SetCookie; 2] {
    [cookie::clear(realm), cookie::set_state(realm, "", 0)]
}

/// The cookies that remove a session that has ended elsewhere, when the request came with it: applications that watch the browser's state learn of the end by that. A
/// request without the cookie says nothing, as a frame on another site has none whether the session lives or not.
///
/// # Errors
/// When the database fails.
pub async fn remains(realm: &Realm, headers: &HeaderMap) -> Result<Option<[SetCookie; 2]>, Error> {
    let Some(value) = cookie::value(realm, headers) else {
        return Ok(None);
    };
    let living = load(realm, &sha256(&value)).await?;
    Ok(living.is_none().then(|| forget_cookies(realm)))
}

async fn load(realm: &Realm, hash: &str) -> Result<Option<(Session, Person)>, Error> {
    let row = realm
        .db()
        .row(&sql::FIND_SESSION, params![realm.name(), hash])
        .await?;
    Ok(row.as_ref().and_then(|row| living(realm, row)))
}

fn living(realm: &Realm, row: &Row) -> Option<(Session, Person)> {
    let person = people::from_row(row);
    let session = Session {
        id: row.text(12).to_owned(),
        person: person.id.clone(),
        auth_time: row.int(13),
        amr: serde_json::from_str(row.text(14)).unwrap_or_default(),
        created_at: row.int(15),
        last_seen_at: row.int(16),
        expires_at: row.int(17),
        sign_in: row.text(18).to_owned(),
    };
    let facts = rules::Facts {
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        disabled: person.disabled,
        signed_out_at: person.signed_out_at,
    };
    match rules::ending(&facts, lifetimes(realm), realm.now()) {
        None => Some((session, person)),
        Some(ending) => {
            tracing::debug!(session = session.id, ?ending, "a session has ended");
            None
        }
    }
}

/// Writes that the session was seen, when the last such write is old enough. Its failure ends nothing: the next request tries again.
async fn touch(realm: &Realm, session: &mut Session) {
    let (now, lifetimes) = (realm.now(), lifetimes(realm));
    if !rules::should_touch(session.last_seen_at, lifetimes, now) {
        return;
    }
    let expires_at = rules::expires_at(session.created_at, now, lifetimes);
    let mut batch = Batch::new();
    batch.run(
        &sql::TOUCH_SESSION,
        params![realm.name(), &session.id, now, expires_at],
    );
    match realm.db().commit(batch).await {
        Ok(_) => {
            session.last_seen_at = now;
            session.expires_at = expires_at;
        }
        Err(CommitError::Busy) => {}
        Err(error) => tracing::warn!(%error, "could not write that a session was seen"),
    }
}
