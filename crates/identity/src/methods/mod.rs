//! The ways to sign in. Each has a folder; this enum is closed, so that whoever adds one meets every place that must know of it.

pub mod password;

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// User name and password.
    Password,
}

impl Method {
    /// Every way that there is.
    pub const ALL: [Self; 1] = [Self::Password];

    /// The authentication method references of an ID token (RFC 8176 §2).
    pub fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
        }
    }

    /// The authentication context class that this method alone reaches.
    pub fn acr(self) -> &'static str {
        match self {
            Self::Password => "urn:grantor:acr:password",
        }
    }
}
