//! Telling other systems what happens to sessions and accounts (OpenID Shared Signals Framework 1.0 with the events of CAEP 1.0 and RISC 1.0).
//!
//! The transmitter is an API of the realm: it is there once somebody registers the resource `ISSUER/ssf` with the scopes `ssf.read` and `ssf.manage`. A receiver
//! is a client with one of them, and makes streams with tokens of its own. What ends a session or changes an account leaves a message in the outbox;
//! `announce.rs` turns it into an event for each stream that wants it, `push.rs` pushes events, and `poll.rs` hands them out.

mod access;
mod announce;
mod configuration;
mod giving;
mod poll;
mod push;
pub mod rules;
pub(crate) mod sql;
mod status;
mod stored;
mod streams;
mod subjects;
mod verification;

use std::sync::Arc;

use oauth::security_event::SubjectId;
use oauth::shared_signals::{SCOPE_MANAGE, SCOPE_READ, Status, event};
use realm::{Catalogue, Client, Realm};
use serde_json::{Map, Value, json};

pub(crate) use announce::{forget_client, handler as changes, session_ended};
pub(crate) use configuration::get as metadata;
pub(crate) use poll::{Room, post as poll};
pub(crate) use push::handler as push;
pub(crate) use status::{get as status, post as set_status};
pub use stored::Stream;
pub(crate) use streams::{delete, get as read, patch, post as create, put as replace};
pub(crate) use subjects::{add as add_subject, remove as remove_subject};
pub(crate) use verification::post as verify;

use self::stored::{Besides, Claims, Signal};
use crate::refusal::Refusal;

/// What stands behind the issuer in the identifier of the API, and before the paths of its endpoints.
const PATH: &str = "/ssf";

/// The identifier of the API, which is the audience of its tokens.
pub fn resource(realm: &Realm) -> String {
    realm.url(PATH)
}

/// Whether the realm has a transmitter.
fn is_on(realm: &Realm, catalogue: &Catalogue) -> bool {
    catalogue.resource(&resource(realm)).is_some()
}

/// The receiver of a stream, while it is there, is the one that made it, and may have events.
async fn receiver_of(realm: &Realm, stream: &Stream) -> Result<Option<Arc<Client>>, Refusal> {
    if !is_on(realm, &*realm.catalogue().await?) {
        return Ok(None);
    }
    let client = realm.client(&stream.client).await?;
    let may = |client: &Client| {
        let scopes = [SCOPE_READ, SCOPE_MANAGE];
        !client.disabled && scopes.iter().any(|scope| client.scope.contains(scope))
    };
    Ok(client.filter(|client| may(client) && client.created_at <= stream.created_at))
}

/// Streams of a realm after this one in the order of their identifiers, so many at most.
///
/// # Errors
/// When the database fails.
pub async fn list(realm: &Realm, after: &str, most: i64) -> Result<Vec<Stream>, Refusal> {
    stored::page(realm, after, most).await
}

/// A stream and how many events wait for its receiver.
///
/// # Errors
/// When the database fails.
pub async fn find(realm: &Realm, id: &str) -> Result<Option<(Stream, i64)>, Refusal> {
    let Some(stream) = stored::find(realm, id).await? else {
        return Ok(None);
    };
    let values = db::params![realm.name(), id];
    let row = realm.db().row(&sql::COUNT_SIGNALS, values).await?;
    Ok(Some((stream, row.map_or(0, |row| row.int(0)))))
}

/// Changes the state of a stream for its operator; its receiver is told (§8.1.5). `None` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn set(
    realm: &Realm,
    id: &str,
    (status, reason): (Status, Option<&str>),
    actor: &str,
) -> Result<Option<Stream>, Refusal> {
    stored::change(realm, id, |stream| {
        stream.status = status;
        stream.reason = reason.map(str::to_owned);
        Ok(Besides {
            signals: vec![updated(realm, stream)],
            audit: Some(stored::event("stream.updated", stream).actor(actor)),
            drop: status == Status::Disabled,
        })
    })
    .await
}

/// Deletes a stream for its operator; `false` when there is none.
///
/// # Errors
/// When the database fails.
pub async fn remove(realm: &Realm, id: &str, actor: &str) -> Result<bool, Refusal> {
    match stored::find(realm, id).await? {
        Some(stream) => stored::delete(realm, &stream, Some(actor)).await,
        None => Ok(false),
    }
}

/// What tells a receiver that its stream was changed by somebody else (§8.1.5).
fn updated(realm: &Realm, stream: &Stream) -> Signal {
    let mut said = Map::from_iter([("status".to_owned(), json!(stream.status))]);
    if let Some(reason) = &stream.reason {
        said.insert("reason".to_owned(), reason.as_str().into());
    }
    about_stream(realm, stream, (event::STREAM_UPDATED, said), true)
}

/// An event about the stream itself: its subject is the stream (§8.1.4.1).
fn about_stream(
    realm: &Realm,
    stream: &Stream,
    (kind, said): (&str, Map<String, Value>),
    control: bool,
) -> Signal {
    Signal {
        jti: realm.ambient().id(),
        control,
        claims: Claims {
            sub_id: SubjectId::opaque(&stream.id).to_value(),
            txn: None,
            events: Map::from_iter([(kind.to_owned(), Value::Object(said))]),
        },
    }
}
