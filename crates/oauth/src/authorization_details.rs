//! `authorization_details` (RFC 9396): what a client asks for in particular, beyond what scopes say.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Error, ErrorCode, Params};

/// The longest that is read, in bytes of JSON: all of it travels in tokens, which headers have to hold.
pub const LONGEST: usize = 4096;
/// How many objects there are at most.
pub const MOST: usize = 16;
/// How deep objects and lists are nested within one of them at most.
pub const DEEPEST: usize = 8;

/// The common members that are lists (RFC 9396 §2.2): fewer of them is less.
const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];

/// One object of the list, with its `type` (RFC 9396 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    kind: String,
    members: Map<String, Value>,
}

impl Detail {
    /// Its `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// All its members, `type` among them.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// Whether it asks for no more than `granted`: the same, or fewer entries in the lists of RFC 9396 §2.2. What it leaves out would be without limit, so
    /// nothing may be left out.
    pub fn is_within(&self, granted: &Self) -> bool {
        self.members.len() == granted.members.len()
            && self.members.iter().all(|(name, own)| {
                granted.members.get(name).is_some_and(|other| {
                    own == other || (LISTS.contains(&name.as_str()) && is_part(own, other))
                })
            })
    }
}

/// Whether both are lists, and the first is some of the second, but not nothing: an empty list may mean everything.
fn is_part(own: &Value, other: &Value) -> bool {
    match (own.as_array(), other.as_array()) {
        (Some(own), Some(other)) => !own.is_empty() && own.iter().all(|one| other.contains(one)),
        _ => false,
    }
}

/// A list of [`Detail`]s, at least one, within the limits of this module. What was read is written anew whenever it goes on, so that everybody sees the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationDetails(Vec<Detail>);

impl AuthorizationDetails {
    /// Reads the parameter, if it is there.
    ///
    /// # Errors
    /// `invalid_authorization_details` (RFC 9396 §5).
    pub fn of(params: &Params) -> Result<Option<Self>, Error> {
        params
            .get("authorization_details")
            .map(Self::parse)
            .transpose()
    }

    /// Reads JSON.
    ///
    /// # Errors
    /// `invalid_authorization_details` for anything that is not a list of objects with a `type`, or is too long, too much or too deep.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(refusal(
                "The authorization_details are longer than 4096 bytes.",
            ));
        }
        let value = serde_json::from_str(text)
            .map_err(|_| refusal("The authorization_details are not JSON."))?;
        Self::from_value(value).map_err(refusal)
    }

    fn from_value(value: Value) -> Result<Self, &'static str> {
        let Value::Array(items) = value else {
            return Err("The authorization_details are not a JSON array.");
        };
        if items.is_empty() || items.len() > MOST {
            return Err("The authorization_details have 1 to 16 objects.");
        }
        let details: Result<Vec<Detail>, &'static str> = items.into_iter().map(detail).collect();
        let details = Self(details?);
        // Escapes may be longer than what they stood for.
        if details.to_text().len() > LONGEST {
            return Err("The authorization_details are longer than 4096 bytes.");
        }
        Ok(details)
    }

    /// The objects.
    pub fn iter(&self) -> impl Iterator<Item = &Detail> {
        self.0.iter()
    }

    /// The same with what `change` writes into the members of each, beside its type.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str, &mut Map<String, Value>)) -> Self {
        let changed = |one: &Detail| {
            let mut one = one.clone();
            change(&one.kind, &mut one.members);
            one
        };
        Self(self.0.iter().map(changed).collect())
    }

    /// Those that `keep` wants; `None` when there are none.
    pub fn only(&self, keep: impl Fn(&Detail) -> bool) -> Option<Self> {
        let kept: Vec<Detail> = self.0.iter().filter(|one| keep(one)).cloned().collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// Whether they ask for no more than `granted`: each for no more than one of those, and no two for the same one.
    pub fn is_within(&self, granted: &Self) -> bool {
        let mut taken: Vec<Option<usize>> = vec![None; granted.0.len()];
        (0..self.0.len()).all(|index| {
            let mut tried = vec![false; granted.0.len()];
            self.place(index, granted, (&mut taken, &mut tried))
        })
    }

    /// Finds a granted one for the one at `index`, moving others if need be.
    fn place(
        &self,
        index: usize,
        granted: &Self,
        (taken, tried): (&mut [Option<usize>], &mut [bool]),
    ) -> bool {
        for (at, other) in granted.0.iter().enumerate() {
            let fits = self.0.get(index).is_some_and(|own| own.is_within(other));
            if !fits || std::mem::replace(&mut tried[at], true) {
                continue;
            }
            let free = match taken[at] {
                None => true,
                Some(before) => self.place(before, granted, (&mut *taken, &mut *tried)),
            };
            if free {
                taken[at] = Some(index);
                return true;
            }
        }
        false
    }

    /// The details of one token: what was `asked` for, or all that was granted (RFC 9396 §6.1).
    ///
    /// # Errors
    /// `invalid_authorization_details` when more was asked for than was granted.
    pub fn narrow(granted: Option<&Self>, asked: Option<&Self>) -> Result<Option<Self>, Error> {
        match (granted, asked) {
            (granted, None) => Ok(granted.cloned()),
            (Some(granted), Some(asked)) if asked.is_within(granted) => Ok(Some(asked.clone())),
            _ => Err(refusal(
                "The authorization_details exceed what was granted.",
            )),
        }
    }

    /// As JSON, for a text column.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn refusal(text: &'static str) -> Error {
    Error::new(ErrorCode::InvalidAuthorizationDetails, text)
}

fn detail(value: Value) -> Result<Detail, &'static str> {
    let Value::Object(members) = value else {
        return Err("The authorization_details hold something that is not an object.");
    };
    if members.values().map(depth).max().unwrap_or(0) >= DEEPEST {
        return Err("The authorization_details are nested too deeply.");
    }
    match members.get("type").and_then(Value::as_str) {
        Some(kind) if !kind.is_empty() => Ok(Detail {
            kind: kind.to_owned(),
            members,
        }),
        _ => Err("The authorization_details hold an object without a type."),
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

impl Serialize for AuthorizationDetails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|one| &one.members))
    }
}

impl<'de> Deserialize<'de> for AuthorizationDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_value(value).map_err(serde::de::Error::custom)
    }
}
