//! JSON that refuses an object which names a member twice, at any depth: two parsers that disagree on which one counts are an attack.

use crate::Error;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

const DUPLICATE: &str = "duplicate member";

/// Parses one JSON text of which nothing may follow.
pub(crate) fn parse(text: &[u8], what: &'static str) -> Result<Value, Error> {
    match serde_json::from_slice::<Strict>(text) {
        Ok(value) => Ok(value.0),
        Err(error) => Err(refusal(&error, what)),
    }
}

/// Parses one JSON object of which nothing may follow.
pub(crate) fn parse_object(text: &[u8], what: &'static str) -> Result<Map<String, Value>, Error> {
    match parse(text, what)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::Malformed(what)),
    }
}

/// The typed form of an error out of the types of this module.
pub(crate) fn refusal(error: &serde_json::Error, what: &'static str) -> Error {
    if error.is_data() && error.to_string().starts_with(DUPLICATE) {
        Error::DuplicateMember
    } else {
        Error::Malformed(what)
    }
}

/// The serde error that [`refusal`] recognises.
pub(crate) fn duplicate<E: de::Error>() -> E {
    E::custom(DUPLICATE)
}

/// The member names of one object, to find out at its end whether one came twice.
#[derive(Default)]
pub(crate) struct Names<'de>(Vec<Cow<'de, str>>);

impl<'de> Names<'de> {
    pub(crate) fn push(&mut self, name: Cow<'de, str>) {
        self.0.push(name);
    }

    /// Sorting keeps this `n log n` for hostile input and costs nothing for the usual dozen.
    pub(crate) fn finish<E: de::Error>(mut self) -> Result<(), E> {
        self.0.sort_unstable();
        if self.0.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(duplicate());
        }
        Ok(())
    }
}

/// A string, borrowed from the input where it has no escapes.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E: de::Error>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Any value, kept.
pub(crate) struct Strict(pub(crate) Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }
    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }
    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }
    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(Value::Array(list)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(value) = members.next_value()?;
            if map.insert(name, value).is_some() {
                return Err(duplicate());
            }
        }
        Ok(Strict(Value::Object(map)))
    }
}

/// Any value, looked through for duplicates and dropped.
pub(crate) struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SkippedVisitor)
    }
}

struct SkippedVisitor;

impl<'de> Visitor<'de> for SkippedVisitor {
    type Value = Skipped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_str<E>(self, _: &str) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_unit<E>(self) -> Result<Skipped, E> {
        Ok(Skipped)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Skipped, A::Error> {
        while items.next_element::<Skipped>()?.is_some() {}
        Ok(Skipped)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Skipped, A::Error> {
        let mut names = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            names.push(name);
            members.next_value::<Skipped>()?;
        }
        names.finish()?;
        Ok(Skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_member_is_refused_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"b":{"a":1,"c":[],"a":2}}]"#,
        ] {
            assert_eq!(parse(text.as_bytes(), "x"), Err(Error::DuplicateMember));
            let skipped = serde_json::from_str::<Skipped>(text).err().unwrap();
            assert_eq!(refusal(&skipped, "x"), Error::DuplicateMember);
        }
        assert!(parse(br#"{"a":{"a":[{"a":1},{"a":1}]}}"#, "x").is_ok());
    }

    #[test]
    fn trailing_data_and_deep_nesting_are_refused() {
        assert_eq!(parse(b"{} {}", "x"), Err(Error::Malformed("x")));
        let deep = "[".repeat(100_000);
        assert_eq!(parse(deep.as_bytes(), "x"), Err(Error::Malformed("x")));
        assert!(serde_json::from_str::<Skipped>(&deep).is_err());
    }

    #[test]
    fn a_text_that_speaks_of_duplicates_is_no_duplicate() {
        let error = serde_json::from_str::<Text<'_>>(r#"["duplicate member"]"#).err();
        assert_eq!(refusal(&error.unwrap(), "x"), Error::Malformed("x"));
    }
}
