//! The audit: what happened, written in the batch that made it happen.

pub(crate) mod sql;

use db::{Batch, Row, params};
use serde_json::Value;

use crate::error::Error;
use crate::tenant::Realm;

/// Something that happened. Never holds a secret, a code or a token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// What, as `noun.verb`, such as `client.created`.
    pub kind: String,
    /// Whom it is about.
    pub person: Option<String>,
    /// Which client took part.
    pub client: Option<String>,
    /// Who did it, when that is not the person: an administrator, the command line.
    pub actor: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// The rest, as a JSON object.
    pub detail: Value,
}

impl Event {
    /// An event of this kind.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            ..Self::default()
        }
    }

    /// About this person.
    pub fn person(mut self, person: impl Into<String>) -> Self {
        self.person = Some(person.into());
        self
    }

    /// With this client.
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// Done by this actor.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = Some(actor.into());
        self
    }

    /// From this address.
    pub fn address(mut self, address: impl ToString) -> Self {
        self.address = Some(address.to_string());
        self
    }

    /// With these particulars.
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its identifier; in their order, events are in the order of time.
    pub id: String,
    /// When (unix seconds).
    pub at: i64,
    /// What.
    pub event: Event,
}

pub(crate) fn record(realm: &Realm, batch: &mut Batch, event: Event) {
    let detail = match event.detail {
        Value::Null => "{}".to_owned(),
        detail => detail.to_string(),
    };
    let now = realm.now();
    let kept = realm.settings().lifetimes.event_retention;
    batch.run(
        &sql::INSERT_EVENT,
        params![
            realm.name(),
            realm.ambient().id(),
            now,
            event.kind,
            event.actor,
            event.person,
            event.client,
            event.address,
            detail,
            now.saturating_add(kept)
        ],
    );
}

/// At most `limit` events, the newest first; `before` is the id of the last one of the page before, empty for the first page.
///
/// # Errors
/// When the database fails.
pub async fn list(realm: &Realm, before: &str, limit: i64) -> Result<Vec<Recorded>, Error> {
    // Identifiers are hexadecimal and begin below this.
    let before = if before.is_empty() { "~" } else { before };
    let rows = realm
        .db()
        .rows(&sql::LIST_EVENTS, params![realm.name(), before, limit])
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Recorded, Error> {
    let text = |column| row.opt_text(column).map(str::to_owned);
    Ok(Recorded {
        id: row.text(0).to_owned(),
        at: row.int(1),
        event: Event {
            kind: row.text(2).to_owned(),
            actor: text(3),
            person: text(4),
            client: text(5),
            address: text(6),
            detail: serde_json::from_str(row.text(7))
                .map_err(|error| Error::stored("event", row.text(0), error))?,
        },
    })
}
