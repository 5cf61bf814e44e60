//! The device authorization request and its answer, and the code that a person types (RFC 8628 §3.1, §3.2, §6.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::lenient;
use crate::{Error, Params, Redacted, Scope};

/// The characters of a user code: consonants, so that no word comes about and none is taken for a digit (RFC 8628 §6.1).
pub const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// How many characters a user code has.
pub const LENGTH: usize = 8;

/// Longest text that is looked at as a user code, in bytes.
const LONGEST_TEXT: usize = 128;

/// How long a client waits between two polls when the server does not say, in seconds (RFC 8628 §3.2).
pub const DEFAULT_INTERVAL: i64 = 5;

/// How much longer it waits after each `slow_down`, in seconds (RFC 8628 §3.5).
pub const SLOW_DOWN: i64 = 5;

/// The code that a person reads from a device and types. It shows as `XXXX-XXXX`. The `Debug` output hides it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    /// The code of these random bytes. Of 2^64 values each code has the same share but for one part in 2^29.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        let mut rest = u64::from_be_bytes(bytes);
        let base = ALPHABET.len() as u64;
        let mut code = [ALPHABET[0]; LENGTH];
        for place in &mut code {
            let digit = usize::try_from(rest % base).unwrap_or_default();
            *place = ALPHABET.get(digit).copied().unwrap_or(ALPHABET[0]);
            rest /= base;
        }
        Self(code)
    }

    /// Reads what a person typed: upper or lower case, with or without the dash, spaces and punctuation. `None` when it can be no code.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TEXT {
            return None;
        }
        let mut code = [0; LENGTH];
        let mut found = 0;
        for c in text.chars().filter(|c| c.is_alphanumeric()) {
            let letter = u8::try_from(c).ok()?.to_ascii_uppercase();
            let place = code.get_mut(found)?;
            *place = Some(letter).filter(|letter| ALPHABET.contains(letter))?;
            found += 1;
        }
        (found == LENGTH).then_some(Self(code))
    }

    /// Its letters alone, in upper case: what is compared.
    pub fn letters(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.letters();
        let (first, second) = letters.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UserCode").field(&Redacted).finish()
    }
}

/// What a device asks for (RFC 8628 §3.1), without the client's authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for; `None` means the client's default scopes.
    pub scope: Option<Scope>,
    /// The APIs that tokens are for (RFC 8707).
    pub resource: Vec<String>,
    /// What is asked for in particular (RFC 9396 §2).
    pub authorization_details: Option<AuthorizationDetails>,
}

impl Request {
    /// Reads a request.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            scope: params.get("scope").map(str::parse::<Scope>).transpose()?,
            resource: resources(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
        })
    }
}

/// The successful answer (RFC 8628 §3.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// What the device polls with. A secret.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where the person goes; short enough to be typed.
    pub verification_uri: String,
    /// The same with the code in it, to be drawn as a QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// In how many seconds both codes expire.
    #[serde(deserialize_with = "lenient::seconds")]
    pub expires_in: i64,
    /// How many seconds to wait between two polls; [`DEFAULT_INTERVAL`] when it is not said.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::integer"
    )]
    pub interval: Option<i64>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("device_code", &Redacted)
            .field("user_code", &Redacted)
            .field("verification_uri", &self.verification_uri)
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
