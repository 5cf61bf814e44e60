use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// A set of scope-tokens (RFC 6749 §3.3). It remembers the order in which they were named, and equality ignores it. Case matters. At most
/// 256 tokens.
#[derive(Clone, Default)]
pub struct Scope(Vec<String>);

/// Why a text is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A token is empty or holds a character outside `NQCHAR` (printable ASCII without `"`, `\` and space).
    #[error("a scope is a list of words of printable ASCII, separated by single spaces")]
    Characters,
    /// More than 256 tokens.
    #[error("a scope has at most 256 words")]
    TooMany,
}

impl From<ScopeError> for Error {
    fn from(error: ScopeError) -> Self {
        Error::invalid_scope(match error {
            ScopeError::Characters => {
                "The scope must be words of printable ASCII, separated by single spaces."
            }
            ScopeError::TooMany => "The scope has more than 256 words.",
        })
    }
}

impl Scope {
    const MAX: usize = 256;

    /// No scope at all.
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// A scope of these tokens.
    pub fn of<I>(tokens: I) -> Result<Self, ScopeError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let mut scope = Self::empty();
        for token in tokens {
            scope.add(token.into())?;
        }
        Ok(scope)
    }

    /// Whether `token` fits the grammar of one scope-token.
    pub fn is_token(token: &str) -> bool {
        !token.is_empty()
            && token
                .bytes()
                .all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    }

    fn add(&mut self, token: String) -> Result<(), ScopeError> {
        if !Self::is_token(&token) {
            return Err(ScopeError::Characters);
        }
        if !self.contains(&token) {
            if self.0.len() == Self::MAX {
                return Err(ScopeError::TooMany);
            }
            self.0.push(token);
        }
        Ok(())
    }

    /// Whether the token is in the set.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|own| own == token)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The tokens in the order they were named.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether every token is also in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// The tokens that are in both, in this set's order.
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(|token| other.contains(token))
    }

    /// The tokens that are in either, this set's first.
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for token in &other.0 {
            if !all.contains(token) {
                all.0.push(token.clone());
            }
        }
        all
    }

    /// The tokens that are not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        self.filter(|token| !other.contains(token))
    }

    /// The set without one token.
    pub fn without(&self, token: &str) -> Self {
        self.filter(|own| own != token)
    }

    /// The tokens for which `keep` says yes.
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.is_subset(other)
    }
}

impl Eq for Scope {}

impl FromStr for Scope {
    type Err = ScopeError;

    /// Reads a space-separated list. The empty text is the empty set.
    fn from_str(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Ok(Self::empty());
        }
        Self::of(text.split(' '))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
