use std::collections::BTreeMap;
use std::fmt;

use oauth::language;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The members that may be there in several languages (RFC 7591 §2.2).
const MEMBERS: [&str; 5] = [
    "client_name",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
];
/// How many there may be.
pub(super) const MOST: usize = 100;

/// What is registered in several languages, by names such as `client_name#de` (RFC 7591 §2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Localized(BTreeMap<String, String>);

impl Localized {
    /// Whether this is the name of such a member.
    pub fn is_name(name: &str) -> bool {
        Self::split(name).is_some()
    }

    /// The member and the language tag (RFC 5646) of a name.
    fn split(name: &str) -> Option<(&'static str, &str)> {
        let (member, tag) = language::split(name)?;
        let member = MEMBERS.into_iter().find(|known| *known == member)?;
        Some((member, tag))
    }

    /// Each as member, language tag and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, &str)> + Clone {
        self.0.iter().filter_map(|(name, value)| {
            let (member, tag) = Self::split(name)?;
            Some((member, tag, value.as_str()))
        })
    }

    /// What a member is in the first of these languages that [`language::best`] finds.
    pub fn best(&self, member: &str, languages: &[&str]) -> Option<&str> {
        self.get(member, self.language(member, languages)?)
    }

    /// Which language that is, spelled as it was registered.
    pub fn language(&self, member: &str, languages: &[&str]) -> Option<&str> {
        let all = self.iter().filter(|(name, ..)| *name == member);
        let tags = all.map(|(_, tag, _)| tag);
        let mut wishes = languages.iter();
        wishes.find_map(|wished| language::best(tags.clone(), wished))
    }

    /// What a member is in the language that is spelled so.
    pub fn get(&self, member: &str, tag: &str) -> Option<&str> {
        self.0.get(&format!("{member}#{tag}")).map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Out of all members of a document it takes those it knows.
impl<'de> Deserialize<'de> for Localized {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Localized;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Localized, A::Error> {
        let mut found = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if Localized::is_name(&name) {
                found.insert(name, map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Localized(found))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use serde_json::json;

    use crate::Client;

    #[test]
    fn members_in_several_languages_are_kept_and_others_passed_over() {
        let document = json!({
            "client_name": "Notes", "client_name#de": "Notizen", "client_name#zh-Hant-TW": "筆記", "tos_uri#de": "https://a.example/agb",
            "client_name#": "x", "client_name#de_DE": "x", "client_name##": "x", "redirect_uris#de": ["x"], "unknown#de": 7, "unknown": {"a": [1]},
        });
        let client: Client = serde_json::from_value(document).unwrap();
        let all: Vec<_> = client.localized.iter().collect();
        let expected = [
            ("client_name", "de", "Notizen"),
            ("client_name", "zh-Hant-TW", "筆記"),
            ("tos_uri", "de", "https://a.example/agb"),
        ];
        assert_eq!(all, expected);
        let written = serde_json::to_value(&client).unwrap();
        assert_eq!(written["client_name#de"], json!("Notizen"));
        assert_eq!(written.get("unknown#de"), None);
        let back: Client = serde_json::from_value(written).unwrap();
        assert_eq!(back, client);
    }

    #[test]
    fn the_first_language_that_there_is_is_the_best() {
        let document = json!({"client_name#de": "Notizen", "client_name#fr-CA": "Calepin", "tos_uri#it": "https://a.example/it"});
        let client: Client = serde_json::from_value(document).unwrap();
        for (languages, expected) in [
            (&["de"][..], Some("Notizen")),
            (&["DE-at"], Some("Notizen")),
            (&["es", "fr"], Some("Calepin")),
            (&["it"], None),
            (&["d"], None),
            (&[], None),
        ] {
            let best = client.localized.best("client_name", languages);
            assert_eq!(best, expected, "{languages:?}");
        }
    }

    #[test]
    fn a_translation_is_a_text() {
        let document = json!({"client_name#de": 7});
        assert!(serde_json::from_value::<Client>(document).is_err());
    }
}
