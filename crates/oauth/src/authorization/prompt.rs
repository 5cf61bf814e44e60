use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// What the person is to be asked (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Show no page at all.
    None,
    /// Sign in again, session or not.
    Login,
    /// Ask for consent, remembered or not.
    Consent,
    /// Choose an account.
    SelectAccount,
}

impl Prompt {
    const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The set of values of `prompt`. `none` is never together with another.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Prompts(u8);

impl Prompts {
    /// Reads the space-separated list.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut set = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let prompt = Prompt::ALL
                .into_iter()
                .find(|prompt| prompt.as_str() == word)
                .ok_or_else(|| {
                    Error::malformed(
                        "prompt",
                        "made of 'none', 'login', 'consent' and 'select_account'",
                    )
                })?;
            set.0 |= prompt.bit();
        }
        if set.contains(Prompt::None) && set.0 != Prompt::None.bit() {
            return Err(Error::invalid_request(
                "The value 'none' of the parameter 'prompt' must stand alone.",
            ));
        }
        Ok(set)
    }

    /// Whether the value was given.
    pub const fn contains(self, prompt: Prompt) -> bool {
        self.0 & prompt.bit() != 0
    }

    /// The set without one value.
    #[must_use]
    pub const fn without(self, prompt: Prompt) -> Self {
        Self(self.0 & !prompt.bit())
    }

    /// Whether nothing was asked for.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The values.
    pub fn iter(self) -> impl Iterator<Item = Prompt> {
        Prompt::ALL
            .into_iter()
            .filter(move |prompt| self.contains(*prompt))
    }
}

impl fmt::Display for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, prompt) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(prompt.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prompts({self})")
    }
}

impl Serialize for Prompts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prompts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}
