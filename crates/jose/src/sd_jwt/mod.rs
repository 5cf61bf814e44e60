//! Selective disclosure for JWTs (RFC 9901): the issuer signs hashes of claims, and whoever holds the token gives only those away that it wants to.
//!
//! Claims that are disclosed one by one are members of objects (RFC 9901 §4.2.1); [`open`] reads hidden entries of lists too (§4.2.2). The hash is SHA-256.

mod open;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value};

use crate::jws::{self, Header};
use crate::{Error, SigningKey, base64url};

pub use open::{open, split};

/// The members that mean something in an object of an SD-JWT, and are no claims (RFC 9901 §4.1, §4.2.4.2).
const RESERVED: [&str; 3] = ["_sd", "...", "_sd_alg"];
/// The one hash algorithm here (RFC 9901 §4.1.1).
const ALGORITHM: &str = "sha-256";
/// How deep a hidden claim may be.
const DEEPEST: usize = 8;

/// What an issuer says: some of it to everybody, the rest only where the holder wants it.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    open: Map<String, Value>,
    hidden: Vec<Hidden>,
}

/// One claim that is disclosed by itself.
#[derive(Clone, Debug)]
struct Hidden {
    path: Vec<String>,
    /// `None` for a decoy (RFC 9901 §4.2.5).
    value: Option<Value>,
}

impl Claims {
    /// Only what everybody reads: a JSON object.
    ///
    /// # Errors
    /// [`Error::Claims`] when a member, at whatever depth, has a name that SD-JWTs reserve.
    pub fn new(open: Map<String, Value>) -> Result<Self, Error> {
        if open.iter().any(|(name, value)| is_reserved(name, value)) {
            return Err(Error::Claims);
        }
        Ok(Self {
            open,
            hidden: Vec::new(),
        })
    }

    /// Adds a claim that is disclosed by itself. `path` are the names of the members that lead to it; the objects on the way are there for everybody.
    ///
    /// # Errors
    /// [`Error::Claims`] when the path is empty, too deep or leads through what is no object, is there already, or a name is reserved.
    pub fn hide(&mut self, path: &[String], value: Value) -> Result<(), Error> {
        let name = path.last().ok_or(Error::Claims)?;
        if is_reserved(name, &value) {
            return Err(Error::Claims);
        }
        self.add(path, Some(value))
    }

    /// Adds a hash that stands for nothing where a claim could be (RFC 9901 §4.2.5), so that the number of hashes says nothing about the holder.
    ///
    /// # Errors
    /// As [`Claims::hide`].
    pub fn decoy(&mut self, path: &[String]) -> Result<(), Error> {
        self.add(path, None)
    }

    fn add(&mut self, path: &[String], value: Option<Value>) -> Result<(), Error> {
        let reserved = |name: &String| RESERVED.contains(&name.as_str());
        if path.is_empty() || path.len() > DEEPEST || path.iter().any(reserved) {
            return Err(Error::Claims);
        }
        // Neither the same twice, nor one within another that is hidden as a whole.
        let meets = |one: &Hidden| one.path.starts_with(path) || path.starts_with(&one.path);
        if self.hidden.iter().any(meets) || !leads_to_a_gap(&self.open, path) {
            return Err(Error::Claims);
        }
        self.hidden.push(Hidden {
            path: path.to_vec(),
            value,
        });
        Ok(())
    }

    /// Signs them: the JWT and its disclosures, each followed by `~` (RFC 9901 §4). `salt` gives 128 random bits each time it is asked (§9.3).
    ///
    /// # Errors
    /// When the key cannot sign or the header is not one.
    pub fn sign(
        self,
        key: &SigningKey,
        header: &Header,
        mut salt: impl FnMut() -> [u8; 16],
    ) -> Result<String, Error> {
        let mut payload = self.open;
        let mut disclosures = Vec::new();
        for Hidden { path, value } in self.hidden {
            let hash = match (value, path.last()) {
                (Some(value), Some(name)) => {
                    let salt = base64url::encode(salt());
                    let array = Value::from(vec![salt.into(), name.as_str().into(), value]);
                    let disclosure = base64url::encode(array.to_string());
                    let hash = hash(&disclosure);
                    disclosures.push((hash.clone(), disclosure));
                    hash
                }
                _ => hash(&base64url::encode([salt(), salt()].concat())),
            };
            let parents = path.get(..path.len().saturating_sub(1)).unwrap_or_default();
            put(&mut payload, parents, hash)?;
        }
        payload.insert("_sd_alg".to_owned(), ALGORITHM.into());
        let payload = Value::Object(payload).to_string();
        let mut text = jws::sign(key, header, payload.as_bytes())?;
        text.push('~');
        // By their hashes, which is no order at all.
        disclosures.sort();
        for (_, disclosure) in disclosures {
            text.push_str(&disclosure);
            text.push('~');
        }
        Ok(text)
    }
}

/// Whether the last name of the path is free where it leads.
fn leads_to_a_gap(open: &Map<String, Value>, path: &[String]) -> bool {
    let mut object = open;
    for (index, name) in path.iter().enumerate() {
        match object.get(name) {
            None => return true,
            Some(Value::Object(inner)) if index + 1 < path.len() => object = inner,
            Some(_) => return false,
        }
    }
    false
}

/// Writes a hash into the object that the names lead to, among the others in an order that says nothing (RFC 9901 §4.2.4.1).
fn put(object: &mut Map<String, Value>, names: &[String], hash: String) -> Result<(), Error> {
    if let [first, rest @ ..] = names {
        let inner = object
            .entry(first.as_str())
            .or_insert_with(|| Value::Object(Map::new()));
        return put(inner.as_object_mut().ok_or(Error::Claims)?, rest, hash);
    }
    let list = object
        .entry("_sd")
        .or_insert_with(|| Value::Array(Vec::new()));
    let list = list.as_array_mut().ok_or(Error::Claims)?;
    let before = |other: &Value| other.as_str() < Some(hash.as_str());
    let at = list.partition_point(before);
    list.insert(at, hash.into());
    Ok(())
}

/// The hash of a disclosure as it is written (RFC 9901 §4.2.3).
fn hash(disclosure: &str) -> String {
    base64url::encode(digest(&SHA256, disclosure.as_bytes()))
}

fn is_reserved(name: &str, value: &Value) -> bool {
    RESERVED.contains(&name) || holds_reserved(value)
}

fn holds_reserved(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_reserved),
        Value::Object(members) => members.iter().any(|(name, value)| is_reserved(name, value)),
        _ => false,
    }
}
