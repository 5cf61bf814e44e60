//! Symmetric keys (RFC 7518 §6.4).

use super::members::{Members, Secret, put};
use crate::Error;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Oct {
    pub(crate) k: Secret,
}

impl Oct {
    pub(crate) fn take(members: &mut Members) -> Result<Self, Error> {
        let k = members.secret("k")?;
        Self::new(k.ok_or(Error::InvalidKey("no k"))?)
    }

    pub(crate) fn new(k: Secret) -> Result<Self, Error> {
        if k.is_empty() {
            return Err(Error::WeakKey);
        }
        if looks_public(&k) {
            return Err(Error::InvalidKey("a public key is no secret"));
        }
        Ok(Self { k })
    }

    pub(crate) fn generate(length: usize) -> Result<Self, Error> {
        let mut k = Zeroizing::new(vec![0; length]);
        aws_lc_rs::rand::fill(&mut k).map_err(|_| Error::Crypto)?;
        Ok(Self { k })
    }

    pub(crate) fn put(&self, members: &mut Map<String, Value>) {
        put(members, "k", &self.k);
    }
}

/// Whether bytes offered as a secret are a written-down asymmetric key: the classic confusion of algorithms (RFC 8725 §2.1).
fn looks_public(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    text.starts_with(b"-----BEGIN ")
        || text.starts_with(b"ssh-")
        || (text.starts_with(b"{") && text.windows(5).any(|it| it == b"\"kty\""))
        || is_der(bytes)
}

/// Whether the bytes are exactly one DER sequence that begins as a `SubjectPublicKeyInfo` or an `RSAPublicKey` does.
fn is_der(bytes: &[u8]) -> bool {
    let (length, rest) = match bytes {
        [0x30, 0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x30, 0x82, high, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
        [0x30, length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        _ => return false,
    };
    rest.len() == length && matches!(rest.first(), Some(0x30 | 0x02))
}
