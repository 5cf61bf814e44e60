//! What must happen after a commit: a row written with it, delivered by whichever node takes its lease, again and again until it succeeds.

mod delivery;
mod room;
pub(crate) mod rules;
pub(crate) mod sql;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use db::{Batch, params};
use serde::{Deserialize, Serialize};

use crate::tenant::Realm;

pub(crate) use delivery::{Deliveries, deliver};

/// Something to be delivered. `Debug` hides what it says.
pub struct Message {
    /// Its identifier, the same at every attempt: a receiver can tell a repetition by it.
    pub id: String,
    /// Which handler delivers it.
    pub kind: String,
    /// What it says, in the handler's own form.
    pub payload: String,
    /// Which attempt this is: 1, 2, …
    pub attempt: i64,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Message({} {}, attempt {})",
            self.kind, self.id, self.attempt
        )
    }
}

/// What a message says that tells of an end: of a session, a person, a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What has ended.
    pub id: String,
    /// When (unix seconds). What began later under the same identifier has not.
    pub at: i64,
    /// Whose it was, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Whether somebody else than the person ended it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_admin: bool,
}

impl Ended {
    /// The payload that says so.
    pub fn payload(id: &str, at: i64) -> String {
        Self::new(id, at).to_payload()
    }

    /// An end.
    pub fn new(id: &str, at: i64) -> Self {
        Self {
            id: id.to_owned(),
            at,
            person: None,
            by_admin: false,
        }
    }

    /// The payload that says so.
    pub fn to_payload(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Reads what [`Ended::payload`] wrote.
    pub fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

/// What [`Handler::deliver`] gives: nothing, or why it failed (logged; never put secrets into it).
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Delivers messages of one kind. A message may come twice: when a node dies between delivering it and saying so.
pub trait Handler: Send + Sync + 'static {
    /// Delivers one message. It has 30 seconds.
    fn deliver<'a>(&'a self, realm: &'a Arc<Realm>, message: &'a Message) -> Delivery<'a>;
}

/// The handlers of this process by the kind they deliver.
#[derive(Default)]
pub(crate) struct Handlers(RwLock<HashMap<&'static str, Arc<dyn Handler>>>);

impl Handlers {
    pub(crate) fn add(&self, kind: &'static str, handler: Arc<dyn Handler>) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(kind, handler);
    }

    fn all(&self) -> Vec<(&'static str, Arc<dyn Handler>)> {
        let handlers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        handlers
            .iter()
            .map(|(kind, handler)| (*kind, Arc::clone(handler)))
            .collect()
    }
}

/// Whether there is a message in the batch.
pub(crate) fn is_in(batch: &Batch) -> bool {
    batch.contains(&sql::ENQUEUE)
}

pub(crate) fn enqueue(
    realm: &Realm,
    batch: &mut Batch,
    (kind, receiver): (&str, &str),
    payload: &str,
    due_at: i64,
) {
    batch.run(
        &sql::ENQUEUE,
        params![
            realm.name(),
            realm.ambient().id(),
            kind,
            payload,
            due_at,
            realm.now(),
            receiver
        ],
    );
}
