use jose::Jwk;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::statement::{self, keys};
use super::{Constraints, Disbelief, MetadataPolicy, Operators};
use crate::{Error, Params};

/// How long all that is said of a subordinate may be, in bytes of JSON: its statement has to be one that everybody reads.
const LONGEST: usize = 10 * 1024;
/// How many entity types, operators that must be understood and trust marks one may have.
const MOST: usize = 32;
/// The longest name of an entity type, an operator or a trust mark, in bytes.
const LONGEST_NAME: usize = 500;

/// What a superior says of an entity right below it (§3.3), beyond who it is and until when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vouched {
    /// The subordinate's federation keys (a JWK set).
    pub jwks: Value,
    /// What it is, by entity type, in the place of what it says itself.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// What it may be, and all below it (§6.1).
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata_policy: Map<String, Value>,
    /// The operators beyond those of the specification that whoever reads the policy must understand (§6.1.3.2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub metadata_policy_crit: Vec<String>,
    /// What chains below it must be like (§6.2).
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub constraints: Map<String, Value>,
}

impl Vouched {
    /// Whether a statement with this is one that verifiers can use.
    ///
    /// # Errors
    /// The first thing that is wrong, in words for whoever said it.
    pub fn check(&self) -> Result<(), Disbelief> {
        let wrong = Disbelief::Statement;
        keys(Some(&self.jwks))?;
        // Readers pass over what they do not understand; what is published must not hold a private half in whatever form.
        let listed = self.jwks["keys"].as_array().into_iter().flatten();
        let public = |key: &Value| Jwk::from_value(key.clone()).is_ok_and(|key| !key.is_private());
        if !listed.into_iter().all(public) {
            return Err(wrong("jwks holds a private key, or one that is malformed"));
        }
        if !statement::is_metadata(&self.metadata) {
            return Err(wrong("metadata holds null, or what is no object"));
        }
        MetadataPolicy::read(&Value::Object(self.metadata_policy.clone()), &[])?;
        let own = |name: &String| Operators::NAMES.contains(&name.as_str());
        if self.metadata_policy_crit.iter().any(own) {
            return Err(wrong(
                "metadata_policy_crit names an operator of the specification, which everybody understands",
            ));
        }
        if !are_names(&self.metadata_policy_crit) {
            return Err(wrong(
                "metadata_policy_crit has too many names, or odd ones",
            ));
        }
        Constraints::read(&self.constraints)?;
        let written = serde_json::to_string(self).map_or(usize::MAX, |text| text.len());
        if written > LONGEST {
            return Err(wrong(
                "all that is said of it together is longer than 10 KiB",
            ));
        }
        Ok(())
    }

    /// As claims of a Subordinate Statement.
    pub fn claims(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(claims)) => claims,
            _ => Map::new(),
        }
    }
}

/// What a superior knows of an entity right below it, for those who look for one (§8.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Standing {
    /// The types it has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entity_types: Vec<String>,
    /// Whether it has subordinates itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub intermediate: bool,
    /// The trust marks that this superior gave it and did not take back (§7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trust_marks: Vec<HeldMark>,
}

/// A trust mark that an entity holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldMark {
    /// What it attests.
    #[serde(rename = "trust_mark_type")]
    pub kind: String,
    /// Since when (unix seconds).
    pub granted_at: i64,
    /// Until when (unix seconds); none: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Standing {
    /// Whether it can be kept.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Disbelief> {
        let marks: Vec<String> = self.trust_marks.iter().map(|it| it.kind.clone()).collect();
        let mut once = marks.clone();
        once.sort();
        once.dedup();
        if !are_names(&self.entity_types) {
            return Err(Disbelief::Statement("too many entity types, or odd ones"));
        }
        if !are_names(&marks) || once.len() != marks.len() {
            return Err(Disbelief::TrustMark("too many, an odd one, or one twice"));
        }
        Ok(())
    }

    /// The trust mark of this type that it holds now.
    pub fn mark(&self, kind: &str, now: i64) -> Option<&HeldMark> {
        let held = self.trust_marks.iter().find(|mark| mark.kind == kind)?;
        held.is_current(now).then_some(held)
    }
}

impl HeldMark {
    /// Whether it has not expired.
    pub fn is_current(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|at| now < at)
    }
}

fn are_names(names: &[String]) -> bool {
    let good = |name: &String| {
        (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
    };
    names.len() <= MOST && names.iter().all(good)
}

/// Which subordinates are asked for (§8.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    entity_types: Vec<String>,
    trust_marked: bool,
    trust_mark_type: Option<String>,
    intermediate: bool,
}

impl Wanted {
    /// The parameters that may be there more than once.
    pub const REPEATABLE: &'static [&'static str] = &["entity_type"];

    /// Reads them from the query. What is no boolean is refused: the answer would be another than was meant.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let yes = |name: &'static str| match params.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::malformed(name, "true or false")),
        };
        Ok(Self {
            entity_types: params.all("entity_type").map(str::to_owned).collect(),
            trust_marked: yes("trust_marked")?,
            trust_mark_type: params.owned("trust_mark_type"),
            intermediate: yes("intermediate")?,
        })
    }

    /// Whether an entity is among them: it is all that is asked for.
    pub fn fits(&self, standing: &Standing, now: i64) -> bool {
        let marked = || standing.trust_marks.iter().any(|mark| mark.is_current(now));
        let is = |name: &String| standing.entity_types.contains(name);
        let kind = self.trust_mark_type.as_deref();
        self.entity_types.iter().all(is)
            && (!self.trust_marked || marked())
            && kind.is_none_or(|kind| standing.mark(kind, now).is_some())
            && (!self.intermediate || standing.intermediate)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    fn key() -> Value {
        json!({"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
    }

    fn vouched(changes: Value) -> Result<(), String> {
        let mut said = json!({"jwks": {"keys": [key()]}});
        said.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let read: Vouched = serde_json::from_value(said).map_err(|error| error.to_string())?;
        read.check().map_err(|error| error.to_string())
    }

    #[test]
    fn what_makes_no_statement_is_not_said() {
        vouched(json!({})).unwrap();
        vouched(json!({
            "metadata": {"openid_relying_party": {"client_name": "x"}},
            "metadata_policy": {"openid_relying_party": {"contacts": {"add": ["a@example.org"]}, "x": {"regexp": "y"}}},
            "metadata_policy_crit": ["regexp"],
            "constraints": {"max_path_length": 1, "naming_constraints": {"permitted": [".example.org"]}, "allowed_entity_types": []},
        })).unwrap();
        for wrong in [
            json!({"jwks": null}),
            json!({"jwks": {"keys": []}}),
            json!({"jwks": {"keys": [{"kty": "oct", "kid": "a", "k": "AAAA"}]}}),
            json!({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}),
            json!({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "d": "AAAA", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}),
            json!({"jwks": {"keys": [key(), {"kty": "new", "kid": "b", "secret": "x"}]}}),
            json!({"metadata": {"openid_relying_party": 1}}),
            json!({"metadata": {"openid_relying_party": {"client_name": null}}}),
            json!({"metadata_policy": {"openid_relying_party": {"contacts": {"one_of": []}}}}),
            json!({"metadata_policy": {"openid_relying_party": []}}),
            json!({"metadata_policy_crit": ["value"]}),
            json!({"metadata_policy_crit": [""]}),
            json!({"constraints": {"max_path_length": -1}}),
            json!({"constraints": {"allowed_entity_types": 1}}),
            json!({"metadata": {"federation_entity": {"organization_name": "x".repeat(11_000)}}}),
            json!({"authority_hints": ["https://a.example"]}),
        ] {
            assert!(vouched(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_standing_is_of_names_that_can_be_asked_for() {
        let check = |value: Value| serde_json::from_value::<Standing>(value).unwrap().check();
        let mark = |kind: &str| json!({"trust_mark_type": kind, "granted_at": 1});
        check(json!({"entity_types": ["openid_provider"], "trust_marks": [mark("a"), mark("b")]}))
            .unwrap();
        for wrong in [
            json!({"entity_types": [""]}),
            json!({"entity_types": ["a b"]}),
            json!({"entity_types": vec!["a"; 33]}),
            json!({"trust_marks": [mark("a"), mark("a")]}),
            json!({"trust_marks": [mark(&"a".repeat(501))]}),
        ] {
            assert!(check(wrong.clone()).is_err(), "{wrong}");
        }
    }

    /// §8.2.1.
    #[test]
    fn those_are_listed_that_are_all_that_is_asked_for() {
        let mark = HeldMark {
            kind: "https://m.example/a".to_owned(),
            granted_at: 100,
            expires_at: Some(200),
        };
        let standing = Standing {
            entity_types: vec!["openid_provider".to_owned(), "federation_entity".to_owned()],
            intermediate: true,
            trust_marks: vec![mark],
        };
        let plain = Standing::default();
        for (query, both) in [
            ("", (true, true)),
            ("entity_type=openid_provider", (true, false)),
            (
                "entity_type=openid_provider&entity_type=federation_entity",
                (true, false),
            ),
            (
                "entity_type=openid_provider&entity_type=openid_relying_party",
                (false, false),
            ),
            ("trust_marked=true", (true, false)),
            ("trust_marked=false", (true, true)),
            ("trust_mark_type=https%3A%2F%2Fm.example%2Fa", (true, false)),
            (
                "trust_mark_type=https%3A%2F%2Fm.example%2Fb",
                (false, false),
            ),
            ("intermediate=true", (true, false)),
            (
                "intermediate=true&entity_type=openid_relying_party",
                (false, false),
            ),
        ] {
            let wanted = Wanted::parse(&Params::parse(query)).unwrap();
            let fit = (wanted.fits(&standing, 150), wanted.fits(&plain, 150));
            assert_eq!(fit, both, "{query}");
        }
        let marked = Wanted::parse(&Params::parse("trust_marked=true")).unwrap();
        assert!(!marked.fits(&standing, 200), "it has expired");
        for wrong in ["trust_marked=1", "intermediate=yes"] {
            assert!(Wanted::parse(&Params::parse(wrong)).is_err(), "{wrong}");
        }
    }
}
