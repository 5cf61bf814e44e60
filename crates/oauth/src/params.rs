use std::fmt;

use crate::Error;

/// The parameters of one request, in the order they came, already percent-decoded.
///
/// A parameter with an empty value reads as absent (RFC 6749 §3.1). The `Debug` output holds names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Wraps decoded pairs.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Decodes `application/x-www-form-urlencoded` text: a query string without its `?`, or a form body.
    pub fn parse(encoded: &str) -> Self {
        Self(
            url::form_urlencoded::parse(encoded.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// The first value of `name` that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The value of `name` as an owned string.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Every value of `name` that is not empty.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of `name`, or `invalid_request` saying that it is missing.
    pub fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.get(name).ok_or_else(|| Error::missing(name))
    }

    /// Refuses a parameter that occurs twice unless it is among `repeatable` (RFC 6749 §3.1, §3.2).
    pub fn refuse_repeated(&self, repeatable: &[&str]) -> Result<(), Error> {
        let mut seen = std::collections::HashSet::new();
        for (name, _) in &self.0 {
            if !seen.insert(name.as_str()) && !repeatable.contains(&name.as_str()) {
                return Err(Error::invalid_request(format!(
                    "The parameter '{name}' occurs more than once."
                )));
            }
        }
        Ok(())
    }

    /// All pairs as they came, empty values included.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl From<Vec<(String, String)>> for Params {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
