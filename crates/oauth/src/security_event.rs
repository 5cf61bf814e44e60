//! Security event tokens (RFC 8417), and how they name whom they are about (RFC 9493; complex subjects: OpenID Shared Signals Framework §3.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims::Audience;
use crate::lenient;

/// The `typ` of its header (RFC 8417 §2.3).
pub const TYPE: &str = "secevent+jwt";
/// The media type in which it is pushed (RFC 8935 §2.1).
pub const MEDIA_TYPE: &str = "application/secevent+jwt";

/// How long the name of a subject may be, in bytes of JSON.
const LONGEST: usize = 2048;
/// How many names one subject may be given at once.
const ALIASES: usize = 10;
/// What a complex subject may consist of (Shared Signals Framework §3.3).
const PARTS: [&str; 7] = [
    "user",
    "device",
    "session",
    "application",
    "tenant",
    "org_unit",
    "group",
];

/// The claims of a security event token as the Shared Signals Framework has them (§4.1): one event, `sub_id` and no `sub`, no `exp`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// The transmitter.
    pub iss: String,
    /// The receiver.
    pub aud: Audience,
    /// Its identifier, the same each time that it is sent.
    pub jti: String,
    /// When it was made (unix seconds).
    #[serde(deserialize_with = "lenient::seconds")]
    pub iat: i64,
    /// Whom it is about.
    pub sub_id: Value,
    /// What several events have in common that have one cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
    /// What happened: the type of the event and its particulars.
    pub events: Map<String, Value>,
}

/// Whom an event is about, or is wanted about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectId {
    /// One thing by one name: `format` and the members of that format, as they came.
    Simple(Map<String, Value>),
    /// Several things at once, by what they are: `user`, `session`, …; none of them is complex.
    Complex(BTreeMap<String, Map<String, Value>>),
}

/// Why a name is none; fit for the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotASubject(&'static str);

impl SubjectId {
    /// A person by the issuer and their name there (RFC 9493 §3.2.3).
    pub fn iss_sub(iss: &str, sub: &str) -> Self {
        Self::simple("iss_sub", &[("iss", iss), ("sub", sub)])
    }

    /// A person by their e-mail address (RFC 9493 §3.2.2).
    pub fn email(address: &str) -> Self {
        Self::simple("email", &[("email", address)])
    }

    /// Something by a name that says nothing to others (RFC 9493 §3.2.4).
    pub fn opaque(id: &str) -> Self {
        Self::simple("opaque", &[("id", id)])
    }

    fn simple(format: &str, members: &[(&str, &str)]) -> Self {
        let members = members.iter().copied().chain([("format", format)]);
        Self::Simple(
            members
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect(),
        )
    }

    /// This person's session: a complex subject of both.
    #[must_use]
    pub fn in_session(self, session: Self) -> Self {
        match (self, session) {
            (Self::Simple(user), Self::Simple(session)) => Self::Complex(BTreeMap::from([
                ("user".to_owned(), user),
                ("session".to_owned(), session),
            ])),
            (this, _) => this,
        }
    }

    /// Reads what a receiver wrote: one subject, or, of the format `aliases`, each of its names (RFC 9493 §3.2.8).
    ///
    /// # Errors
    /// As [`SubjectId::read`], and when there is no name, too many of them, or one that is not simple.
    pub fn read_all(value: &Value) -> Result<Vec<Self>, NotASubject> {
        if value.get("format").and_then(Value::as_str) != Some("aliases") {
            return Ok(vec![Self::read(value)?]);
        }
        let names = value.get("identifiers").and_then(Value::as_array);
        let names = names.filter(|names| (1..=ALIASES).contains(&names.len()));
        let names = names.ok_or(NotASubject("subject: one to ten identifiers"))?;
        let simple = |name: &Value| match Self::read(name)? {
            subject @ Self::Simple(_) => Ok(subject),
            Self::Complex(_) => Err(NotASubject("subject: its identifiers are simple")),
        };
        names.iter().map(simple).collect()
    }

    /// Reads what a receiver wrote. A complex subject may also come without `format`, as its drafts had it.
    ///
    /// # Errors
    /// When it is not of a known format, lacks a member, or is too long.
    pub fn read(value: &Value) -> Result<Self, NotASubject> {
        let Value::Object(members) = value else {
            return Err(NotASubject("subject: it must be an object"));
        };
        if value.to_string().len() > LONGEST {
            return Err(NotASubject("subject: it is too long"));
        }
        let format = members.get("format").and_then(Value::as_str);
        let is_complex = format == Some("complex")
            || format.is_none() && members.keys().any(|name| PARTS.contains(&name.as_str()));
        if !is_complex {
            return Ok(Self::Simple(simple(members)?));
        }
        let mut parts = BTreeMap::new();
        for (name, part) in members {
            if !PARTS.contains(&name.as_str()) {
                continue;
            }
            let Value::Object(part) = part else {
                return Err(NotASubject("subject: its parts must be objects"));
            };
            parts.insert(name.clone(), simple(part)?);
        }
        if parts.is_empty() {
            return Err(NotASubject("subject: a complex one has parts"));
        }
        Ok(Self::Complex(parts))
    }

    /// As it stands in a token.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Simple(members) => Value::Object(members.clone()),
            Self::Complex(parts) => {
                let parts = parts
                    .iter()
                    .map(|(name, part)| (name.clone(), Value::Object(part.clone())));
                let format = ("format".to_owned(), Value::from("complex"));
                Value::Object(parts.chain([format]).collect())
            }
        }
    }

    /// The part of this name: a simple subject is its own `user`.
    pub fn part(&self, name: &str) -> Option<&Map<String, Value>> {
        match self {
            Self::Simple(members) => (name == "user").then_some(members),
            Self::Complex(parts) => parts.get(name),
        }
    }

    /// Whether an event about `event` is one about this subject: what both name is the same, and they name something in common (§8.1.3.1).
    pub fn covers(&self, event: &Self) -> bool {
        let both = |name: &&str| self.part(name).is_some() && event.part(name).is_some();
        let mut common = PARTS.iter().copied().filter(both).peekable();
        common.peek().is_some() && common.all(|name| self.part(name) == event.part(name))
    }

    /// What to look for it by: the same text for the same user, or where none is named, for the same first part; equal for all spellings of an address.
    pub fn key(&self) -> String {
        let named = PARTS
            .iter()
            .find_map(|name| self.part(name).map(|part| (name, part)));
        // Members are in the order of their names, so equal ones give equal texts.
        named.map_or_else(String::new, |(name, part)| {
            format!("{name} {}", Value::Object(part.clone()))
        })
    }

    /// The format, or that of its user.
    pub fn format(&self) -> &str {
        let part = PARTS.iter().find_map(|name| self.part(name));
        let format = part.and_then(|part| part.get("format"));
        format.and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether any part of it is an e-mail address or a telephone number.
    pub fn names_an_address(&self) -> bool {
        PARTS.iter().filter_map(|name| self.part(name)).any(|part| {
            let format = part.get("format").and_then(Value::as_str);
            !matches!(format, Some("iss_sub" | "opaque"))
        })
    }
}

/// A simple subject: its format is known and its members are there, no others are kept (RFC 9493 §3.2). Addresses are compared in small letters.
fn simple(members: &Map<String, Value>) -> Result<Map<String, Value>, NotASubject> {
    let format = members.get("format").and_then(Value::as_str);
    let wanted: &[&str] = match format {
        Some("account" | "uri") => &["uri"],
        Some("email") => &["email"],
        Some("iss_sub") => &["iss", "sub"],
        Some("opaque") => &["id"],
        Some("phone_number") => &["phone_number"],
        Some("did") => &["url"],
        _ => return Err(NotASubject("subject: format is missing or not known")),
    };
    let mut kept = Map::new();
    kept.insert("format".to_owned(), format.unwrap_or_default().into());
    for name in wanted {
        let value = members.get(*name).and_then(Value::as_str);
        let value = value.filter(|value| !value.is_empty() && !value.contains('\0'));
        let value = value.ok_or(NotASubject("subject: a member of its format is missing"))?;
        let value = match *name {
            "email" => value.to_lowercase(),
            _ => value.to_owned(),
        };
        kept.insert((*name).to_owned(), value.into());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> SubjectId {
        SubjectId::read(&value).unwrap()
    }

    #[test]
    fn each_format_needs_its_members_and_keeps_no_others() {
        for good in [
            json!({"format": "account", "uri": "acct:a@example.com"}),
            json!({"format": "email", "email": "a@example.com"}),
            json!({"format": "iss_sub", "iss": "https://op.example", "sub": "1"}),
            json!({"format": "opaque", "id": "1"}),
            json!({"format": "phone_number", "phone_number": "+1"}),
            json!({"format": "did", "url": "did:example:1"}),
            json!({"format": "uri", "uri": "urn:x:1"}),
            json!({"format": "complex", "user": {"format": "opaque", "id": "1"}}),
        ] {
            let mut more = good.clone();
            more["extra"] = json!(1);
            assert_eq!(read(more).to_value(), good);
        }
        for bad in [
            json!("x"),
            json!({}),
            json!({"format": "strange", "id": "1"}),
            json!({"format": "opaque"}),
            json!({"format": "opaque", "id": ""}),
            json!({"format": "opaque", "id": "a\0b"}),
            json!({"format": "opaque", "id": 1}),
            json!({"format": "complex"}),
            json!({"format": "complex", "user": {"format": "complex", "user": {}}}),
            json!({"format": "complex", "user": "x"}),
            json!({"format": "opaque", "id": "x".repeat(3000)}),
        ] {
            assert!(SubjectId::read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn aliases_are_several_names_of_one() {
        let one = json!({"format": "opaque", "id": "1"});
        let other = json!({"format": "email", "email": "a@example.com"});
        let aliases = |all: Vec<Value>| json!({"format": "aliases", "identifiers": all});
        let all = SubjectId::read_all(&aliases(vec![one.clone(), other.clone()])).unwrap();
        assert_eq!(
            all.iter().map(SubjectId::to_value).collect::<Vec<_>>(),
            [one.clone(), other]
        );
        assert_eq!(SubjectId::read_all(&one).unwrap(), [read(one.clone())]);
        for bad in [
            aliases(vec![]),
            aliases(vec![one.clone(); 11]),
            aliases(vec![json!("x")]),
            aliases(vec![aliases(vec![one.clone()])]),
            aliases(vec![json!({"format": "complex", "user": one})]),
            json!({"format": "aliases"}),
            json!({"format": "aliases", "identifiers": {}}),
        ] {
            assert!(SubjectId::read_all(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_both_name_has_to_be_the_same() {
        let alice = SubjectId::iss_sub("https://op.example", "alice");
        let one = alice.clone().in_session(SubjectId::opaque("s1"));
        let two = alice.clone().in_session(SubjectId::opaque("s2"));
        let bob = SubjectId::iss_sub("https://op.example", "bob");
        assert!(alice.covers(&alice) && alice.covers(&one) && one.covers(&alice));
        assert!(one.covers(&one) && !one.covers(&two) && !bob.covers(&one));
        let tenant = read(json!({"tenant": {"format": "opaque", "id": "t"}}));
        assert!(!tenant.covers(&alice), "they have nothing in common");
        let session = read(json!({"session": {"format": "opaque", "id": "s1"}}));
        assert!(session.covers(&one) && !session.covers(&two) && !session.covers(&alice));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_cased() {
        let one = read(json!({"format": "email", "email": "Alice@Example.com"}));
        let other = read(json!({"format": "email", "email": "alice@example.com"}));
        assert_eq!((one.key(), one.covers(&other)), (other.key(), true));
        assert!(one.names_an_address() && one.format() == "email");
        assert!(!SubjectId::opaque("x").names_an_address());
    }

    proptest! {
        #[test]
        fn what_is_read_comes_back_and_is_found(iss in "[a-z]{1,8}", sub in "\\PC{1,20}", session in "[a-z]{1,8}") {
            let user = SubjectId::iss_sub(&iss, &sub);
            let both = user.clone().in_session(SubjectId::opaque(&session));
            for subject in [user.clone(), both.clone()] {
                prop_assert_eq!(SubjectId::read(&subject.to_value()).unwrap(), subject.clone());
                prop_assert_eq!(subject.key(), user.key());
                prop_assert!(subject.covers(&both));
            }
        }

        #[test]
        fn nothing_breaks_the_reader(text in "\\PC{0,60}") {
            let _ = SubjectId::read(&json!({"format": text, "id": text, "user": text}));
            let _ = SubjectId::read(&json!({"user": {"format": "opaque", "id": text}}));
        }
    }
}
