//! OpenID Shared Signals Framework 1.0 with the events of CAEP 1.0 and RISC 1.0, delivered by push (RFC 8935) and poll (RFC 8936): what transmitters and
//! receivers say to each other.

mod poll;
mod stream;

use serde::{Deserialize, Serialize};

pub use poll::{PollRequest, PollResponse, SetError};
pub use stream::{Delivery, Malformed, Method, StatusRequest, StreamConfiguration, StreamRequest};

/// The version of the framework (`spec_version`).
pub const SPEC_VERSION: &str = "1_0";
/// The scope for reading streams and for getting events (CAEP Interoperability Profile §2.7.3).
pub const SCOPE_READ: &str = "ssf.read";
/// The scope for everything (CAEP Interoperability Profile §2.7.3).
pub const SCOPE_MANAGE: &str = "ssf.manage";

/// Types of events.
pub mod event {
    /// That the stream works (§8.1.4.1).
    pub const VERIFICATION: &str =
        "https://schemas.openid.net/secevent/ssf/event-type/verification";
    /// That the transmitter changed the state of the stream (§8.1.5).
    pub const STREAM_UPDATED: &str =
        "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";
    /// A session has ended (CAEP §3.1).
    pub const SESSION_REVOKED: &str =
        "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
    /// What tokens say of somebody has changed (CAEP §3.2).
    pub const TOKEN_CLAIMS_CHANGE: &str =
        "https://schemas.openid.net/secevent/caep/event-type/token-claims-change";
    /// A password or another credential has changed (CAEP §3.3).
    pub const CREDENTIAL_CHANGE: &str =
        "https://schemas.openid.net/secevent/caep/event-type/credential-change";
    /// An account is gone for good (RISC §2.2).
    pub const ACCOUNT_PURGED: &str =
        "https://schemas.openid.net/secevent/risc/event-type/account-purged";
    /// An account cannot be used (RISC §2.3).
    pub const ACCOUNT_DISABLED: &str =
        "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
    /// An account can be used again (RISC §2.4).
    pub const ACCOUNT_ENABLED: &str =
        "https://schemas.openid.net/secevent/risc/event-type/account-enabled";
    /// A credential has been copied (RISC §2.7).
    pub const CREDENTIAL_COMPROMISE: &str =
        "https://schemas.openid.net/secevent/risc/event-type/credential-compromise";
    /// Somebody has another user name, address or telephone number (RISC §2.10).
    pub const RECOVERY_INFORMATION_CHANGED: &str =
        "https://schemas.openid.net/secevent/risc/event-type/recovery-information-changed";
}

/// What a transmitter says about itself (§7.1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TransmitterMetadata {
    /// The version of the framework.
    pub spec_version: String,
    /// Who signs events.
    pub issuer: String,
    /// With which keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// How events are delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivery_methods_supported: Vec<String>,
    /// Where streams are made and changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_endpoint: Option<String>,
    /// Where their state is read and changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_endpoint: Option<String>,
    /// Where subjects are added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_subject_endpoint: Option<String>,
    /// Where they are removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_subject_endpoint: Option<String>,
    /// Where a receiver asks whether its stream works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_endpoint: Option<String>,
    /// Parts of complex subjects that a receiver must understand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical_subject_members: Vec<String>,
    /// How receivers show that they may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_schemes: Vec<AuthorizationScheme>,
    /// Whom a new stream is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_subjects: Option<DefaultSubjects>,
}

/// A way in which receivers show that they may (§7.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationScheme {
    /// The specification of it.
    pub spec_urn: String,
}

/// Whom a stream is about before its receiver adds or removes anybody (§7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DefaultSubjects {
    /// Everybody.
    #[default]
    All,
    /// Nobody.
    None,
}

/// The state of a stream (§8.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Events are delivered.
    Enabled,
    /// Events are kept.
    Paused,
    /// There are none.
    Disabled,
}

impl Status {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// Reads it.
    pub fn read(text: &str) -> Option<Self> {
        [Self::Enabled, Self::Paused, Self::Disabled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}
