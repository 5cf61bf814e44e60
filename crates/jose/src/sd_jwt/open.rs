//! Reading what a holder shows (RFC 9901 §7.1). The signature is judged elsewhere, over the first of the parts.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{ALGORITHM, RESERVED, hash};
use crate::{Error, base64url, json, limits};

/// How many disclosures are looked at.
const MOST: usize = 500;
/// How deep claims may be nested in claims.
const DEEPEST: usize = 32;

/// Splits an SD-JWT into the JWT that is signed, its disclosures, and the proof of its holder's key, if one is at its end (RFC 9901 §4).
///
/// # Errors
/// [`Error::TooLarge`]; [`Error::Malformed`] when no `~` ends the JWT.
pub fn split(text: &str) -> Result<(&str, Vec<&str>, Option<&str>), Error> {
    if text.len() > 4 * limits::TOKEN {
        return Err(Error::TooLarge);
    }
    let (jwt, rest) = text
        .split_once('~')
        .ok_or(Error::Malformed("an SD-JWT has a ~"))?;
    let mut parts: Vec<&str> = rest.split('~').collect();
    let proof = parts.pop().filter(|last| !last.is_empty());
    if parts.len() > MOST {
        return Err(Error::TooLarge);
    }
    Ok((jwt, parts, proof))
}

/// What the claims of a verified SD-JWT are, with these disclosures: those that are hidden and not disclosed are left out, and nothing of the mechanism is left.
///
/// # Errors
/// [`Error::Unsupported`] for another hash; [`Error::Malformed`] or [`Error::Claims`] when a disclosure is not one, belongs nowhere, or comes twice, when a
/// claim is there already, and when one hash stands in two places (RFC 9901 §7.1).
pub fn open(
    payload: &Map<String, Value>,
    disclosures: &[&str],
) -> Result<Map<String, Value>, Error> {
    match payload.get("_sd_alg").map(Value::as_str) {
        None | Some(Some(ALGORITHM)) => {}
        Some(_) => return Err(Error::Unsupported),
    }
    let mut shown = HashMap::new();
    for text in disclosures {
        if shown.insert(hash(text), Disclosure::parse(text)?).is_some() {
            return Err(Error::Claims);
        }
    }
    let mut reading = Reading {
        shown,
        seen: HashSet::new(),
    };
    let mut payload = payload.clone();
    payload.remove("_sd_alg");
    let opened = reading.object(payload, 0)?;
    if !reading.shown.is_empty() {
        return Err(Error::Malformed("a disclosure that belongs nowhere"));
    }
    Ok(opened)
}

/// A disclosure without its salt: with a name for a member, without one for an entry of a list.
struct Disclosure {
    name: Option<String>,
    value: Value,
}

impl Disclosure {
    fn parse(text: &str) -> Result<Self, Error> {
        let wrong = Error::Malformed("not a disclosure");
        let json = base64url::decode(text)?;
        // In an object, so that the strict parser sees it.
        let wrapped = [br#"{"d":"#.as_slice(), &json, b"}"].concat();
        let mut wrapped = json::parse_object(&wrapped, "disclosure")?;
        if wrapped.len() != 1 {
            return Err(wrong);
        }
        let Some(Value::Array(items)) = wrapped.remove("d") else {
            return Err(wrong);
        };
        let mut items = items.into_iter();
        let salt = items.next();
        let (second, third) = (items.next(), items.next());
        let salted = matches!(salt, Some(Value::String(_))) && items.next().is_none();
        match (second, third) {
            (Some(Value::String(name)), Some(value)) if salted => {
                if RESERVED[..2].contains(&name.as_str()) {
                    return Err(wrong);
                }
                Ok(Self {
                    name: Some(name),
                    value,
                })
            }
            (Some(value), None) if salted => Ok(Self { name: None, value }),
            _ => Err(wrong),
        }
    }
}

struct Reading {
    /// By their hashes; one that was used is taken out.
    shown: HashMap<String, Disclosure>,
    /// Every hash that was met.
    seen: HashSet<String>,
}

impl Reading {
    fn value(&mut self, value: Value, depth: usize) -> Result<Value, Error> {
        if depth > DEEPEST {
            return Err(Error::TooLarge);
        }
        match value {
            Value::Object(members) => Ok(Value::Object(self.object(members, depth)?)),
            Value::Array(items) => {
                let mut all = Vec::with_capacity(items.len());
                for item in items {
                    if let Some(hash) = entry(&item) {
                        if let Some(found) = self.take(hash)? {
                            if found.name.is_some() {
                                return Err(Error::Malformed(
                                    "the disclosure of a member in a list",
                                ));
                            }
                            all.push(self.value(found.value, depth + 1)?);
                        }
                    } else {
                        all.push(self.value(item, depth + 1)?);
                    }
                }
                Ok(Value::Array(all))
            }
            other => Ok(other),
        }
    }

    fn object(
        &mut self,
        mut members: Map<String, Value>,
        depth: usize,
    ) -> Result<Map<String, Value>, Error> {
        let hidden = members.remove("_sd");
        if members.contains_key("...") {
            return Err(Error::Claims);
        }
        let mut all = Map::new();
        for (name, value) in members {
            let value = self.value(value, depth + 1)?;
            all.insert(name, value);
        }
        let hidden = match hidden {
            None => return Ok(all),
            Some(Value::Array(hidden)) => hidden,
            Some(_) => return Err(Error::Claims),
        };
        for hash in hidden {
            let hash = hash.as_str().ok_or(Error::Claims)?;
            let Some(found) = self.take(hash)? else {
                continue;
            };
            let name = found
                .name
                .ok_or(Error::Malformed("the disclosure of an entry in an object"))?;
            let value = self.value(found.value, depth + 1)?;
            if all.insert(name, value).is_some() {
                return Err(Error::Claims);
            }
        }
        Ok(all)
    }

    fn take(&mut self, hash: &str) -> Result<Option<Disclosure>, Error> {
        if !self.seen.insert(hash.to_owned()) {
            return Err(Error::Claims);
        }
        Ok(self.shown.remove(hash))
    }
}

/// The hash that stands for an entry of a list (RFC 9901 §4.2.4.2).
fn entry(item: &Value) -> Option<&str> {
    let members = item.as_object().filter(|members| members.len() == 1)?;
    members.get("...")?.as_str()
}
