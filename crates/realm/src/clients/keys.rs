use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jose::{Jwk, JwkSet, KeySet};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// How many keys a client may have.
pub const MOST_KEYS: usize = 32;
/// How long the document of its keys may be, in bytes.
pub const LONGEST_KEYS: usize = 128 * 1024;

/// A client's public keys (`jwks`, RFC 7591 §2), parsed once. It is written as it was registered.
#[derive(Clone)]
pub struct PublicKeys {
    document: Value,
    parsed: Arc<Parsed>,
}

struct Parsed {
    set: JwkSet,
    verifying: KeySet,
}

impl PublicKeys {
    /// Reads the text of a JWK set.
    ///
    /// # Errors
    /// In words, when it is not one, is too large, or holds a key that is private, malformed or named twice.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let set = JwkSet::from_json(text).map_err(|error| error.to_string())?;
        let document = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let keys = Self::new(document, set);
        keys.check()?;
        Ok(keys)
    }

    /// Reads what a client publishes at its `jwks_uri`. Keys that are not acceptable are passed over, and so are private ones: published, they are
    /// anybody's.
    ///
    /// # Errors
    /// In words, when it is no JWK set or is too large.
    pub fn published(text: &str) -> Result<Self, String> {
        let mut set = JwkSet::from_json(text).map_err(|error| error.to_string())?;
        if set.keys.len() > MOST_KEYS || text.len() > LONGEST_KEYS {
            return Err(format!(
                "more than {MOST_KEYS} keys or {LONGEST_KEYS} bytes"
            ));
        }
        set.keys.retain(|key| !key.is_private());
        Ok(Self::new(Value::Null, set))
    }

    fn new(document: Value, set: JwkSet) -> Self {
        let verifying = KeySet::from_jwks(&set);
        let parsed = Arc::new(Parsed { set, verifying });
        Self { document, parsed }
    }

    /// The keys that verify what the client signs.
    pub fn verifying(&self) -> &KeySet {
        &self.parsed.verifying
    }

    /// All keys.
    pub fn set(&self) -> &JwkSet {
        &self.parsed.set
    }

    /// Whether they may be registered.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.document.to_string().len() > LONGEST_KEYS {
            return Err(format!("it is longer than {LONGEST_KEYS} bytes"));
        }
        let listed = self.document["keys"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        if listed.is_empty() || listed.len() > MOST_KEYS {
            return Err(format!("it has 1 to {MOST_KEYS} keys"));
        }
        let mut seen = HashSet::new();
        for (number, value) in listed.iter().enumerate() {
            let key = Jwk::from_value(value.clone())
                .map_err(|error| format!("key {} is not acceptable: {error}", number + 1))?;
            if key.is_private() {
                return Err(format!(
                    "key {} is private: keep it, and register its public part",
                    number + 1
                ));
            }
            if let Some(kid) = key.kid()
                && !seen.insert((kid.to_owned(), key.key_type(), key.alg().map(str::to_owned)))
            {
                return Err(format!("two keys have the kid `{}`", kid.escape_default()));
            }
        }
        Ok(())
    }
}

impl PartialEq for PublicKeys {
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Eq for PublicKeys {}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKeys({})", self.parsed.set.keys.len())
    }
}

impl Serialize for PublicKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Value::deserialize(deserializer)?;
        let set = JwkSet::deserialize(&document).map_err(serde::de::Error::custom)?;
        Ok(Self::new(document, set))
    }
}
