//! What a realm calls the strengths of a sign-in (`acr`, OpenID Connect Core §2; RFC 9470).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::error::Invalid;

const FIELD: &str = "acr";

/// One strength: its name, and the methods that a sign-in has to have used for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationContext {
    /// The value of `acr`.
    pub value: String,
    /// The methods (`amr`, RFC 8176), all of which it takes.
    pub amr: Vec<String>,
}

/// The strengths, the weakest first. When there are none, `acr` names the method of the sign-in, and what clients ask for is a wish.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthenticationContexts(pub Vec<AuthenticationContext>);

impl AuthenticationContexts {
    /// Whether a sign-in by these methods is as strong as one of the values that were asked for. Always, when none was asked for, or the realm names none.
    pub fn meets(&self, asked: &[String], amr: &[impl AsRef<str>]) -> bool {
        self.0.is_empty() || asked.is_empty() || self.preferred(asked, amr).is_some()
    }

    /// What `acr` is after a sign-in by these methods: the first of the values that were asked for that it reaches, else the strongest that it reaches.
    /// `None` when the realm names none, or it reaches none.
    pub fn reached(&self, asked: &[String], amr: &[impl AsRef<str>]) -> Option<&str> {
        let strongest = || {
            let mut reached = self.0.iter().filter(|context| context.takes(amr));
            reached.next_back().map(|context| context.value.as_str())
        };
        self.preferred(asked, amr).or_else(strongest)
    }

    /// What tokens say as `acr`: [`Self::reached`] where the realm names strengths, else the way of the sign-in.
    pub fn told(
        &self,
        asked: &[String],
        amr: &[impl AsRef<str>],
        way: impl FnOnce() -> Option<&'static str>,
    ) -> Option<String> {
        let told = if self.0.is_empty() {
            way()
        } else {
            self.reached(asked, amr)
        };
        told.map(str::to_owned)
    }

    /// The values, the weakest first.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|context| context.value.as_str())
    }

    fn preferred(&self, asked: &[String], amr: &[impl AsRef<str>]) -> Option<&str> {
        asked.iter().find_map(|value| {
            let mut named = self.0.iter().filter(|context| context.value == *value);
            named
                .find(|context| context.takes(amr))
                .map(|context| context.value.as_str())
        })
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        let refuse = |reason: String| Err(Invalid::new(FIELD, reason));
        if self.0.len() > 20 {
            return refuse("there are at most 20".to_owned());
        }
        let is_word = |text: &str, most: usize| {
            (1..=most).contains(&text.len())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        };
        let mut seen = HashSet::new();
        for context in &self.0 {
            let shown = context.value.escape_default();
            if !is_word(&context.value, 255) {
                return refuse(format!(
                    "`{shown}` is not 1 to 255 characters of visible ASCII without quotes and backslashes"
                ));
            }
            if !seen.insert(context.value.as_str()) {
                return refuse(format!("`{shown}` is named twice"));
            }
            let methods = 1..=10;
            if !methods.contains(&context.amr.len())
                || !context.amr.iter().all(|method| is_word(method, 30))
            {
                return refuse(format!("`{shown}` needs 1 to 10 methods, such as pwd"));
            }
        }
        Ok(())
    }
}

impl AuthenticationContext {
    fn takes(&self, amr: &[impl AsRef<str>]) -> bool {
        let used = |method: &String| amr.iter().any(|own| own.as_ref() == method);
        self.amr.iter().all(used)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn contexts() -> AuthenticationContexts {
        serde_json::from_str(
            r#"[{"value":"1","amr":["pwd"]},{"value":"2","amr":["pwd","otp"]},{"value":"3","amr":["hwk"]}]"#,
        )
        .unwrap()
    }

    fn asked(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_sign_in_reaches_what_its_methods_are_enough_for() {
        let contexts = contexts();
        assert_eq!(contexts.reached(&[], &["pwd"]), Some("1"));
        assert_eq!(contexts.reached(&[], &["otp", "pwd"]), Some("2"));
        assert_eq!(contexts.reached(&[], &["sms"]), None);
        assert_eq!(
            contexts.reached(&asked(&["3", "1"]), &["pwd", "otp"]),
            Some("1")
        );
        assert!(contexts.meets(&asked(&["2", "1"]), &["pwd"]));
        assert!(!contexts.meets(&asked(&["2", "3"]), &["pwd"]));
        assert!(!contexts.meets(&asked(&["unknown"]), &["pwd", "otp", "hwk"]));
        assert!(contexts.meets(&[], &["sms"]));
        assert!(AuthenticationContexts::default().meets(&asked(&["2"]), &["pwd"]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            r#"[{"value":"","amr":["pwd"]}]"#,
            r#"[{"value":"a b","amr":["pwd"]}]"#,
            r#"[{"value":"1","amr":[]}]"#,
            r#"[{"value":"1","amr":[""]}]"#,
            r#"[{"value":"1","amr":["pwd"]},{"value":"1","amr":["otp"]}]"#,
        ] {
            let contexts: AuthenticationContexts = serde_json::from_str(text).unwrap();
            assert!(contexts.check().is_err(), "{text}");
        }
        contexts().check().unwrap();
    }
}
