//! Members that real servers send in another type than the specification has: numbers and booleans as strings.

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
