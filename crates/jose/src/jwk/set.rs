//! JWK sets (RFC 7517 §5).

use super::Jwk;
use crate::{Error, json, limits};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A set of keys in the order of its document.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Parses a set of at most [`limits::JWK_SET`] bytes. A key of an unknown type, or one that is not acceptable, is left out (§5), so
    /// that one stranger does not take the others away; a duplicate member anywhere refuses the whole document.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        if text.len() > limits::JWK_SET {
            return Err(Error::TooLarge);
        }
        Self::from_value(json::parse(text.as_bytes(), "JWK set")?)
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        let wrong = Error::Malformed("a JWK set is an object with an array of keys");
        let Value::Object(mut members) = value else {
            return Err(wrong);
        };
        let Some(Value::Array(keys)) = members.remove("keys") else {
            return Err(wrong);
        };
        Ok(Self {
            keys: keys
                .into_iter()
                .filter_map(|key| Jwk::from_value(key).ok())
                .collect(),
        })
    }

    /// The first key of this `kid`.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json::Strict(value) = Deserialize::deserialize(deserializer)?;
        Self::from_value(value).map_err(serde::de::Error::custom)
    }
}
