//! What expressions (CEL) see of JSON, and JSON of what they give.

use std::collections::HashMap;

use cel::Value;
use cel::objects::Key;
use serde_json::{Map, Value as Json};

/// Of a list or an object, an expression sees this many members.
const MEMBERS: usize = 500;
/// How deep a result may be.
const DEPTH: usize = 8;

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

/// What an expression gave, as JSON; `None` for what JSON has no word for, and for what is too deep.
pub(super) fn json(value: &Value) -> Option<Json> {
    json_within(value, DEPTH)
}

fn json_within(value: &Value, depth: usize) -> Option<Json> {
    let depth = depth.checked_sub(1)?;
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        Value::UInt(number) => Json::from(*number),
        Value::Float(number) => Json::Number(serde_json::Number::from_f64(*number)?),
        Value::String(text) => Json::String(text.to_string()),
        Value::List(items) => {
            let items = items.iter().map(|item| json_within(item, depth));
            Json::Array(items.collect::<Option<_>>()?)
        }
        Value::Map(map) => {
            let mut members = Map::new();
            for (key, member) in map.map.iter() {
                let Key::String(name) = key else {
                    return None;
                };
                members.insert(name.to_string(), json_within(member, depth)?);
            }
            Json::Object(members)
        }
        _ => return None,
    })
}
