//! Proof Key for Code Exchange (RFC 7636), with the method S256 only.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize};
use subtle::ConstantTimeEq;

use crate::Redacted;

/// The name of the only transformation there is here (RFC 7636 §4.3).
pub const METHOD: &str = "S256";

/// Why a verifier or a challenge is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkceError {
    /// Not 43 to 128 characters of `A-Z a-z 0-9 - . _ ~` (RFC 7636 §4.1).
    #[error("a code_verifier is 43 to 128 characters of A-Z a-z 0-9 - . _ ~")]
    Verifier,
    /// Not 43 characters of base64url, the length of a SHA-256 hash (RFC 7636 §4.2).
    #[error("a code_challenge of S256 is 43 characters of base64url")]
    Challenge,
}

/// The secret that the client keeps until it redeems the code (RFC 7636 §4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(String);

impl Verifier {
    /// A verifier made of 32 random bytes, as §4.1 recommends.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Base64UrlUnpadded::encode_string(&bytes))
    }

    /// Checks the grammar.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PkceError::Verifier)
        }
    }

    /// The text, to be sent to the token endpoint and nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Verifier {
    type Err = PkceError;
    fn from_str(text: &str) -> Result<Self, PkceError> {
        Self::parse(text)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verifier").field(&Redacted).finish()
    }
}

/// The hash of the verifier, sent with the authorization request (RFC 7636 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// `BASE64URL(SHA256(ASCII(verifier)))`.
    pub fn of(verifier: &Verifier) -> Self {
        let hash = digest(&SHA256, verifier.0.as_bytes());
        Self(Base64UrlUnpadded::encode_string(hash.as_ref()))
    }

    /// Checks length and alphabet. A text that is no hash of anything passes, and no verifier will match it.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.len() == 43 && text.bytes().all(base64url) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PkceError::Challenge)
        }
    }

    /// Whether this is the hash of `verifier`; takes the same time wherever they differ.
    pub fn matches(&self, verifier: &Verifier) -> bool {
        let computed = Self::of(verifier);
        computed.0.as_bytes().ct_eq(self.0.as_bytes()).into()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Challenge {
    type Err = PkceError;
    fn from_str(text: &str) -> Result<Self, PkceError> {
        Self::parse(text)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Challenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
