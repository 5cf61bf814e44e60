//! The members of a JWK object while it is taken apart: what remains at the end is kept as it was.

use crate::{Error, base64url, limits};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// Bytes that are wiped when dropped.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

pub(crate) struct Members(pub(crate) Map<String, Value>);

impl Members {
    /// Takes a string member; absent is `None`, any other type refused.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::Malformed("a JWK member of the wrong type")),
        }
    }

    /// Takes a base64url member.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) if text.len() > limits::JWK => Err(Error::TooLarge),
            Some(text) => base64url::decode(Zeroizing::new(text).as_bytes()).map(Some),
        }
    }

    /// Takes a base64url member that must be there.
    pub(crate) fn required(&mut self, name: &'static str) -> Result<Vec<u8>, Error> {
        self.bytes(name)?
            .ok_or(Error::InvalidKey("a required JWK member is missing"))
    }

    /// Takes a base64url member that must be wiped when dropped.
    pub(crate) fn secret(&mut self, name: &str) -> Result<Option<Secret>, Error> {
        Ok(self.bytes(name)?.map(Zeroizing::new))
    }
}

/// Puts bytes into a JWK object that is being written.
pub(crate) fn put(members: &mut Map<String, Value>, name: &str, bytes: &[u8]) {
    members.insert(name.to_owned(), base64url::encode(bytes).into());
}
