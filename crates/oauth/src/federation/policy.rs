//! Metadata policies (§6.1): what superiors make of what an entity says.

mod operators;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Disbelief, Statement};

pub use operators::Operators;

/// The policies of a chain, for each entity type and each member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetadataPolicy(BTreeMap<String, BTreeMap<String, Operators>>);

fn wrong(reason: impl Into<String>) -> Disbelief {
    Disbelief::Policy(reason.into())
}

/// How many members all policies of a chain may speak of.
const MOST: usize = 1000;

impl MetadataPolicy {
    /// Reads one `metadata_policy`. `critical`: the operators that must be understood (`metadata_policy_crit`).
    ///
    /// # Errors
    /// When it is not one, or names an operator that must be understood and is not.
    pub fn read(value: &Value, critical: &[&str]) -> Result<Self, Disbelief> {
        let object = |value: &Value| {
            let members = value.as_object().cloned();
            members.ok_or_else(|| wrong("it is no object"))
        };
        let mut read = Self::default();
        let mut count = 0;
        for (entity_type, members) in object(value)? {
            let mut policies = BTreeMap::new();
            for (name, operators) in object(&members)? {
                let operators = Operators::read(&name, &object(&operators)?, critical)
                    .map_err(|reason| wrong(format!("{name}: {reason}")))?;
                policies.insert(name, operators);
                count += 1;
            }
            read.0.insert(entity_type, policies);
        }
        if count > MOST {
            return Err(wrong("it speaks of too many members"));
        }
        Ok(read)
    }

    /// The policy of a chain (§6.1.4.1): those of its statements, the highest first, merged.
    pub(super) fn resolve<'a>(
        from_above: impl DoubleEndedIterator<Item = &'a Statement> + Clone,
    ) -> Result<Self, Disbelief> {
        let mut critical = Vec::new();
        for statement in from_above.clone() {
            let Some(names) = statement.claims.get("metadata_policy_crit") else {
                continue;
            };
            let names = names.as_array().filter(|names| !names.is_empty());
            for name in names.ok_or_else(|| wrong("metadata_policy_crit is no list"))? {
                let name = name.as_str();
                critical.push(name.ok_or_else(|| wrong("metadata_policy_crit is no list"))?);
            }
        }
        let mut resolved = Self::default();
        // They are operators beyond those of the specification (§3.5 step 17), of which this product understands none, wherever they stand.
        if !critical.is_empty() {
            return Err(wrong(
                "metadata_policy_crit names an operator that is not understood",
            ));
        }
        for statement in from_above {
            if let Some(policy) = statement.claims.get("metadata_policy") {
                resolved = resolved.merge(Self::read(policy, &critical)?)?;
            }
        }
        Ok(resolved)
    }

    /// With the policy of a subordinate, which can only narrow what there is (§6.1.4.1).
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn merge(mut self, below: Self) -> Result<Self, Disbelief> {
        for (entity_type, members) in below.0 {
            let own = self.0.entry(entity_type).or_default();
            for (name, operators) in members {
                let merged = match own.remove(&name) {
                    None => operators,
                    Some(above) => above
                        .merge(operators)
                        .map_err(|reason| wrong(format!("{name}: {reason}")))?,
                };
                own.insert(name, merged);
            }
        }
        Ok(self)
    }

    /// What becomes of the metadata of an entity of this type (§6.1.4.2).
    ///
    /// # Errors
    /// When something is there that must not be, or is not there that must.
    pub fn apply(
        &self,
        entity_type: &str,
        mut metadata: Map<String, Value>,
    ) -> Result<Map<String, Value>, Disbelief> {
        for (name, operators) in self.0.get(entity_type).into_iter().flatten() {
            let before = metadata.remove(name);
            let after = operators
                .apply(name, before)
                .map_err(|reason| wrong(format!("{name}: {reason}")))?;
            if let Some(after) = after {
                metadata.insert(name.clone(), after);
            }
        }
        Ok(metadata)
    }
}
