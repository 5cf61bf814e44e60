//! The entities right below a realm in a federation (OpenID Federation 1.0 §3.3): for whom it vouches, and what it says of them.

pub(crate) mod sql;
mod store;

use std::collections::BTreeSet;

use oauth::federation::{HeldMark, Standing, Vouched};
use serde::Serialize;

pub use store::{find, list, put, remove, version};

pub(crate) use store::load_usable;

/// An entity right below the realm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Subordinate {
    /// Its entity identifier.
    #[serde(rename = "entity_id")]
    pub id: String,
    /// How it is looked for.
    #[serde(flatten)]
    pub standing: Standing,
    /// What its statement says.
    #[serde(flatten)]
    pub vouched: Vouched,
    /// The row's version, which a change names.
    #[serde(skip)]
    pub version: i64,
    /// When it was made (unix seconds).
    #[serde(skip)]
    pub created_at: i64,
    /// When it was last changed (unix seconds).
    #[serde(skip)]
    pub updated_at: i64,
}

impl Subordinate {
    /// Gives it a trust mark of this type (OpenID Federation 1.0 §7.1), in the place of one that it holds.
    pub fn grant(&mut self, mark: HeldMark) {
        self.revoke(&mark.kind);
        self.standing.trust_marks.push(mark);
    }

    /// Takes a trust mark back; says whether it held one.
    pub fn revoke(&mut self, kind: &str) -> bool {
        let before = self.standing.trust_marks.len();
        self.standing.trust_marks.retain(|mark| mark.kind != kind);
        before != self.standing.trust_marks.len()
    }
}

/// All subordinates of a realm as they are looked for, by their identifiers. Made once after each change.
#[derive(Debug, Default)]
pub struct Subordinates(Vec<(String, Standing)>);

impl Subordinates {
    /// Those, in the order of their identifiers.
    pub fn new(all: Vec<(String, Standing)>) -> Self {
        Self(all)
    }

    /// Whether the realm vouches for nobody: then it is a leaf.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Standing)> {
        self.0.iter().map(|(id, standing)| (id.as_str(), standing))
    }

    /// The types of trust marks that the realm has given, whether they still count or not.
    pub fn trust_mark_types(&self) -> BTreeSet<&str> {
        let marks = self.0.iter().flat_map(|(_, it)| &it.trust_marks);
        marks.map(|mark| mark.kind.as_str()).collect()
    }
}
