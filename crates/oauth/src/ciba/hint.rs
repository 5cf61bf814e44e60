//! What a `login_hint_token` says (§7.1). The specification leaves its content open; ours is a JWT that the client signs, with a subject identifier of RFC 9493.

use serde::Deserialize;

/// The claims of a `login_hint_token`, beside those that every JWT has.
#[derive(Clone, Deserialize)]
pub struct HintToken {
    /// Who is meant.
    pub sub_id: SubjectIdentifier,
}

/// A person (RFC 9493 §3.2). Formats that are not here name nobody whom we know.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case")]
pub enum SubjectIdentifier {
    /// The `sub` of an issuer's tokens (§3.2.4).
    IssSub {
        /// The issuer.
        iss: String,
        /// The person there.
        sub: String,
    },
    /// A name that both sides understand (§3.2.5): the user name.
    Opaque {
        /// The name.
        id: String,
    },
    /// An e-mail address (§3.2.2).
    Email {
        /// The address.
        email: String,
    },
    /// Any other.
    #[serde(other)]
    Unknown,
}

impl std::fmt::Debug for SubjectIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::IssSub { .. } => "iss_sub",
            Self::Opaque { .. } => "opaque",
            Self::Email { .. } => "email",
            Self::Unknown => "unknown",
        })
    }
}

impl std::fmt::Debug for HintToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HintToken")
            .field("sub_id", &self.sub_id)
            .finish()
    }
}
