//! Streams: what a receiver asks for and what it is told (OpenID Shared Signals Framework §8.1.1, §8.1.2).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Status;

/// How many types of events a receiver may ask for.
const MOST_EVENTS: usize = 100;
/// How long an address, a type or a header may be, in bytes.
const LONGEST: usize = 2048;
/// How long a description or a reason may be, in bytes.
const LONGEST_WORDS: usize = 1000;

/// What is wrong with a request; fit for the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// How events are delivered (§6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The transmitter calls the receiver (RFC 8935).
    #[serde(rename = "urn:ietf:rfc:8935")]
    Push,
    /// The receiver asks (RFC 8936).
    #[default]
    #[serde(rename = "urn:ietf:rfc:8936")]
    Poll,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 2] = [Self::Push, Self::Poll];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "urn:ietf:rfc:8935",
            Self::Poll => "urn:ietf:rfc:8936",
        }
    }
}

/// Where events go (§6.1.1, §6.1.2). `Debug` hides the header.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How.
    pub method: Method,
    /// Where a receiver is called, or what it named as the address to poll at.
    pub endpoint_url: Option<String>,
    /// The `Authorization` header of each call.
    pub authorization_header: Option<String>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({:?} {:?})", self.method, self.endpoint_url)
    }
}

/// What a receiver says about a stream (§8.1.1.1, §8.1.1.3, §8.1.1.4). `None` is what it did not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamRequest {
    /// Which stream.
    pub stream_id: Option<String>,
    /// The types of events that it wants.
    pub events_requested: Option<Vec<String>>,
    /// Where it wants them.
    pub delivery: Option<Delivery>,
    /// What it calls the stream.
    pub description: Option<String>,
    /// Members that are the transmitter's, as they came: they must be what they are.
    pub supplied: Map<String, Value>,
}

impl StreamRequest {
    /// Members that only the transmitter says.
    const SUPPLIED: [&'static str; 6] = [
        "iss",
        "aud",
        "events_supported",
        "events_delivered",
        "min_verification_interval",
        "inactivity_timeout",
    ];

    /// Reads the body of a request; a member of `null` is as if it were not there.
    ///
    /// # Errors
    /// When a member is of another type than §8.1.1 gives it, or too long.
    pub fn read(members: &Map<String, Value>) -> Result<Self, Malformed> {
        let member = |name: &str| members.get(name).filter(|value| !value.is_null());
        let supplied = Self::SUPPLIED.iter().filter_map(|name| {
            let value = member(name)?;
            Some(((*name).to_owned(), value.clone()))
        });
        Ok(Self {
            stream_id: text(members, "stream_id", LONGEST)
                .map_err(|()| Malformed("stream_id: a string"))?,
            events_requested: member("events_requested").map(events).transpose()?,
            delivery: member("delivery").map(delivery).transpose()?,
            description: text(members, "description", LONGEST_WORDS)
                .map_err(|()| Malformed("description: a string of at most 1000 bytes"))?,
            supplied: supplied.collect(),
        })
    }
}

fn events(value: &Value) -> Result<Vec<String>, Malformed> {
    const WRONG: Malformed = Malformed("events_requested: a list of at most 100 event types");
    let all = value.as_array().filter(|all| all.len() <= MOST_EVENTS);
    let mut events: Vec<String> = Vec::new();
    for one in all.ok_or(WRONG)? {
        let one = one.as_str().filter(|one| fits(one, LONGEST)).ok_or(WRONG)?;
        if !events.iter().any(|known| known == one) {
            events.push(one.to_owned());
        }
    }
    Ok(events)
}

fn delivery(value: &Value) -> Result<Delivery, Malformed> {
    let Value::Object(members) = value else {
        return Err(Malformed("delivery: an object"));
    };
    let method = members.get("method").and_then(Value::as_str);
    let method = Method::ALL
        .into_iter()
        .find(|known| Some(known.as_str()) == method);
    let method = method.ok_or(Malformed(
        "delivery.method: urn:ietf:rfc:8935 or urn:ietf:rfc:8936",
    ))?;
    let header = text(members, "authorization_header", LONGEST)
        .ok()
        .filter(|header| header.as_deref().is_none_or(is_header))
        .ok_or(Malformed("delivery.authorization_header: a header's value"))?;
    Ok(Delivery {
        method,
        endpoint_url: text(members, "endpoint_url", LONGEST)
            .map_err(|()| Malformed("delivery.endpoint_url: an address"))?,
        authorization_header: header,
    })
}

/// Printable, and not empty at its ends.
fn is_header(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && text.trim() == text && !text.is_empty()
}

fn text(members: &Map<String, Value>, name: &str, most: usize) -> Result<Option<String>, ()> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if fits(text, most) => Ok(Some(text.clone())),
        Some(_) => Err(()),
    }
}

fn fits(text: &str, most: usize) -> bool {
    text.len() <= most && !text.contains('\0')
}

/// A change of a stream's state that a receiver asks for (§8.1.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRequest {
    /// Which stream.
    pub stream_id: String,
    /// Its new state.
    pub status: Status,
    /// Why, in words.
    pub reason: Option<String>,
}

impl StatusRequest {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// When a member is missing or of another type.
    pub fn read(members: &Map<String, Value>) -> Result<Self, Malformed> {
        let stream_id = text(members, "stream_id", LONGEST);
        let status = members.get("status").and_then(Value::as_str);
        Ok(Self {
            stream_id: stream_id
                .ok()
                .flatten()
                .ok_or(Malformed("stream_id: a string"))?,
            status: status
                .and_then(Status::read)
                .ok_or(Malformed("status: enabled, paused or disabled"))?,
            reason: text(members, "reason", LONGEST_WORDS)
                .map_err(|()| Malformed("reason: a string of at most 1000 bytes"))?,
        })
    }
}

/// A stream as its receiver is told (§8.1.1). The `authorization_header` of its delivery is a secret of the receiver and never comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StreamConfiguration {
    /// Its identifier.
    pub stream_id: String,
    /// The transmitter.
    pub iss: String,
    /// The receiver.
    pub aud: String,
    /// What the transmitter can tell.
    pub events_supported: Vec<String>,
    /// What the receiver asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_requested: Option<Vec<String>>,
    /// What it gets.
    pub events_delivered: Vec<String>,
    /// How: `method` and `endpoint_url`.
    pub delivery: Value,
    /// How many seconds lie between two requests for verification at least.
    pub min_verification_interval: i64,
    /// After how many seconds without a word of the receiver the stream is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inactivity_timeout: Option<i64>,
    /// What the receiver calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<StreamRequest, Malformed> {
        StreamRequest::read(value.as_object().unwrap())
    }

    #[test]
    fn what_a_receiver_does_not_say_is_not_there() {
        assert_eq!(read(json!({})).unwrap(), StreamRequest::default());
        let nothing = json!({"delivery": null, "events_requested": null, "description": null});
        assert_eq!(read(nothing).unwrap(), StreamRequest::default());
        let all = read(json!({
            "stream_id": "s", "events_requested": ["a", "b", "a"], "description": "d", "iss": "x", "strange": 1,
            "delivery": {"method": "urn:ietf:rfc:8935", "endpoint_url": "https://r.example", "authorization_header": "Bearer hidden"}
        }))
        .unwrap();
        assert_eq!(all.events_requested.clone().unwrap(), ["a", "b"]);
        assert_eq!(all.supplied.keys().collect::<Vec<_>>(), ["iss"]);
        assert!(!format!("{all:?}").contains("hidden"));
    }

    #[test]
    fn what_is_of_another_type_or_too_long_is_refused() {
        let push = "urn:ietf:rfc:8935";
        for bad in [
            json!({"stream_id": 1}),
            json!({"events_requested": "a"}),
            json!({"events_requested": [1]}),
            json!({"events_requested": vec!["a"; 101]}),
            json!({"description": "x".repeat(1001)}),
            json!({"description": "\0"}),
            json!({"delivery": []}),
            json!({"delivery": {}}),
            json!({"delivery": {"method": "urn:ietf:rfc:9999"}}),
            json!({"delivery": {"method": push, "authorization_header": "a\r\nb: c"}}),
            json!({"delivery": {"method": push, "authorization_header": ""}}),
            json!({"delivery": {"method": push, "endpoint_url": 1}}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_state_is_one_of_three() {
        let read = |value: Value| StatusRequest::read(value.as_object().unwrap());
        let good = read(json!({"stream_id": "s", "status": "paused"})).unwrap();
        assert_eq!(good.status, Status::Paused);
        assert!(read(json!({"stream_id": "s", "status": "off"})).is_err());
        assert!(read(json!({"status": "paused"})).is_err());
        assert!(read(json!({"stream_id": "s", "status": "paused", "reason": 1})).is_err());
    }
}
