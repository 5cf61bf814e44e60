//! The registered claims (RFC 7519 §4.1) that a policy judges, read in one pass that also refuses duplicate members at every depth.

use crate::{
    Error,
    json::{self, Names, Skipped, Text},
};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::{borrow::Cow, fmt};

#[derive(Default)]
pub(super) struct Registered<'a> {
    pub(super) issuer: Option<Cow<'a, str>>,
    pub(super) audience: Audiences<'a>,
    pub(super) expires: Option<i64>,
    pub(super) not_before: Option<i64>,
    pub(super) issued: Option<i64>,
}

#[derive(Default)]
pub(super) enum Audiences<'a> {
    #[default]
    None,
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Registered<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, Error> {
        serde_json::from_slice(payload).map_err(|error| match json::refusal(&error, "claims") {
            Error::DuplicateMember => Error::DuplicateMember,
            _ => Error::Claims,
        })
    }
}

impl<'de> Deserialize<'de> for Registered<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Registered<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Registered<'de>, A::Error> {
        let mut claims = Registered::default();
        let mut names = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "iss" => claims.issuer = Some(members.next_value::<Text<'de>>()?.0),
                "aud" => claims.audience = members.next_value()?,
                "exp" => claims.expires = Some(members.next_value::<NumericDate>()?.0),
                "nbf" => claims.not_before = Some(members.next_value::<NumericDate>()?.0),
                "iat" => claims.issued = Some(members.next_value::<NumericDate>()?.0),
                _ => {
                    members.next_value::<Skipped>()?;
                }
            }
            names.push(name);
        }
        names.finish()?;
        Ok(claims)
    }
}

impl<'de> Deserialize<'de> for Audiences<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AudiencesVisitor)
    }
}

struct AudiencesVisitor;

impl<'de> Visitor<'de> for AudiencesVisitor {
    type Value = Audiences<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Audiences<'de>, E> {
        Ok(Audiences::One(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Audiences<'de>, E> {
        Ok(Audiences::One(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Audiences<'de>, A::Error> {
        let mut several = Vec::new();
        while let Some(Text(item)) = items.next_element()? {
            several.push(item);
        }
        Ok(Audiences::Many(several))
    }
}

/// Seconds since 1970, RFC 7519 §2. Fractions are allowed and cut off.
struct NumericDate(i64);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumericDateVisitor)
    }
}

struct NumericDateVisitor;

impl Visitor<'_> for NumericDateVisitor {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }
    fn visit_i64<E>(self, seconds: i64) -> Result<NumericDate, E> {
        Ok(NumericDate(seconds))
    }
    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
        i64::try_from(seconds).map(NumericDate).map_err(E::custom)
    }
    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // Beyond 2^53 a double no longer counts seconds.
        if seconds.abs() < 9_007_199_254_740_992.0 {
            Ok(NumericDate(seconds.floor() as i64))
        } else {
            Err(E::custom("a time out of range"))
        }
    }
}
