//! What expressions (CEL) see of JSON, and JSON of what they give.

use std::collections::HashMap;

use cel::Value;
use cel::objects::Key;
use serde_json::{Map, Value as Json};

/// Of a list or an object, an expression sees this many members.
const MEMBERS: usize = 500;
/// How deep a result may be.
const DEPTH: usize = 8;
/// How large a result may be: characters, and one for each value. Lists that share their members take no memory until they are written out.
const LARGEST: usize = 64 * 1024;

/// An object as expressions see it.
pub(crate) fn object(members: &Map<String, Json>) -> Value {
    let members: HashMap<Key, Value> = members
        .iter()
        .take(MEMBERS)
        .map(|(name, json)| (Key::from(name.as_str()), value(json)))
        .collect();
    Value::from(members)
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            let items: Vec<Value> = items.iter().take(MEMBERS).map(value).collect();
            Value::from(items)
        }
        Json::Object(members) => object(members),
    }
}

/// What an expression gave, as JSON; `None` for what JSON has no word for, and for what is too deep or too large.
pub(super) fn json(value: &Value) -> Option<Json> {
    json_within(value, DEPTH, &mut { LARGEST })
}

fn json_within(value: &Value, depth: usize, left: &mut usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    let size = match value {
        Value::String(text) => text.len() + 1,
        _ => 1,
    };
    *left = left.checked_sub(size)?;
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::UInt(number) => Json::from(*number),
        Value::Float(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Value::String(text) => Json::String(text.to_string()),
        Value::List(items) => {
            let items = items.iter().map(|item| json_within(item, depth, left));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Map(map) => {
            let mut members = Map::new();
            for (key, member) in map.map.iter() {
                let Key::String(name) = key else {
                    return None;
                };
                *left = left.checked_sub(name.len())?;
                members.insert(name.to_string(), json_within(member, depth, left)?);
            }
            Json::Object(members)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn what_is_too_large_written_out_is_nothing() {
        let mut list = Value::from("x");
        for _ in 0..5 {
            list = Value::from(vec![list; 10]);
        }
        assert_eq!(json(&list), None);
        let small = Value::from(vec![Value::from("x"); 10]);
        assert_eq!(json(&small), Some(serde_json::json!(vec!["x"; 10])));
        assert_eq!(json(&Value::from("x".repeat(LARGEST))), None);
    }
}
