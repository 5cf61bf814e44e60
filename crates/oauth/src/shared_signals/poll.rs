//! Polling (RFC 8936 §2.2 to §2.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Malformed;

/// How many events one poll may acknowledge or refuse.
const MOST: usize = 1000;
/// How long an identifier or an error of a receiver may be, in bytes.
const LONGEST: usize = 1024;

/// What a receiver asks for, and what it says of what it got before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollRequest {
    /// How many events it wants at most; as many as there are when it does not say.
    pub max_events: Option<u64>,
    /// Whether it does not wait when there are none.
    pub return_immediately: bool,
    /// Events that it has.
    pub ack: Vec<String>,
    /// Events that it cannot use, and why.
    pub set_errs: BTreeMap<String, SetError>,
}

/// Why a receiver does not take an event (RFC 8936 §2.6, RFC 8935 §2.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetError {
    /// The registered code.
    #[serde(default)]
    pub err: String,
    /// In words.
    #[serde(default)]
    pub description: String,
}

/// The answer to a poll.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollResponse {
    /// The events by their identifiers.
    pub sets: BTreeMap<String, String>,
    /// Whether there are more.
    #[serde(
        rename = "moreAvailable",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub more_available: bool,
}

impl PollRequest {
    /// Reads the body of a poll; a member of `null` is as if it were not there.
    ///
    /// # Errors
    /// When a member is of another type than §2.2 gives it, or there is too much of it.
    pub fn read(members: &Map<String, Value>) -> Result<Self, Malformed> {
        let member = |name: &str| members.get(name).filter(|value| !value.is_null());
        let max_events = match member("maxEvents") {
            None => None,
            Some(value) => Some(value.as_u64().ok_or(Malformed("maxEvents: a number"))?),
        };
        let return_immediately = match member("returnImmediately") {
            None => false,
            Some(value) => {
                let said = value.as_bool();
                said.ok_or(Malformed("returnImmediately: true or false"))?
            }
        };
        let ack = match member("ack") {
            None => Vec::new(),
            Some(Value::Array(all)) if all.len() <= MOST => {
                let all = all.iter().map(|one| one.as_str().filter(|id| fits(id)));
                let all: Option<Vec<String>> = all.map(|one| one.map(str::to_owned)).collect();
                all.ok_or(Malformed("ack: identifiers of events"))?
            }
            Some(_) => return Err(Malformed("ack: a list of at most 1000 identifiers")),
        };
        let set_errs = match member("setErrs") {
            None => BTreeMap::new(),
            Some(Value::Object(all)) if all.len() <= MOST => {
                let read = |(id, error): (&String, &Value)| {
                    let error: SetError = serde_json::from_value(error.clone()).ok()?;
                    let fits = fits(id) && error.err.len() + error.description.len() <= LONGEST;
                    fits.then(|| (id.clone(), error))
                };
                let all: Option<BTreeMap<_, _>> = all.iter().map(read).collect();
                all.ok_or(Malformed("setErrs: errors with err and description"))?
            }
            Some(_) => return Err(Malformed("setErrs: an object with at most 1000 errors")),
        };
        Ok(Self {
            max_events,
            return_immediately,
            ack,
            set_errs,
        })
    }
}

fn fits(id: &str) -> bool {
    id.len() <= LONGEST && !id.contains('\0')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<PollRequest, Malformed> {
        PollRequest::read(value.as_object().unwrap())
    }

    #[test]
    fn a_poll_says_what_it_has_and_what_it_wants() {
        assert_eq!(read(json!({})).unwrap(), PollRequest::default());
        let poll = read(json!({
            "maxEvents": 3, "returnImmediately": true, "ack": ["a", "b"],
            "setErrs": {"c": {"err": "invalid_key", "description": "no"}}, "more": 1
        }));
        let poll = poll.unwrap();
        assert_eq!((poll.max_events, poll.return_immediately), (Some(3), true));
        assert_eq!(poll.ack, ["a", "b"]);
        assert_eq!(poll.set_errs["c"].err, "invalid_key");
        assert_eq!(read(json!({"ack": null})).unwrap(), PollRequest::default());
    }

    #[test]
    fn what_is_of_another_type_or_too_much_is_refused() {
        for bad in [
            json!({"maxEvents": -1}),
            json!({"maxEvents": "1"}),
            json!({"returnImmediately": 1}),
            json!({"ack": "a"}),
            json!({"ack": [1]}),
            json!({"ack": ["a\0"]}),
            json!({"ack": vec!["a"; 1001]}),
            json!({"setErrs": []}),
            json!({"setErrs": {"a": 1}}),
            json!({"setErrs": {"a": {"err": "x".repeat(2000)}}}),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
