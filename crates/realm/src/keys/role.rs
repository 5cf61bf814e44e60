//! What a key of a realm does.

use std::fmt;
use std::str::FromStr;

use jose::Algorithm;

/// By what name keys for request objects are listed and asked for: the family of algorithms by which their content's key is agreed on.
const REQUEST_OBJECTS: &str = "ECDH-ES";

/// What a key of a realm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It signs by this algorithm.
    Signing(Algorithm),
    /// Clients encrypt their request objects to it (RFC 9101 §6.1).
    RequestObjects,
}

impl Role {
    /// Its name: that of an algorithm.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing(algorithm) => algorithm.as_str(),
            Self::RequestObjects => REQUEST_OBJECTS,
        }
    }
}

impl From<Algorithm> for Role {
    fn from(algorithm: Algorithm) -> Self {
        Self::Signing(algorithm)
    }
}

/// There are no keys by this algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no algorithm that realms have keys for")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        if name == REQUEST_OBJECTS {
            return Ok(Self::RequestObjects);
        }
        let algorithm = name.parse().map_err(|_| UnknownRole)?;
        Ok(Self::Signing(algorithm))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
