//! What may be asked of a resource in particular (RFC 9396 §2.1): a type with its schema and its words.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::{Grantable, Resource};
use super::schema::Schema;
use super::words::Words;
use crate::error::Invalid;

/// How many types a resource has at most.
const MOST: usize = 50;
const FIELD: &str = "authorization_details_types";

/// One type of `authorization_details`. It belongs to one resource of the realm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsType {
    /// Its `type`: 1 to 100 characters of printable ASCII without white space, quotes and backslashes.
    #[serde(rename = "type")]
    pub name: String,
    /// What it allows, in words that people read at consent, with `{members}` of it and `[parts that may be left out]`.
    pub words: String,
    /// What its objects must be: a JSON Schema (2020-12).
    pub schema: Value,
    /// Who may be granted it.
    #[serde(default)]
    pub grantable: Grantable,
}

/// A type, ready for use.
#[derive(Debug)]
pub(super) struct Entry {
    /// Whose it is.
    pub(super) resource: String,
    schema: Schema,
    words: Words,
}

impl Entry {
    fn compile(resource: &Resource, kind: &DetailsType) -> Result<Self, String> {
        Ok(Self {
            resource: resource.id.clone(),
            schema: Schema::compile(&kind.schema)?,
            words: Words::parse(&kind.words)?,
        })
    }

    /// What is asked for in words, if it is what the schema wants and can be said.
    pub(super) fn say(&self, members: &Map<String, Value>) -> Option<String> {
        if !self.schema.admits(members) {
            return None;
        }
        self.words.say(members).ok()
    }
}

/// The types of a resource by name. One that this version cannot use is logged, and nobody can ask for it.
pub(super) fn entries(resource: &Resource) -> HashMap<String, Entry> {
    let mut found = HashMap::new();
    for kind in &resource.authorization_details_types {
        match Entry::compile(resource, kind) {
            Ok(entry) => {
                found.insert(kind.name.clone(), entry);
            }
            Err(reason) => {
                let name = &kind.name;
                tracing::error!(
                    name,
                    reason,
                    "a type of authorization_details cannot be used"
                );
            }
        }
    }
    found
}

/// Whether they may be registered; `is_grantable` judges who may be granted each.
pub(super) fn check(
    resource: &Resource,
    is_grantable: impl Fn(&Grantable) -> Result<(), String>,
) -> Result<(), Invalid> {
    let types = &resource.authorization_details_types;
    if types.len() > MOST {
        return Err(Invalid::new(
            FIELD,
            format!("a resource has at most {MOST}"),
        ));
    }
    for (index, kind) in types.iter().enumerate() {
        let refuse = |reason: String| {
            let name = kind.name.escape_default();
            Err(Invalid::new(FIELD, format!("`{name}`: {reason}")))
        };
        if !oauth::Scope::is_token(&kind.name) || kind.name.len() > 100 {
            return refuse("a type is 1 to 100 characters of printable ASCII without white space, quotes and backslashes".to_owned());
        }
        if types[..index].iter().any(|other| other.name == kind.name) {
            return refuse("it is named twice".to_owned());
        }
        if let Err(reason) =
            Entry::compile(resource, kind).and_then(|_| is_grantable(&kind.grantable))
        {
            return refuse(reason);
        }
    }
    Ok(())
}
