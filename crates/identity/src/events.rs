use std::net::IpAddr;

use db::Batch;
use realm::{Event, Realm};

/// What happened, in the words of the audit.
pub(crate) struct Happened<'a> {
    kind: &'static str,
    person: Option<&'a str>,
    actor: Option<&'a str>,
    address: Option<IpAddr>,
    detail: serde_json::Value,
}

impl<'a> Happened<'a> {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            person: None,
            actor: None,
            address: None,
            detail: serde_json::Value::Null,
        }
    }

    pub(crate) fn to(kind: &'static str, person: &'a str) -> Self {
        Self {
            person: Some(person),
            ..Self::new(kind)
        }
    }

    pub(crate) fn about(self, person: Option<&'a str>) -> Self {
        Self { person, ..self }
    }

    pub(crate) fn by(self, actor: Option<&'a str>) -> Self {
        Self { actor, ..self }
    }

    /// Whether somebody else than the person did it.
    pub(crate) fn is_by_another(&self) -> bool {
        self.actor.is_some()
    }

    pub(crate) fn from(self, address: Option<IpAddr>) -> Self {
        Self { address, ..self }
    }

    pub(crate) fn with(self, detail: serde_json::Value) -> Self {
        Self { detail, ..self }
    }
}

/// Adds the event to the batch that makes it true.
pub(crate) fn record(realm: &Realm, batch: &mut Batch, happened: Happened<'_>) {
    realm.record(
        batch,
        Event {
            kind: happened.kind.to_owned(),
            person: happened.person.map(str::to_owned),
            client: None,
            actor: happened.actor.map(str::to_owned),
            address: happened.address.map(|address| address.to_string()),
            detail: happened.detail,
        },
    );
}
