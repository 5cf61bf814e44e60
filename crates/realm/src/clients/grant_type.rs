use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A grant type by its registered name (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code that the person's browser brings back (RFC 6749 §4.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 §6).
    RefreshToken,
    /// The client's own authority (RFC 6749 §4.4).
    ClientCredentials,
    /// A code that a person allows in a browser of theirs (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// A token for one that is there (RFC 8693).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// What a trusted issuer says (RFC 7523 §2.1).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// What a person allows on a device of theirs, without a browser of the client's (OpenID Connect CIBA Core).
    #[serde(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
    /// Tokens that come through the browser (RFC 6749 §4.2, OpenID Connect Core §3.2, §3.3). OAuth 2.1 has left it out.
    Implicit,
    /// The person's own password, told to the client (RFC 6749 §4.3). OAuth 2.1 has left it out.
    Password,
}

impl GrantType {
    /// Every grant type that can be registered.
    pub const ALL: [Self; 9] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
        Self::Ciba,
        Self::Implicit,
        Self::Password,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }

    /// Whether OAuth 2.1 has left it out, so that it is there only where somebody switched it on.
    pub const fn is_retired(self) -> bool {
        matches!(self, Self::Implicit | Self::Password)
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GrantType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // People may leave out what comes before the last colon.
        let is_named = |name: &str| name == text || name.rsplit(':').next() == Some(text);
        Self::ALL
            .into_iter()
            .find(|grant| is_named(grant.as_str()))
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                format!("`{text}` is not a grant type; there are {known}")
            })
    }
}
