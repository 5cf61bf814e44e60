//! Pushing events (RFC 8935): whichever node takes the message sends what waits for one stream, the oldest first, until nothing is left or the receiver does
//! not take it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use db::{Batch, params};
use fetch::{Fetch, FetchOptions};
use jose::jwt;
use oauth::security_event::{MEDIA_TYPE, SecurityEvent, TYPE};
use oauth::shared_signals::{Method, Status};
use realm::outbox::{Delivery, Handler, Message};
use realm::{Client, Realm};

use super::rules::{self, Heard};
use super::stored::{self, Besides, Claims, Stream};
use super::{receiver_of, sql, updated};
use crate::refusal::Refusal;
use crate::tokens::id_token;

/// The kind of message. Its payload is the identifier of a stream, as a JSON string.
pub(super) const KIND: &str = "signals.push";
/// How long a receiver has for its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of its answer is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// How many events are sent between two looks at the clock and at the stream.
const STEP: i64 = 2;
/// How long one message pushes; what has begun by then may take as long as a receiver has. Together well within the time that a delivery has.
const TURN: Duration = Duration::from_secs(15);
/// How long somebody who does not listen any more is left alone, in seconds.
const LONG_PAUSE: i64 = 3600;

/// Adds to a batch that a stream is to be pushed from then on.
pub(super) fn enqueue(realm: &Realm, batch: &mut Batch, stream: &str, due_at: i64) {
    let payload = serde_json::Value::from(stream).to_string();
    realm.enqueue_to(batch, (KIND, stream), &payload, due_at);
}

/// What pushes, through the guard: the kind of message and its handler.
pub(crate) fn handler(outbound: &FetchOptions) -> Option<(&'static str, Arc<dyn Handler>)> {
    let options = FetchOptions {
        timeout: outbound.timeout.min(PATIENCE),
        max_bytes: LONGEST_ANSWER,
        ..outbound.clone()
    };
    let fetch = Fetch::new(options)
        .inspect_err(|error| tracing::error!(%error, "no event can be pushed"))
        .ok()?;
    Some((KIND, Arc::new(Pusher(fetch))))
}

struct Pusher(Fetch);

impl Handler for Pusher {
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a> {
        Box::pin(async move {
            let id: String = serde_json::from_str(&message.payload)
                .map_err(|_| "the payload cannot be read".to_owned())?;
            let mut turn = pin!(tokio::time::sleep(TURN));
            // A step is never broken off: what it sent is written down.
            while poll_fn(|context| Poll::Ready(turn.as_mut().poll(context).is_pending())).await {
                match self.step(realm, &id).await {
                    Ok(true) => {}
                    Ok(false) => return Ok(()),
                    Err(refusal) => return Err(refusal.into_words()),
                }
            }
            go_on(realm, &id).await.map_err(Refusal::into_words)
        })
    }
}

/// Leaves the rest to another message.
async fn go_on(realm: &Realm, id: &str) -> Result<(), Refusal> {
    if let Some(mut stream) = stored::find(realm, id).await? {
        let now = realm.now();
        // When it was changed meanwhile, whoever did has asked for a push, or this message comes again.
        if !stored::note(realm, &mut stream, Some(now)).await? {
            return Err(crate::refusal::Reason::Contended.into());
        }
    }
    Ok(())
}

impl Pusher {
    /// Sends some of what waits. Says whether there may be more to do.
    async fn step(&self, realm: &Arc<Realm>, id: &str) -> Result<bool, Refusal> {
        let Some(mut stream) = stored::find(realm, id).await? else {
            return Ok(false);
        };
        let client = receiver_of(realm, &stream).await?;
        let url = stream.endpoint_url.clone();
        let (Some(client), Some(url), Method::Push) = (client, url, stream.method) else {
            return Ok(!stored::note(realm, &mut stream, None).await?);
        };
        let waiting = waiting(realm, &stream, STEP).await?;
        if waiting.is_empty() {
            stream.failing_since = 0;
            stream.failures = 0;
            return Ok(!stored::note(realm, &mut stream, None).await?);
        }
        let header = match stream.header(realm) {
            Ok(header) => header,
            Err(why) => return self.failed(realm, stream, why).await,
        };
        let headers: Vec<(&str, &str)> = header
            .iter()
            .map(|header| ("authorization", header.as_str()))
            .chain([("accept", "application/json")])
            .collect();
        for one in waiting {
            let token = one.sign(realm, &client).await?;
            let body = (MEDIA_TYPE, token.into_bytes().into());
            let sent = self.0.send(http::Method::POST, &url, &headers, Some(body));
            let heard = match sent.await {
                Ok(answer) => rules::heard(answer.status.as_u16(), &answer.body),
                Err(error) => Heard::Later(error.to_string()),
            };
            match heard {
                Heard::Yes => {}
                Heard::Refused(code) => refused(realm, &stream, (&one.jti, code)),
                Heard::Later(why) => return self.failed(realm, stream, why).await,
            }
            forget(realm, &stream.id, &[one.jti]).await?;
        }
        Ok(true)
    }

    /// The receiver did not take an event: later, or, when that has gone on for too long, not until somebody enables the stream again.
    async fn failed(
        &self,
        realm: &Arc<Realm>,
        mut stream: Stream,
        why: String,
    ) -> Result<bool, Refusal> {
        let now = realm.now();
        tracing::warn!(
            realm = realm.name(),
            client = stream.client,
            stream = stream.id,
            why,
            "an event cannot be pushed just now"
        );
        if stream.failing_since == 0 {
            stream.failing_since = now;
        }
        stream.failures += 1;
        let is_enabled = stream.status == Status::Enabled;
        if !is_enabled || now - stream.failing_since < rules::GIVEN_UP_AFTER {
            let pause = rules::pause(stream.failures);
            let pause = if is_enabled { pause } else { LONG_PAUSE };
            let again = now.saturating_add(pause);
            return Ok(!stored::note(realm, &mut stream, Some(again)).await?);
        }
        let given_up = |stream: &mut Stream| {
            stream.status = Status::Paused;
            stream.reason = Some("pushes failed for a day".to_owned());
            (stream.failing_since, stream.failures) = (0, 0);
            Ok::<_, Refusal>(Besides {
                signals: vec![updated(realm, stream)],
                audit: Some(stored::event("stream.given_up", stream)),
                drop: false,
            })
        };
        stored::change(realm, &stream.id, given_up).await?;
        // What tells of it is tried once more, now and then.
        Ok(true)
    }
}

/// Puts down that a receiver refused an event.
pub(super) fn refused(realm: &Realm, stream: &Stream, (jti, code): (&str, &str)) {
    tracing::warn!(
        realm = realm.name(),
        client = stream.client,
        stream = stream.id,
        jti,
        code,
        "a receiver refused an event"
    );
}

/// An event that waits.
pub(super) struct Waiting {
    pub(super) jti: String,
    claims: Claims,
    at: i64,
}

/// The oldest events that may go out now.
pub(super) async fn waiting(
    realm: &Realm,
    stream: &Stream,
    most: i64,
) -> Result<Vec<Waiting>, Refusal> {
    let control_only = stream.status != Status::Enabled;
    let values = params![realm.name(), &stream.id, control_only, realm.now(), most];
    let rows = realm.db().rows(&sql::OLDEST_SIGNALS, values).await?;
    let read = |row: &db::Row| {
        let claims = serde_json::from_str(row.text(1))
            .map_err(|_| Refusal::Failed("a stored event is damaged".to_owned()))?;
        Ok(Waiting {
            jti: row.text(0).to_owned(),
            claims,
            at: row.int(2),
        })
    };
    rows.iter().map(read).collect()
}

/// Forgets events that were received, or will never be. Gives how many of them waited.
pub(super) async fn forget(realm: &Realm, stream: &str, all: &[String]) -> Result<(), Refusal> {
    let mut batch = Batch::new();
    for jti in all {
        batch.run(&sql::DELETE_SIGNAL, params![realm.name(), stream, jti]);
    }
    realm.db().commit(batch).await.map_err(stored::failed)?;
    Ok(())
}

impl Waiting {
    /// The token, signed as ID tokens for its receiver are.
    pub(super) async fn sign(&self, realm: &Realm, client: &Client) -> Result<String, Refusal> {
        let token = SecurityEvent {
            iss: realm.issuer().to_owned(),
            aud: client.id.as_str().into(),
            jti: self.jti.clone(),
            iat: self.at,
            sub_id: self.claims.sub_id.clone(),
            txn: self.claims.txn.clone(),
            events: self.claims.events.clone(),
        };
        let algorithm = id_token::algorithm(client, &realm.settings());
        let key = realm.keys().signer(algorithm).await?;
        Ok(jwt::sign(&key, TYPE, &token)?)
    }
}
