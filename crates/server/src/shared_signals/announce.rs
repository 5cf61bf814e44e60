//! What happened becomes events: one for each stream that wants it. Messages may come twice; the identifiers of the events come out the same, so that a stream gets
//! each once.

use std::sync::Arc;

use db::params;
use identity::people::{self, Change, Changed, Person};
use oauth::security_event::SubjectId;
use oauth::shared_signals::{Status, event};
use realm::outbox::{Delivery, Ended, Handler, Message};
use realm::{Client, Realm};
use serde_json::{Map, Value};

use super::stored::{self, Besides, Claims, Signal, Stream};
use super::{giving, is_on, receiver_of, rules, sql, subjects, updated};
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
    person: &'a str,
    session: Option<&'a str>,
    /// When (unix seconds).
    at: i64,
    /// What it is for receivers.
    events: Vec<Event>,
}

/// An event, of whomever.
struct Event {
    kind: &'static str,
    particulars: Map<String, Value>,
    /// The claims that have other values now, of which a receiver hears those that it may know; nobody hears of none.
    claims: Option<Vec<String>>,
}

impl Event {
    fn new(kind: &'static str, particulars: Map<String, Value>) -> Self {
        Self {
            kind,
            particulars,
            claims: None,
        }
    }

    /// What it says to this receiver, if anything.
    fn particulars(&self, client: &Client, person: Option<&Person>) -> Option<Map<String, Value>> {
        let mut particulars = self.particulars.clone();
        if let Some(names) = &self.claims {
            let all = serde_json::to_value(person?.claims(&client.scope)).ok()?;
            let claims = rules::changed_claims(&client.scope, &all, names);
            if claims.is_empty() {
                return None;
            }
            particulars.insert("claims".to_owned(), Value::Object(claims));
        }
        Some(particulars)
    }
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
            let happened = Happened {
                id: &message.id,
                person: &changed.person,
                session: None,
                at: changed.at,
                events: events(&changed),
            };
            announce(realm, &happened)
                .await
                .map_err(Refusal::into_words)
        })
    }
}

/// What a change of an account is for receivers.
fn events(changed: &Changed) -> Vec<Event> {
    let caep = || rules::particulars(changed.at, changed.by_admin);
    let credential = |change: &str| {
        let mut particulars = caep();
        particulars.insert("credential_type".to_owned(), "password".into());
        particulars.insert("change_type".to_owned(), change.into());
        vec![Event::new(event::CREDENTIAL_CHANGE, particulars)]
    };
    let plain = |kind| vec![Event::new(kind, Map::new())];
    match changed.what {
        Change::FirstPassword => credential("create"),
        Change::Password => credential("update"),
        Change::Disabled => plain(event::ACCOUNT_DISABLED),
        Change::Enabled => plain(event::ACCOUNT_ENABLED),
        Change::RefreshToken => {
            let particulars = rules::compromise(changed.at);
            vec![Event::new(event::CREDENTIAL_COMPROMISE, particulars)]
        }
        Change::Claims => {
            let mut events = vec![Event {
                claims: Some(changed.claims.clone()),
                ..Event::new(event::TOKEN_CLAIMS_CHANGE, caep())
            }];
            if rules::are_identifiers(&changed.claims) {
                events.extend(plain(event::RECOVERY_INFORMATION_CHANGED));
            }
            events
        }
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
    let particulars = rules::particulars(ended.at, ended.by_admin);
    let mut events = vec![Event::new(event::SESSION_REVOKED, particulars)];
    if is_purged {
        events.push(Event::new(event::ACCOUNT_PURGED, Map::new()));
    }
    let happened = Happened {
        id: message,
        person,
        session,
        at: ended.at,
        events,
    };
    announce(realm, &happened).await
}

/// Gives what happened to each stream that wants it: one commit for as many streams as are read at once.
async fn announce(realm: &Realm, happened: &Happened<'_>) -> Result<(), Refusal> {
    if !is_on(realm, &*realm.catalogue().await?) {
        return Ok(());
    }
    let mut after = String::new();
    let mut person = None;
    loop {
        let page = stored::page(realm, &after, STEP).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        let mut gifts = Vec::new();
        for mut stream in page {
            if is_inactive(realm, &stream) {
                let Some(paused) = pause(realm, &stream).await? else {
                    continue;
                };
                stream = paused;
            }
            let events = wanted(&stream, happened);
            if events.is_empty() {
                continue;
            }
            let Some(client) = receiver_of(realm, &stream).await? else {
                continue;
            };
            if person.is_none() {
                person = Some(people::find(realm, happened.person).await?);
            }
            let person = person.as_ref().and_then(Option::as_ref);
            let to = (&stream, &*client);
            let signals = signals(realm, to, (happened, &events), person).await?;
            if !signals.is_empty() {
                gifts.push((stream, signals));
            }
        }
        giving::give(realm, gifts).await?;
    }
}

fn is_inactive(realm: &Realm, stream: &Stream) -> bool {
    let timeout = realm.settings().signals_inactivity_timeout;
    let is_enabled = stream.status == Status::Enabled;
    is_enabled && rules::is_inactive(stream.active_at, timeout, realm.now())
}

/// Pauses a stream whose receiver is not heard of any more, and says so (§8.1.1, §8.1.5): it is looked at when there is something to tell. What is told waits, as ever.
async fn pause(realm: &Realm, stream: &Stream) -> Result<Option<Stream>, Refusal> {
    let change = |stream: &mut Stream| {
        if !is_inactive(realm, stream) {
            return Ok(Besides::default());
        }
        stream.status = Status::Paused;
        stream.reason = Some("nothing was heard of its receiver".to_owned());
        Ok::<_, Refusal>(Besides {
            signals: vec![updated(realm, stream)],
            audit: Some(stored::event("stream.inactive", stream)),
            drop: false,
        })
    };
    stored::change(realm, &stream.id, change).await
}

/// The events that a stream carries. One that was made later has nothing to do with it.
fn wanted<'a>(stream: &Stream, happened: &'a Happened<'_>) -> Vec<&'a Event> {
    if stream.status == Status::Disabled || stream.created_at > happened.at {
        return Vec::new();
    }
    let delivered = stream.delivered();
    let is_wanted = |event: &&Event| delivered.iter().any(|kind| kind == event.kind);
    happened.events.iter().filter(is_wanted).collect()
}

/// The events as a receiver is told them: of whom it wants to hear, by the name that it knows them by.
async fn signals(
    realm: &Realm,
    (stream, client): (&Stream, &Client),
    (happened, events): (&Happened<'_>, &[&Event]),
    person: Option<&Person>,
) -> Result<Vec<Signal>, Refusal> {
    let sub = subject::of(realm, client, happened.person);
    // What has been shown to be theirs.
    let email = person.filter(|person| person.email_verified);
    let email = email.filter(|_| subjects::may_know_addresses(client));
    let email = email.and_then(|person| person.email.as_ref());
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
        return Ok(Vec::new());
    };
    let named = |purpose: &str, parts: &[&str]| {
        let mac = realm.mac(purpose, parts.join("\n").as_bytes());
        jose::base64url::encode(&mac[..16])
    };
    let signal = |event: &&Event| {
        let particulars = event.particulars(client, person)?;
        Some(Signal {
            jti: named(JTI, &[happened.id, &stream.id, event.kind]),
            control: false,
            claims: Claims {
                sub_id: sub_id.to_value(),
                // Not the same for all, who could find out by it whom they have in common.
                txn: Some(named(TXN, &[happened.id, &stream.client])),
                events: Map::from_iter([(event.kind.to_owned(), Value::Object(particulars))]),
            },
        })
    };
    Ok(events.iter().filter_map(signal).collect())
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
