use serde_json::{Map, Value};
use url::Url;

use super::Disbelief;

/// What a superior demands of all that is below it (§6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// How many intermediates may stand between it and the subject of a chain.
    pub max_path_length: Option<u64>,
    /// Hosts, or with a dot before them domains, one of which each entity below must be at; none: anywhere.
    pub permitted: Option<Vec<String>>,
    /// Hosts and domains that none of them may be at.
    pub excluded: Vec<String>,
    /// What types the subject may have beside `federation_entity`; none: any.
    pub allowed_entity_types: Option<Vec<String>>,
}

fn wrong() -> Disbelief {
    Disbelief::Statement("its constraints cannot be read")
}

fn texts(value: &Value) -> Result<Vec<String>, Disbelief> {
    let items = value.as_array().ok_or_else(wrong)?;
    let text = |item: &Value| item.as_str().map(str::to_owned);
    items
        .iter()
        .map(text)
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

impl Constraints {
    /// Reads them. Those that are not known are passed over (§6.2).
    ///
    /// # Errors
    /// When one of them is not what it should be: it would constrain nothing.
    pub fn read(members: &Map<String, Value>) -> Result<Self, Disbelief> {
        let mut read = Self::default();
        if let Some(length) = members.get("max_path_length") {
            read.max_path_length = Some(length.as_u64().ok_or_else(wrong)?);
        }
        if let Some(naming) = members.get("naming_constraints") {
            let naming = naming.as_object().ok_or_else(wrong)?;
            read.permitted = naming.get("permitted").map(texts).transpose()?;
            read.excluded = naming
                .get("excluded")
                .map(texts)
                .transpose()?
                .unwrap_or_default();
        }
        let types = members.get("allowed_entity_types");
        read.allowed_entity_types = types.map(texts).transpose()?;
        Ok(read)
    }

    /// Whether a chain may be as it is below whoever set them: `below` are the identifiers of all entities there, the subject among them.
    ///
    /// # Errors
    /// [`Disbelief::Constraint`].
    pub fn judge(&self, below: &[&str]) -> Result<(), Disbelief> {
        let between = below.len().saturating_sub(1) as u64;
        if self.max_path_length.is_some_and(|most| between > most) {
            return Err(Disbelief::Constraint("max_path_length"));
        }
        if self.permitted.is_none() && self.excluded.is_empty() {
            return Ok(());
        }
        for id in below {
            let url = Url::parse(id).ok();
            let host = url.as_ref().and_then(Url::host_str);
            let host = host.ok_or(Disbelief::Constraint("naming_constraints"))?;
            let within = |names: &[String]| names.iter().any(|name| is_within(host, name));
            let permitted = self.permitted.as_deref().is_none_or(within);
            if within(&self.excluded) || !permitted {
                return Err(Disbelief::Constraint("naming_constraints"));
            }
        }
        Ok(())
    }

    /// Whether the subject may be of this type.
    pub fn allows_type(&self, entity_type: &str) -> bool {
        let listed = |types: &Vec<String>| types.iter().any(|one| one == entity_type);
        entity_type == "federation_entity" || self.allowed_entity_types.as_ref().is_none_or(listed)
    }
}

/// RFC 5280 §4.2.1.10 for addresses: `.example.com` is everything below it, `example.com` that host alone.
fn is_within(host: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if name.starts_with('.') {
        host.len() > name.len() && host.ends_with(&name)
    } else {
        host == name
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Constraints, Disbelief> {
        Constraints::read(value.as_object().unwrap())
    }

    /// §6.2.1: the example with two intermediates.
    #[test]
    fn intermediates_are_counted_between_the_superior_and_the_subject() {
        let chain = [
            "https://le.example",
            "https://i1.example",
            "https://i2.example",
        ];
        let length = |most: u64| read(&json!({"max_path_length": most})).unwrap();
        assert!(length(2).judge(&chain).is_ok());
        assert!(length(1).judge(&chain).is_err());
        assert!(length(1).judge(&chain[..2]).is_ok());
        assert!(length(0).judge(&chain[..1]).is_ok());
        assert!(length(0).judge(&chain[..2]).is_err());
    }

    /// §6.2.2.
    #[test]
    fn everybody_below_is_within_the_names() {
        let naming = json!({"naming_constraints": {"permitted": [".example.com", "host.example"], "excluded": ["east.example.com", ".bad.example.com"]}});
        let constraints = read(&naming).unwrap();
        for (id, allowed) in [
            ("https://host.example.com", true),
            ("https://my.host.example.com/x", true),
            ("https://example.com", false),
            ("https://evilexample.com", false),
            ("https://host.example", true),
            ("https://a.host.example", false),
            ("https://east.example.com", false),
            ("https://a.bad.example.com", false),
            ("https://elsewhere.example", false),
            ("nonsense", false),
        ] {
            assert_eq!(constraints.judge(&[id]).is_ok(), allowed, "{id}");
            let both = ["https://host.example.com", id];
            assert_eq!(constraints.judge(&both).is_ok(), allowed, "{id} above");
        }
        let nowhere = read(&json!({"naming_constraints": {"permitted": []}})).unwrap();
        assert!(nowhere.judge(&["https://a.example"]).is_err());
    }

    /// §6.2.3.
    #[test]
    fn types_that_are_not_listed_are_not_allowed() {
        let some = read(&json!({"allowed_entity_types": ["openid_provider"]})).unwrap();
        assert!(some.allows_type("openid_provider") && some.allows_type("federation_entity"));
        assert!(!some.allows_type("openid_relying_party"));
        assert!(
            !read(&json!({"allowed_entity_types": []}))
                .unwrap()
                .allows_type("x")
        );
        assert!(read(&json!({})).unwrap().allows_type("x"));
    }

    #[test]
    fn what_cannot_be_read_is_not_passed_over() {
        for wrong in [
            json!({"max_path_length": -1}),
            json!({"max_path_length": "1"}),
            json!({"naming_constraints": []}),
            json!({"naming_constraints": {"permitted": ".example.com"}}),
            json!({"naming_constraints": {"excluded": [1]}}),
            json!({"allowed_entity_types": "openid_provider"}),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        assert!(read(&json!({"something_new": 1})).is_ok());
    }
}
