//! Whose signed word counts besides our own (RFC 7523, RFC 8693): identity providers, CI systems, clusters. What is not said is not believed.

mod condition;
mod document;
mod rules;
pub(crate) mod sql;
mod store;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use self::condition::Condition;

pub use document::{LONGEST, PersonKey, SPIFFE, Subject, TrustRule, TrustedIssuer};
pub use store::{find, list, put, remove};

pub(crate) use store::load_usable;

/// All trusted issuers of a realm, with their conditions compiled. Made once after each change.
#[derive(Debug, Default)]
pub struct Issuers(HashMap<String, Arc<Issuer>>);

/// A trusted issuer, ready to be asked.
#[derive(Debug)]
pub struct Issuer {
    document: TrustedIssuer,
    conditions: Vec<Option<Condition>>,
}

impl Issuers {
    /// Compiles the conditions of all. One that cannot be compiled never holds.
    pub fn new(all: Vec<TrustedIssuer>) -> Self {
        let compiled = all
            .into_iter()
            .map(|document| (document.id.clone(), Arc::new(Issuer::new(document))));
        Self(compiled.collect())
    }

    /// Who claims to have signed a token with these claims, of which nothing is verified: a SPIFFE identity is of its trust domain, whatever else it says.
    pub fn claimed_by(&self, claims: &Map<String, Value>) -> Option<&Arc<Issuer>> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if let Some(rest) = text("sub").and_then(|sub| sub.strip_prefix(SPIFFE)) {
            let domain = rest.split('/').next().unwrap_or_default();
            if let Some(issuer) = self.0.get(&format!("{SPIFFE}{domain}")) {
                return Some(issuer);
            }
        }
        let issuer = self.0.get(text("iss")?)?;
        (!issuer.document.is_spiffe()).then_some(issuer)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody else is believed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Issuer {
    fn new(document: TrustedIssuer) -> Self {
        let compile = |rule: &TrustRule| match Condition::compile(&rule.condition) {
            Ok(condition) => Some(condition),
            Err(reason) => {
                let issuer = &document.id;
                tracing::error!(issuer, reason, "a condition cannot be used: it never holds");
                None
            }
        };
        let conditions = document.rules.iter().map(compile).collect();
        Self {
            document,
            conditions,
        }
    }

    /// What was said about it.
    pub fn document(&self) -> &TrustedIssuer {
        &self.document
    }

    /// The rules whose condition holds for these claims, which have been verified, in their order.
    pub fn rules_for(&self, claims: &Map<String, Value>) -> Vec<&TrustRule> {
        let pairs = self.document.rules.iter().zip(&self.conditions);
        let holds = |condition: &Option<Condition>| {
            condition
                .as_ref()
                .is_some_and(|condition| condition.holds(claims))
        };
        pairs
            .filter(|(_, condition)| holds(condition))
            .map(|(rule, _)| rule)
            .collect()
    }
}
