//! What a key of a realm does.

use std::fmt;
use std::str::FromStr;

use jose::Algorithm;
use jose::jwe::KeyManagement;

/// A family of algorithms by which the key of an encrypted content comes to us (RFC 7518 §4.1); each has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `ECDH-ES`, alone and with a key wrap: keys of P-256.
    EcdhEs,
    /// `RSA-OAEP-256` and `RSA-OAEP`: keys of 2048 bits, for clients that know nothing else.
    RsaOaep,
}

impl Family {
    /// All of them, the better first.
    pub const ALL: [Self; 2] = [Self::EcdhEs, Self::RsaOaep];

    /// By what name its keys are listed and asked for.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdhEs => "ECDH-ES",
            Self::RsaOaep => "RSA-OAEP",
        }
    }

    /// That of an algorithm; none for one that needs a shared key.
    pub const fn of(management: KeyManagement) -> Option<Self> {
        use KeyManagement as K;
        match management {
            K::EcdhEs | K::EcdhEsA128Kw | K::EcdhEsA192Kw | K::EcdhEsA256Kw => Some(Self::EcdhEs),
            K::RsaOaep | K::RsaOaep256 => Some(Self::RsaOaep),
            K::Dir | K::A128Kw | K::A192Kw | K::A256Kw => None,
        }
    }
}

/// What a key of a realm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It signs by this algorithm.
    Signing(Algorithm),
    /// Clients encrypt their request objects to it (RFC 9101 §6.1), by one of these algorithms.
    RequestObjects(Family),
}

impl Role {
    /// Its name: that of an algorithm, or of a family of them.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signing(algorithm) => algorithm.as_str(),
            Self::RequestObjects(family) => family.as_str(),
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
        let family = Family::ALL.into_iter().find(|it| it.as_str() == name);
        if let Some(family) = family {
            return Ok(Self::RequestObjects(family));
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
