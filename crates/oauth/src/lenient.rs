//! Members that real servers send in another type than might be expected: numbers and booleans as strings, times with a fraction.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Integer {
    Number(i64),
    Float(f64),
    Text(String),
}

pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Integer>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Integer::Number(number)) => Ok(Some(number)),
        // The cast saturates and makes 0 of NaN.
        Some(Integer::Float(number)) => Ok(Some(number as i64)),
        Some(Integer::Text(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Boolean {
    Bool(bool),
    Text(String),
}

pub(crate) fn boolean<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    match Option::<Boolean>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Boolean::Bool(value)) => Ok(Some(value)),
        Some(Boolean::Text(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

/// A NumericDate (RFC 7519 §2), in whole seconds: a fraction is allowed on the wire and cut off.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Seconds::deserialize(deserializer).map(|seconds| seconds.0)
}

pub(crate) fn optional_seconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let seconds = Option::<Seconds>::deserialize(deserializer)?;
    Ok(seconds.map(|seconds| seconds.0))
}

struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
        Ok(Seconds(seconds))
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
        i64::try_from(seconds).map(Seconds).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
        // Beyond 2^53 a double no longer counts seconds.
        if seconds.abs() < 9_007_199_254_740_992.0 {
            Ok(Seconds(seconds.floor() as i64))
        } else {
            Err(E::custom("a time out of range"))
        }
    }
}
