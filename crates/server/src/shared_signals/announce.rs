//! What happened becomes events: one for each stream that wants it. Messages may come twice; the identifiers of the events come out the same, so that a stream gets
//! each once.

use std::sync::Arc;

use db::params;
use identity::people::{self, Change, Changed};
use oauth::security_event::SubjectId;
use oauth::shared_signals::{Status, event};
use realm::outbox::{Delivery, Ended, Handler, Message};
use realm::{Client, Realm};
use serde_json::{Map, Value};

use super::stored::{self, Claims, Signal, Stream};
use super::{is_on, receiver_of, rules, sql, subjects};
use crate::refusal::Refusal;
use crate::tokens::subject;

/// How many streams are read at once.
const STEP: i64 = 100;
/// What the MACs are for.
const JTI: &str = "signal_jti";
const TXN: &str = "signal_txn";

/// Something that receivers are told of.
struct Happened<'a> {
    /// Names it: the message that tells of it.
    id: &'a str,
    /// The type of the event.
    kind: &'static str,
    person: &'a str,
    session: Option<&'a str>,
    particulars: Map<String, Value>,
}

/// What handles the messages that an account has changed.
pub(crate) fn handler() -> (&'static str, Arc<dyn Handler>) {
    (people::CHANGED, Arc::new(Changes))
}

struct Changes;

impl Handler for Changes {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let changed: Changed = serde_json::from_str(&message.payload)
                .map_err(|_| "the payload cannot be read".to_owned())?;
            let caep = || rules::particulars(changed.at, changed.by_admin);
            let (kind, particulars) = match changed.what {
                Change::Password => {
                    let mut particulars = caep();
                    particulars.insert("credential_type".to_owned(), "password".into());
                    particulars.insert("change_type".to_owned(), "update".into());
                    (event::CREDENTIAL_CHANGE, particulars)
                }
                Change::Disabled => (event::ACCOUNT_DISABLED, Map::new()),
                Change::Enabled => (event::ACCOUNT_ENABLED, Map::new()),
            };
            let happened = Happened {
                id: &message.id,
                kind,
                person: &changed.person,
                session: None,
                particulars,
            };
            announce(realm, &happened)
                .await
                .map_err(Refusal::into_words)
        })
    }
}

/// Tells that a session has ended, or all of a person; and that the person is gone, if that is so.
///
/// # Errors
/// When the database fails.
pub(crate) async fn session_ended(
    realm: &Realm,
    message: &str,
    ended: &Ended,
    is_purged: bool,
) -> Result<(), Refusal> {
    let (person, session) = match &ended.person {
        Some(person) => (person.as_str(), Some(ended.id.as_str())),
        None => (ended.id.as_str(), None),
    };
    let mut happened = Happened {
        id: message,
        kind: event::SESSION_REVOKED,
        person,
        session,
        particulars: rules::particulars(ended.at, ended.by_admin),
    };
    announce(realm, &happened).await?;
    if is_purged {
        happened.kind = event::ACCOUNT_PURGED;
        happened.particulars = Map::new();
        announce(realm, &happened).await?;
    }
    Ok(())
}

/// Gives an event to each stream that wants it.
async fn announce(realm: &Realm, happened: &Happened<'_>) -> Result<(), Refusal> {
    if !is_on(realm, &*realm.catalogue().await?) {
        return Ok(());
    }
    let mut after = String::new();
    let mut email = None;
    loop {
        let page = stored::page(realm, &after, STEP).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        for stream in &page {
            let wants = stream.delivered().iter().any(|kind| kind == happened.kind);
            if stream.status == Status::Disabled || !wants {
                continue;
            }
            let Some(client) = receiver_of(realm, stream).await? else {
                continue;
            };
            if email.is_none() {
                email = Some(address(realm, happened.person).await?);
            }
            let email = email.as_ref().and_then(Option::as_deref);
            tell(realm, (stream, &client), happened, email).await?;
        }
    }
}

/// The address that has been shown to be the person's, while they are there.
async fn address(realm: &Realm, person: &str) -> Result<Option<String>, Refusal> {
    let person = people::find(realm, person).await?;
    let proven = person.filter(|person| person.email_verified);
    Ok(proven.and_then(|person| person.email))
}

async fn tell(
    realm: &Realm,
    (stream, client): (&Stream, &Client),
    happened: &Happened<'_>,
    email: Option<&str>,
) -> Result<(), Refusal> {
    let sub = subject::of(realm, client, happened.person);
    let email = email.filter(|_| subjects::may_know_addresses(client));
    let email = email.map(|email| SubjectId::email(&email.to_lowercase()));
    let session = happened.session;
    let about = rules::About {
        others: [SubjectId::opaque(&sub)].into_iter().chain(email).collect(),
        person: SubjectId::iss_sub(realm.issuer(), &sub),
        session: session.map(|id| SubjectId::opaque(&subject::session(realm, client, id))),
    };
    let said = subjects::said(realm, stream, &about).await?;
    let default = realm.settings().signals_default_subjects;
    let Some(sub_id) = rules::named(default, &said, &about) else {
        return Ok(());
    };
    let named = |purpose: &str, parts: &[&str]| {
        let mac = realm.mac(purpose, parts.join("\n").as_bytes());
        jose::base64url::encode(&mac[..16])
    };
    let particulars = Value::Object(happened.particulars.clone());
    let signal = Signal {
        jti: named(JTI, &[happened.id, &stream.id, happened.kind]),
        control: false,
        claims: Claims {
            sub_id: sub_id.to_value(),
            // Not the same for all, who could find out by it whom they have in common.
            txn: Some(named(TXN, &[happened.id, &stream.client])),
            events: Map::from_iter([(happened.kind.to_owned(), particulars)]),
        },
    };
    stored::give(realm, stream, &signal).await
}

/// Deletes the streams of a client that is gone.
///
/// # Errors
/// When the database fails.
pub(crate) async fn forget_client(realm: &Realm, ended: &Ended) -> Result<(), Refusal> {
    let values = params![realm.name(), &ended.id, ended.at];
    let rows = realm
        .db()
        .rows(&sql::STREAMS_OF_DELETED_CLIENT, values)
        .await?;
    for row in rows {
        if let Some(stream) = stored::find(realm, row.text(0)).await? {
            stored::delete(realm, &stream, None).await?;
        }
    }
    Ok(())
}
