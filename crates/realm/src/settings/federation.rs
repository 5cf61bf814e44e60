use std::collections::BTreeSet;

use oauth::federation::{TrustMark, is_entity_id};
use serde::{Deserialize, Serialize};

use crate::clients::{PublicKeys, check_text, is_page};
use crate::error::Invalid;

/// Somebody at whom chains of trust may end (OpenID Federation 1.0 §1.2, Trust Anchor).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustAnchor {
    /// Its entity identifier.
    pub entity_id: String,
    /// Its federation keys (a JWK set), as its operator told them: what its own site says counts only if these have signed it.
    pub jwks: PublicKeys,
}

/// The realm as an OpenID Provider of federations (OpenID Federation 1.0). Without trust anchors it is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Federation {
    /// Whose word counts in the end.
    pub trust_anchors: Vec<TrustAnchor>,
    /// The entity identifiers of those right above the realm (`authority_hints`).
    pub authority_hints: Vec<String>,
    /// Whether entities of the federation are clients from their first request on (§12.1).
    pub automatic_registration: bool,
    /// Whether they may register (§12.2).
    pub explicit_registration: bool,
    /// Who runs the realm (§5.2.2); the realm's name where it is empty.
    pub organization_name: String,
    /// Whom to write to (§5.2.2).
    pub contacts: Vec<String>,
    /// The address of the organization's logo (§5.2.2), or empty.
    pub logo_uri: String,
    /// The address of the organization's policy (§5.2.2), or empty.
    pub policy_uri: String,
    /// The address of the organization's site (§5.2.2), or empty.
    pub organization_uri: String,
    /// Trust marks that the realm was given, as JWTs (§7).
    pub trust_marks: Vec<String>,
    /// The types of trust marks that clients must have, all of them.
    pub required_trust_marks: Vec<String>,
}

impl Default for Federation {
    fn default() -> Self {
        Self {
            trust_anchors: Vec::new(),
            authority_hints: Vec::new(),
            automatic_registration: true,
            explicit_registration: true,
            organization_name: String::new(),
            contacts: Vec::new(),
            logo_uri: String::new(),
            policy_uri: String::new(),
            organization_uri: String::new(),
            trust_marks: Vec::new(),
            required_trust_marks: Vec::new(),
        }
    }
}

const MOST: usize = 20;

impl Federation {
    /// Whether the realm is part of any.
    pub fn is_on(&self) -> bool {
        !self.trust_anchors.is_empty()
    }

    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let lists = [
            ("federation.trust_anchors", self.trust_anchors.len()),
            ("federation.authority_hints", self.authority_hints.len()),
            ("federation.contacts", self.contacts.len()),
            ("federation.trust_marks", self.trust_marks.len()),
            (
                "federation.required_trust_marks",
                self.required_trust_marks.len(),
            ),
        ];
        if let Some((field, _)) = lists.iter().find(|(_, length)| *length > MOST) {
            return Err(Invalid::new(
                field,
                format!("it has more than {MOST} entries"),
            ));
        }
        let mut seen = BTreeSet::new();
        for anchor in &self.trust_anchors {
            entity("federation.trust_anchors", &anchor.entity_id)?;
            anchor
                .jwks
                .check()
                .map_err(|reason| Invalid::new("federation.trust_anchors", reason))?;
            if !seen.insert(&anchor.entity_id) {
                let words = format!("`{}` is named twice", anchor.entity_id);
                return Err(Invalid::new("federation.trust_anchors", words));
            }
        }
        for hint in &self.authority_hints {
            entity("federation.authority_hints", hint)?;
        }
        check_text("federation.organization_name", &self.organization_name, 200)?;
        for contact in &self.contacts {
            check_text("federation.contacts", contact, 200)?;
        }
        for (field, link) in [
            ("federation.logo_uri", &self.logo_uri),
            ("federation.policy_uri", &self.policy_uri),
            ("federation.organization_uri", &self.organization_uri),
        ] {
            if !link.is_empty() && !is_page(link) {
                return Err(Invalid::new(field, "it is an https address, or empty"));
            }
        }
        for mark in &self.trust_marks {
            TrustMark::parse(mark)
                .map_err(|error| Invalid::new("federation.trust_marks", error.to_string()))?;
        }
        if self.required_trust_marks.iter().any(String::is_empty) {
            return Err(Invalid::new(
                "federation.required_trust_marks",
                "an entry is empty",
            ));
        }
        for kind in &self.required_trust_marks {
            check_text("federation.required_trust_marks", kind, 500)?;
        }
        Ok(())
    }
}

fn entity(field: &'static str, id: &str) -> Result<(), Invalid> {
    if is_entity_id(id, true) {
        return Ok(());
    }
    let words = format!(
        "`{}` is not an entity identifier: an https address in its normal form, without query and fragment",
        id.escape_default()
    );
    Err(Invalid::new(field, words))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn odd_anchors_hints_and_marks_are_refused() {
        let read = |text: &str| {
            serde_json::from_str::<Federation>(text)
                .map_err(|error| error.to_string())
                .and_then(|it| it.check().map_err(|error| error.to_string()))
        };
        let key = r#"{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
        let anchor = |id: &str| format!(r#"{{"entity_id":"{id}","jwks":{{"keys":[{key}]}}}}"#);
        let good = anchor("https://anchor.example");
        read(&format!(
            r#"{{"trust_anchors":[{good}],"authority_hints":["https://anchor.example/a"]}}"#
        ))
        .unwrap();
        for wrong in [
            format!(r#"{{"trust_anchors":[{good},{good}]}}"#),
            format!(r#"{{"trust_anchors":[{}]}}"#, anchor("anchor.example")),
            format!(
                r#"{{"trust_anchors":[{}]}}"#,
                anchor("https://anchor.example?a")
            ),
            r#"{"trust_anchors":[{"entity_id":"https://anchor.example","jwks":{"keys":[]}}]}"#
                .to_owned(),
            r#"{"trust_anchors":[{"entity_id":"https://anchor.example"}]}"#.to_owned(),
            r#"{"authority_hints":["ftp://a.example"]}"#.to_owned(),
            r#"{"logo_uri":"javascript:x"}"#.to_owned(),
            r#"{"trust_marks":["x"]}"#.to_owned(),
            r#"{"required_trust_marks":[""]}"#.to_owned(),
            r#"{"surprise":1}"#.to_owned(),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
    }
}
