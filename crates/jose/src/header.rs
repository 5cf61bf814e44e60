//! The JOSE header (RFC 7515 §4, RFC 7516 §4): one strict parser for all tokens.

use crate::{
    Algorithm, Error, base64url,
    json::{self, Names, Skipped, Strict, Text},
    limits,
};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::{borrow::Cow, fmt};

/// A header as it came: nothing about it is proven.
#[derive(Default)]
pub(crate) struct Parsed<'a> {
    pub(crate) alg: Option<Cow<'a, str>>,
    pub(crate) enc: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
    pub(crate) cty: Option<Cow<'a, str>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) apu: Option<Cow<'a, str>>,
    pub(crate) apv: Option<Cow<'a, str>>,
    pub(crate) jwk: Option<Value>,
    pub(crate) epk: Option<Value>,
    /// `jku`, `x5u` or `x5c` is present: a key, or a place to fetch one from, that the sender chose.
    foreign_key: bool,
    /// `crit` or `b64` is present.
    critical: bool,
    /// `zip` is present.
    pub(crate) compressed: bool,
    /// The rest, `jku`, `x5u` and `x5c` included.
    pub(crate) extra: Map<String, Value>,
}

impl<'a> Parsed<'a> {
    /// Parses the decoded header and refuses what is never acceptable: duplicates, `crit`, an over-long `kid`.
    pub(crate) fn parse(text: &'a [u8]) -> Result<Self, Error> {
        if text.len() > limits::HEADER {
            return Err(Error::TooLarge);
        }
        let header: Self =
            serde_json::from_slice(text).map_err(|error| json::refusal(&error, "header"))?;
        if header.critical {
            return Err(Error::Critical);
        }
        if header
            .kid
            .as_ref()
            .is_some_and(|kid| kid.len() > limits::KID)
        {
            return Err(Error::TooLarge);
        }
        Ok(header)
    }

    /// The signature algorithm.
    pub(crate) fn algorithm(&self) -> Result<Algorithm, Error> {
        match &self.alg {
            Some(name) => name.parse(),
            None => Err(Error::Malformed("no alg in the header")),
        }
    }

    /// Refuses a header that brings a key along, of whatever kind.
    pub(crate) fn refuse_keys(&self) -> Result<(), Error> {
        if self.jwk.is_some() {
            return Err(Error::KeyInHeader);
        }
        self.refuse_foreign_keys()
    }

    /// Refuses a key in the header but for certificates (`x5c`), for callers that do not look at those.
    pub(crate) fn refuse_keys_but_certificates(&self) -> Result<(), Error> {
        let places = ["jku", "x5u"];
        if self.jwk.is_some() || places.iter().any(|name| self.extra.contains_key(*name)) {
            return Err(Error::KeyInHeader);
        }
        Ok(())
    }

    /// Refuses `jku`, `x5u` and `x5c`.
    pub(crate) fn refuse_foreign_keys(&self) -> Result<(), Error> {
        if self.foreign_key {
            return Err(Error::KeyInHeader);
        }
        Ok(())
    }
}

/// The one header (as JSON) of a JSON serialisation: the encoded protected part and the unprotected ones, whose names must all differ
/// (RFC 7515 §7.2.1, RFC 7516 §7.2.1).
pub(crate) fn merged<const N: usize>(
    protected: &str,
    unprotected: [&Map<String, Value>; N],
) -> Result<Vec<u8>, Error> {
    let protected = base64url::decode(protected)?;
    if protected.len() > limits::HEADER {
        return Err(Error::TooLarge);
    }
    if unprotected.iter().all(|part| part.is_empty()) && !protected.is_empty() {
        return Ok(protected);
    }
    let mut all = if protected.is_empty() {
        Map::new()
    } else {
        json::parse_object(&protected, "header")?
    };
    for (name, value) in unprotected.into_iter().flatten() {
        if all.insert(name.clone(), value.clone()).is_some() {
            return Err(Error::DuplicateMember);
        }
    }
    Ok(Value::Object(all).to_string().into_bytes())
}

impl<'de> Deserialize<'de> for Parsed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Parsed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Parsed<'de>, A::Error> {
        let mut header = Parsed::default();
        let mut names = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "alg" => header.alg = Some(text(&mut members)?),
                "enc" => header.enc = Some(text(&mut members)?),
                "typ" => header.typ = Some(text(&mut members)?),
                "cty" => header.cty = Some(text(&mut members)?),
                "kid" => header.kid = Some(text(&mut members)?),
                "apu" => header.apu = Some(text(&mut members)?),
                "apv" => header.apv = Some(text(&mut members)?),
                "jwk" => header.jwk = Some(object(&mut members)?),
                "epk" => header.epk = Some(object(&mut members)?),
                "zip" => {
                    header.compressed = true;
                    members.next_value::<Skipped>()?;
                }
                // RFC 7797: `b64` without `crit` is no better than with it.
                "crit" | "b64" => {
                    header.critical = true;
                    members.next_value::<Skipped>()?;
                }
                other => {
                    header.foreign_key |= matches!(other, "jku" | "x5u" | "x5c");
                    let Strict(value) = members.next_value()?;
                    header.extra.insert(other.to_owned(), value);
                }
            }
            names.push(name);
        }
        names.finish()?;
        Ok(header)
    }
}

fn text<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Cow<'de, str>, A::Error> {
    let Text(text) = members.next_value()?;
    Ok(text)
}

fn object<'de, A: MapAccess<'de>>(members: &mut A) -> Result<Value, A::Error> {
    let Strict(value) = members.next_value()?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(de::Error::custom("not an object"))
    }
}
