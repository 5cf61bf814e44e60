//! JSON Schemas (2020-12) of what may be asked for in particular: compiled once, bounded in what they cost, and never fetched from anywhere.

use std::collections::HashMap;
use std::fmt;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

/// The longest schema, in bytes of JSON.
const LONGEST: usize = 16 * 1024;
/// How large a schema may be with each `$ref` replaced by what it stands for, in values.
const LARGEST: usize = 5000;
/// How deep a schema may be.
const DEEPEST: usize = 32;
/// What the automaton of one pattern may take, in bytes.
const PATTERN: usize = 64 * 1024;

/// A compiled schema.
pub(super) struct Schema(Validator);

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

impl Schema {
    /// Compiles it. The reason of a refusal is for whoever wrote the schema.
    ///
    /// References lead to `#/$defs/NAME` only, and never in a circle, so that checking ends; patterns are matched in linear time.
    pub(super) fn compile(schema: &Value) -> Result<Self, String> {
        if !schema.is_object() {
            return Err("the schema is not a JSON object".to_owned());
        }
        if schema.to_string().len() > LONGEST {
            return Err(format!("the schema is longer than {LONGEST} bytes"));
        }
        measure(schema)?;
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN)
            .dfa_size_limit(PATTERN);
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(patterns)
            .build(schema)
            .map(Self)
            .map_err(|error| format!("the schema is not one: {error}"))
    }

    /// Whether it fits.
    pub(super) fn admits(&self, members: &Map<String, Value>) -> bool {
        self.0.is_valid(&Value::Object(members.clone()))
    }
}

/// Refuses what could be fetched, go round in circles or grow without bound.
fn measure(schema: &Value) -> Result<(), String> {
    let no_definitions = Map::new();
    let definitions = schema
        .get("$defs")
        .and_then(Value::as_object)
        .unwrap_or(&no_definitions);
    let mut measure = Measure {
        definitions,
        known: HashMap::new(),
    };
    measure.size(schema, 0).map(drop)
}

struct Measure<'a> {
    definitions: &'a Map<String, Value>,
    /// `None` while it is being measured: whoever meets that goes round in a circle.
    known: HashMap<&'a str, Option<usize>>,
}

impl<'a> Measure<'a> {
    fn size(&mut self, value: &'a Value, depth: usize) -> Result<usize, String> {
        if depth > DEEPEST {
            return Err(format!("the schema is nested deeper than {DEEPEST} levels"));
        }
        let mut total: usize = 1;
        match value {
            Value::Array(items) => {
                for item in items {
                    total = total.saturating_add(self.size(item, depth + 1)?);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    total = total.saturating_add(self.member(name, member, depth)?);
                }
            }
            _ => {}
        }
        if total > LARGEST {
            return Err(format!("the schema stands for more than {LARGEST} values"));
        }
        Ok(total)
    }

    fn member(&mut self, name: &str, member: &'a Value, depth: usize) -> Result<usize, String> {
        match name {
            "$ref" => self.reference(member),
            "$schema" if member != "https://json-schema.org/draft/2020-12/schema" => {
                Err("`$schema` is to be https://json-schema.org/draft/2020-12/schema".to_owned())
            }
            "$schema" | "$defs" | "$comment" => self.size(member, depth + 1),
            name if name.starts_with('$') => Err(format!("`{name}` is not to be used here")),
            _ => self.size(member, depth + 1),
        }
    }

    fn reference(&mut self, target: &'a Value) -> Result<usize, String> {
        let wrong = || format!("`$ref` {target} does not lead to `#/$defs/NAME` of this schema");
        let name = target
            .as_str()
            .and_then(|text| text.strip_prefix("#/$defs/"))
            .ok_or_else(wrong)?;
        let (name, definition) = self.definitions.get_key_value(name).ok_or_else(wrong)?;
        match self.known.get(name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(format!("`$defs/{name}` leads back to itself")),
            None => {}
        }
        self.known.insert(name, None);
        let size = self.size(definition, 0)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_admits_what_fits() {
        let schema = json!({
            "type": "object", "required": ["type", "amount"], "additionalProperties": false,
            "properties": {"type": {"const": "pay"}, "amount": {"$ref": "#/$defs/amount"}},
            "$defs": {"amount": {"type": "string", "pattern": "^[0-9]{1,6}$"}},
        });
        let schema = Schema::compile(&schema).unwrap();
        let admits = |value: Value| schema.admits(value.as_object().unwrap());
        assert!(admits(json!({"type": "pay", "amount": "10"})));
        assert!(!admits(json!({"type": "pay", "amount": "ten"})));
        assert!(!admits(json!({"type": "pay"})));
        assert!(!admits(json!({"type": "pay", "amount": "10", "more": 1})));
    }

    #[test]
    fn nothing_is_fetched_and_nothing_goes_round_in_circles() {
        let mut bomb = serde_json::Map::new();
        for level in 0..24 {
            let next = json!({"$ref": format!("#/$defs/a{}", level + 1)});
            bomb.insert(format!("a{level}"), json!({"allOf": [next, next]}));
        }
        bomb.insert("a24".to_owned(), json!({"type": "string"}));
        let deep = (0..40).fold(json!({}), |inner, _| json!({"not": inner}));
        for (case, schema) in [
            ("no object", json!(true)),
            (
                "another host",
                json!({"$ref": "https://evil.example/schema"}),
            ),
            ("a file", json!({"$ref": "file:///etc/passwd"})),
            (
                "a host within",
                json!({"properties": {"a": {"$ref": "http://169.254.169.254/"}}}),
            ),
            ("itself", json!({"$ref": "#"})),
            (
                "itself by a definition",
                json!({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}),
            ),
            (
                "each other",
                json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}}),
            ),
            ("a bomb", json!({"$ref": "#/$defs/a0", "$defs": bomb})),
            ("too deep", deep),
            ("too long", json!({"const": "a".repeat(LONGEST)})),
            (
                "another base",
                json!({"$id": "https://evil.example/", "type": "object"}),
            ),
            ("a dynamic reference", json!({"$dynamicRef": "#a"})),
            ("an anchor", json!({"$anchor": "a"})),
            (
                "another dialect",
                json!({"$schema": "https://evil.example/dialect"}),
            ),
            ("no pattern", json!({"pattern": "("})),
            ("a pattern that looks back", json!({"pattern": "(a)\\1"})),
            (
                "a pattern of a thousand thousands",
                json!({"pattern": "((a{1000}){1000}){1000}"}),
            ),
            ("no type", json!({"type": "thing"})),
        ] {
            assert!(Schema::compile(&schema).is_err(), "{case}");
        }
    }

    #[test]
    fn a_pattern_takes_no_longer_than_its_text() {
        let schema =
            Schema::compile(&json!({"properties": {"a": {"pattern": "^(a+)+$"}}})).unwrap();
        let long = json!({"a": format!("{}!", "a".repeat(4000))});
        assert!(!schema.admits(long.as_object().unwrap()));
    }
}
