//! Authentication that a client begins by itself, without a browser of its own (OpenID Connect Client-Initiated Backchannel Authentication Core 1.0): the
//! request and its answer, and what a client is told when the person has decided.

mod binding_message;
mod hint;
mod request;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::token::TokenResponse;
use crate::{Error, ErrorCode, Redacted};

pub use binding_message::{BindingMessage, LONGEST_MESSAGE};
pub use hint::{HintToken, SubjectIdentifier};
pub use request::{Hint, NotificationToken, Request, SignedRequest};

/// How long a client waits between two polls when the server does not say, in seconds (§7.3).
pub const DEFAULT_INTERVAL: i64 = 5;

/// How the tokens reach the client (§5): what it registers as `backchannel_token_delivery_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryMode {
    /// It asks at the token endpoint until the person has decided.
    Poll,
    /// It is told when it is worth asking, and asks then.
    Ping,
    /// It is sent the tokens.
    Push,
}

impl DeliveryMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Poll, Self::Ping, Self::Push];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Ping => "ping",
            Self::Push => "push",
        }
    }

    /// Whether the client is called when the person has decided.
    pub const fn calls(self) -> bool {
        matches!(self, Self::Ping | Self::Push)
    }
}

impl fmt::Display for DeliveryMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DeliveryMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not poll, ping or push"))
    }
}

/// The successful answer (§7.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Names the request. A secret between the client and the server.
    pub auth_req_id: String,
    /// In how many seconds it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub expires_in: i64,
    /// How many seconds to wait between two polls; not there for a client that is pushed to, [`DEFAULT_INTERVAL`] when it is not said.
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
            .field("auth_req_id", &Redacted)
            .field("expires_in", &self.expires_in)
            .field("interval", &self.interval)
            .finish()
    }
}

/// What a client in ping mode is told (§10.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The request that was decided about, or has expired.
    pub auth_req_id: String,
}

impl fmt::Debug for Ping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ping")
            .field("auth_req_id", &Redacted)
            .finish()
    }
}

/// What a client in push mode is sent when the person agreed (§10.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The request, which the ID token names too.
    #[serde(flatten)]
    pub request: Ping,
    /// The tokens.
    #[serde(flatten)]
    pub tokens: TokenResponse,
}

/// What a client in push mode is sent when there will be no tokens (§12): `access_denied`, `expired_token` or `transaction_failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushError {
    /// The request.
    #[serde(flatten)]
    pub request: Ping,
    /// Why.
    #[serde(flatten)]
    pub error: Error,
}

impl PushError {
    /// One of the three.
    pub fn new(auth_req_id: String, code: ErrorCode, description: &'static str) -> Self {
        Self {
            request: Ping { auth_req_id },
            error: Error::new(code, description),
        }
    }
}
