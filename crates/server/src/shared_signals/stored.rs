//! A stream as it is kept, and changing it.

use db::{Batch, CommitError, Row, params};
use oauth::shared_signals::{Method, Status};
use realm::Realm;
use serde::{Deserialize, Serialize};

use super::giving::put;
use super::{push, rules, sql};
use crate::refusal::{Reason, Refusal};
use crate::stored;

/// What the seal of a receiver's header is for.
const PURPOSE: &str = "signal_authorization";
/// How often a change is made before giving up.
const TRIES: usize = 8;
/// When a push is that long overdue, in seconds, the message that should have brought it is lost.
const LOST: i64 = 900;

/// A stream.
#[derive(Clone)]
pub struct Stream {
    /// Its identifier.
    pub id: String,
    /// Its receiver.
    pub client: String,
    pub(super) slot: i64,
    /// Its state.
    pub status: Status,
    /// Why it is in that state, in words.
    pub reason: Option<String>,
    /// What its receiver calls it.
    pub description: Option<String>,
    pub(super) events: Option<Vec<String>>,
    /// How events are delivered.
    pub method: Method,
    /// Where they are pushed.
    pub endpoint_url: Option<String>,
    pub(super) header: Option<String>,
    /// When it was made (unix seconds).
    pub created_at: i64,
    pub(super) verified_at: i64,
    pub(super) push_at: i64,
    /// Since when pushes fail (unix seconds); 0: they do not.
    pub failing_since: i64,
    pub(super) failures: i64,
    /// When its receiver was last heard of, to within an hour (unix seconds).
    pub active_at: i64,
    version: i64,
}

/// An event for one stream.
pub(super) struct Signal {
    /// Its identifier.
    pub(super) jti: String,
    /// Whether it is about the stream itself.
    pub(super) control: bool,
    /// What the token says.
    pub(super) claims: Claims,
}

/// What of a token is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) sub_id: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) txn: Option<String>,
    pub(super) events: serde_json::Map<String, serde_json::Value>,
}

/// A receiver's header, with the stream for which it is: one that was moved there from another row opens nothing.
#[derive(Serialize, Deserialize)]
struct Sealed {
    stream: String,
    header: String,
}

impl Stream {
    /// A new one.
    pub(super) fn new(realm: &Realm, client: &str, slot: i64) -> Self {
        Self {
            id: realm.ambient().id(),
            client: client.to_owned(),
            slot,
            status: Status::Enabled,
            reason: None,
            description: None,
            events: None,
            method: Method::default(),
            endpoint_url: None,
            header: None,
            created_at: realm.now(),
            verified_at: 0,
            push_at: 0,
            failing_since: 0,
            failures: 0,
            active_at: realm.now(),
            version: 0,
        }
    }

    fn of(row: &Row) -> Result<Self, Refusal> {
        let damaged = || Refusal::Failed("a stored stream is damaged".to_owned());
        let text = |column| row.opt_text(column).map(str::to_owned);
        let method = Method::ALL
            .into_iter()
            .find(|method| method.as_str() == row.text(7));
        Ok(Self {
            id: row.text(0).to_owned(),
            client: row.text(1).to_owned(),
            slot: row.int(2),
            status: Status::read(row.text(3)).ok_or_else(damaged)?,
            reason: text(4),
            description: text(5),
            events: row.opt_text(6).map(stored::unlist).transpose()?,
            method: method.ok_or_else(damaged)?,
            endpoint_url: text(8),
            header: text(9),
            created_at: row.int(10),
            verified_at: row.int(11),
            push_at: row.int(12),
            failing_since: row.int(13),
            failures: row.int(14),
            version: row.int(15),
            active_at: row.int(16),
        })
    }

    /// The types of events that it carries.
    pub fn delivered(&self) -> Vec<String> {
        rules::delivered(self.events.as_deref())
    }

    /// Keeps the receiver's header.
    pub(super) fn seal(&mut self, realm: &Realm, header: Option<&str>) {
        self.header = header.map(|header| {
            let sealed = serde_json::json!(Sealed {
                stream: self.id.clone(),
                header: header.to_owned(),
            });
            realm.seal(PURPOSE, sealed.to_string())
        });
    }

    /// The receiver's header.
    ///
    /// # Errors
    /// When what is kept was not sealed for this stream.
    pub(super) fn header(&self, realm: &Realm) -> Result<Option<String>, String> {
        let Some(sealed) = &self.header else {
            return Ok(None);
        };
        let opened = realm.unseal(PURPOSE, sealed);
        let opened = opened.and_then(|text| serde_json::from_slice::<Sealed>(&text).ok());
        match opened.filter(|opened| opened.stream == self.id) {
            Some(opened) => Ok(Some(opened.header)),
            None => Err("the receiver's header cannot be opened".to_owned()),
        }
    }

    /// Whether a push is under way, so that nobody has to ask for one.
    pub(super) fn is_queued(&self, now: i64) -> bool {
        self.push_at != 0 && self.push_at.saturating_add(LOST) > now
    }

    fn insert(&self, realm: &Realm, batch: &mut Batch) {
        batch.run(
            &sql::INSERT_STREAM,
            params![
                realm.name(),
                &self.id,
                &self.client,
                self.slot,
                self.status.as_str(),
                self.reason.as_deref(),
                self.description.as_deref(),
                self.events.as_deref().map(stored::list),
                self.method.as_str(),
                self.endpoint_url.as_deref(),
                self.header.as_deref(),
                self.created_at
            ],
        );
    }

    fn save(&self, realm: &Realm, batch: &mut Batch) {
        let values = params![
            realm.name(),
            &self.id,
            self.version,
            self.status.as_str(),
            self.reason.as_deref(),
            self.description.as_deref(),
            self.events.as_deref().map(stored::list),
            self.method.as_str(),
            self.endpoint_url.as_deref(),
            self.header.as_deref(),
            self.verified_at,
            self.push_at,
            self.failing_since,
            self.failures
        ];
        batch.expect(&sql::SAVE_STREAM, values, 1);
    }
}

/// A stream by its identifier.
pub(super) async fn find(realm: &Realm, id: &str) -> Result<Option<Stream>, Refusal> {
    let values = params![realm.name(), id];
    let row = realm.db().row(&sql::FIND_STREAM, values).await?;
    row.as_ref().map(Stream::of).transpose()
}

/// The streams of a receiver.
pub(super) async fn of_client(realm: &Realm, client: &str) -> Result<Vec<Stream>, Refusal> {
    let values = params![realm.name(), client];
    let rows = realm.db().rows(&sql::STREAMS_OF_CLIENT, values).await?;
    rows.iter().map(Stream::of).collect()
}

/// Streams after this one, so many at most.
pub(super) async fn page(realm: &Realm, after: &str, most: i64) -> Result<Vec<Stream>, Refusal> {
    let values = params![realm.name(), after, most];
    let rows = realm.db().rows(&sql::LIST_STREAMS, values).await?;
    rows.iter().map(Stream::of).collect()
}

/// Writes that the receiver of a stream was heard of, when that was last written long enough ago.
pub(super) async fn touch(realm: &Realm, stream: &Stream) -> Result<(), Refusal> {
    let now = realm.now();
    if now.saturating_sub(stream.active_at) < rules::ACTIVITY {
        return Ok(());
    }
    let mut batch = Batch::new();
    batch.run(&sql::TOUCH_STREAM, params![realm.name(), &stream.id, now]);
    realm.db().commit(batch).await.map_err(failed)?;
    Ok(())
}

/// Makes a stream; `false` when its slot was taken just now.
pub(super) async fn insert(realm: &Realm, stream: &Stream) -> Result<bool, Refusal> {
    let mut batch = Batch::new();
    stream.insert(realm, &mut batch);
    realm.record(&mut batch, event("stream.created", stream));
    match realm.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Unique { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Deletes a stream with all that belongs to it; `false` when it is gone.
pub(super) async fn delete(
    realm: &Realm,
    stream: &Stream,
    actor: Option<&str>,
) -> Result<bool, Refusal> {
    let mut batch = Batch::new();
    batch.expect(&sql::DELETE_STREAM, params![realm.name(), &stream.id], 1);
    batch.run(&sql::DELETE_SIGNALS, params![realm.name(), &stream.id, 1]);
    batch.run(&sql::FORGET_SUBJECTS, params![realm.name(), &stream.id]);
    let mut deleted = event("stream.deleted", stream);
    deleted.actor = actor.map(str::to_owned);
    realm.record(&mut batch, deleted);
    match realm.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Guard { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn event(kind: &str, stream: &Stream) -> realm::Event {
    let detail = serde_json::json!({ "stream": stream.id, "status": stream.status.as_str() });
    realm::Event::new(kind)
        .client(&stream.client)
        .detail(detail)
}

/// What a change of a stream brings with it.
#[derive(Default)]
pub(super) struct Besides {
    /// Events for its receiver.
    pub(super) signals: Vec<Signal>,
    /// What the audit says.
    pub(super) audit: Option<realm::Event>,
    /// Whether events that wait are dropped.
    pub(super) drop: bool,
}

/// Changes a stream: reads it, decides, and writes it unless it was changed meanwhile; `None` when it is gone.
pub(super) async fn change<E: From<Refusal>>(
    realm: &Realm,
    id: &str,
    mut decide: impl FnMut(&mut Stream) -> Result<Besides, E>,
) -> Result<Option<Stream>, E> {
    for _ in 0..TRIES {
        let Some(mut stream) = find(realm, id).await? else {
            return Ok(None);
        };
        let besides = decide(&mut stream)?;
        let mut batch = Batch::new();
        if besides.drop {
            batch.run(&sql::DELETE_SIGNALS, params![realm.name(), id, 0]);
        }
        for signal in &besides.signals {
            put(realm, &mut batch, (id, signal));
        }
        // Whoever changes it may have made way for what waits.
        if stream.method == Method::Push && !stream.is_queued(realm.now()) {
            stream.push_at = realm.now();
            push::enqueue(realm, &mut batch, id, realm.now());
        }
        stream.save(realm, &mut batch);
        if let Some(audit) = besides.audit {
            realm.record(&mut batch, audit);
        }
        match realm.commit(batch).await {
            Ok(_) => return Ok(Some(stream)),
            Err(CommitError::Guard { .. }) => {}
            Err(error) => return Err(failed(error).into()),
        }
    }
    Err(Refusal::from(Reason::Contended).into())
}

/// Writes down how pushing went; `false` when the stream was changed meanwhile. `again`: when to push next.
pub(super) async fn note(
    realm: &Realm,
    stream: &mut Stream,
    again: Option<i64>,
) -> Result<bool, Refusal> {
    let mut batch = Batch::new();
    stream.push_at = again.unwrap_or(0);
    if let Some(at) = again {
        push::enqueue(realm, &mut batch, &stream.id, at);
    }
    stream.save(realm, &mut batch);
    match realm.commit(batch).await {
        Ok(_) => Ok(true),
        Err(CommitError::Guard { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn failed(error: CommitError) -> Refusal {
    match error {
        CommitError::Busy => Refusal::Busy,
        CommitError::Db(error) => error.into(),
        CommitError::Guard { .. } | CommitError::Unique { .. } => Reason::Contended.into(),
    }
}
