use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Chain, Disbelief, is_entity_id};
use crate::{Error, Params};

/// What a resolver is asked (§8.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveRequest {
    /// Whom it is about.
    pub subject: String,
    /// At one of whom the chain shall end.
    pub anchors: Vec<String>,
    /// The types of which metadata is wanted; none: all.
    pub entity_types: Vec<String>,
}

/// How many anchors and types may be named.
const MOST: usize = 32;

impl ResolveRequest {
    /// The parameters that may be there more than once.
    pub const REPEATABLE: &'static [&'static str] = &["entity_type", "trust_anchor"];

    /// Reads it from the query. With `loopback`, entities of this machine may be asked about, for development.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(params: &Params, loopback: bool) -> Result<Self, Error> {
        let subject = params.required("sub")?;
        params.required("trust_anchor")?;
        if !is_entity_id(subject, loopback) {
            return Err(Error::malformed("sub", "an entity identifier"));
        }
        let all = |name: &str| params.all(name).map(str::to_owned).collect::<Vec<_>>();
        let (anchors, entity_types) = (all("trust_anchor"), all("entity_type"));
        if anchors.len() > MOST || entity_types.len() > MOST {
            return Err(Error::invalid_request("a parameter is there too often"));
        }
        Ok(Self {
            subject: subject.to_owned(),
            anchors,
            entity_types,
        })
    }
}

/// What a resolver found out about an entity (§8.3.2).
#[derive(Clone, Debug)]
pub struct Resolution {
    chain: Vec<String>,
    subject: String,
    metadata: BTreeMap<String, Result<Map<String, Value>, Disbelief>>,
    trust_marks: Vec<(String, String)>,
    resolved_at: i64,
    expires_at: i64,
}

impl Resolution {
    /// From a chain, the configuration of the anchor at its end, and those trust marks of the subject that were found good: their types and texts, and until when they count.
    pub fn new(
        chain: &Chain,
        anchor: &str,
        (trust_marks, until): (Vec<(String, String)>, i64),
        now: i64,
    ) -> Self {
        let mut texts: Vec<String> = chain.texts().map(str::to_owned).collect();
        texts.push(anchor.to_owned());
        let said = chain.configuration().claims.get("metadata");
        let types = said.and_then(Value::as_object).into_iter().flatten();
        let metadata = types.filter_map(|(name, _)| {
            let resolved = chain.metadata(name).transpose()?;
            Some((name.clone(), resolved))
        });
        Self {
            metadata: metadata.collect(),
            chain: texts,
            subject: chain.subject().to_owned(),
            trust_marks,
            resolved_at: now,
            expires_at: until.min(chain.expires_at()),
        }
    }

    /// Until when it counts (unix seconds).
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// The claims of the answer to whoever wants metadata of these types, or all; none where the subject is of none of them.
    ///
    /// # Errors
    /// When the policies of the chain refuse the metadata that is wanted.
    pub fn claims(
        &self,
        issuer: &str,
        types: &[String],
    ) -> Result<Option<Map<String, Value>>, Disbelief> {
        let mut metadata = Map::new();
        for (name, resolved) in &self.metadata {
            if types.is_empty() || types.contains(name) {
                metadata.insert(name.clone(), resolved.clone()?.into());
            }
        }
        if metadata.is_empty() && !types.is_empty() {
            return Ok(None);
        }
        let marks = self.trust_marks.iter();
        let marks: Vec<Value> = marks
            .map(|(kind, text)| json!({"trust_mark_type": kind, "trust_mark": text}))
            .collect();
        let mut claims = Map::new();
        for (name, value) in [
            ("iss", json!(issuer)),
            ("sub", json!(self.subject)),
            ("iat", json!(self.resolved_at)),
            ("exp", json!(self.expires_at)),
            ("metadata", metadata.into()),
            ("trust_chain", json!(self.chain)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        if !marks.is_empty() {
            claims.insert("trust_marks".to_owned(), marks.into());
        }
        Ok(Some(claims))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    /// §8.3.1.
    #[test]
    fn a_resolver_is_asked_about_one_entity_and_some_anchors() {
        let parse = |query: &str| ResolveRequest::parse(&Params::parse(query), false);
        let asked =
            parse("sub=https%3A%2F%2Fa.example&trust_anchor=x&trust_anchor=y&entity_type=z")
                .unwrap();
        assert_eq!((asked.anchors.len(), asked.entity_types.len()), (2, 1));
        let many = "&entity_type=a".repeat(33);
        for wrong in [
            "",
            "sub=https%3A%2F%2Fa.example",
            "trust_anchor=x",
            "sub=a.example&trust_anchor=x",
            "sub=http%3A%2F%2F127.0.0.1&trust_anchor=x",
            &format!("sub=https%3A%2F%2Fa.example&trust_anchor=x{many}"),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
