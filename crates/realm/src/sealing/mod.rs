//! Keeping secrets in a database that somebody may copy: what is sealed there opens only with a key that is elsewhere.

mod cipher;
mod file;
mod secrets;

use std::fmt;
use std::path::Path;

use ambient::Entropy;
use zeroize::Zeroizing;

pub(crate) use cipher::Cipher;
pub(crate) use secrets::Secrets;

/// Why something sealed stays shut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealingError {
    /// The text of a key is not 32 bytes of base64url.
    #[error(
        "a sealing key is 32 random bytes as base64url (43 characters), {origin} holds something else"
    )]
    Malformed {
        /// Where the key came from.
        origin: String,
    },
    /// The key's file cannot be read or made.
    #[error("the sealing key's file {path} {problem}")]
    File {
        /// The file.
        path: String,
        /// What went wrong, with the system's words.
        problem: String,
    },
    /// It was sealed with another key.
    #[error(
        "{place} is sealed with the key {sealed_with}, but the key given ({origin}) is {given}: give the key this database was made with"
    )]
    OtherKey {
        /// Which row.
        place: String,
        /// The id of the key that sealed it.
        sealed_with: String,
        /// The id of the key at hand.
        given: String,
        /// Where that key came from.
        origin: String,
    },
    /// It was altered, or belongs to another table, column or row.
    #[error("{place} does not open: it was altered, or moved here from another row")]
    Altered {
        /// Which row.
        place: String,
    },
}

/// Where something sealed stands; a text sealed for one place opens at no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's key within the realm.
    pub row: &'a str,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` ({})", self.table, self.row, self.column)
    }
}

impl Place<'_> {
    /// The associated data: no two places share it, because each part carries its length.
    pub(crate) fn associated_data(&self, owner: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        for part in [owner, self.table, self.column, self.row] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// The operator's key. It seals the root secret of each realm, from which everything else derives, so changing it rewrites one column per realm.
/// `Debug` shows its id, which tells nothing about it.
#[derive(Clone)]
pub struct SealingKey {
    id: String,
    origin: String,
    cipher: Cipher,
    previous: Vec<SealingKey>,
}

impl SealingKey {
    /// From 43 characters of base64url, as they stand in the environment or a configuration. White space around them is ignored.
    ///
    /// # Errors
    /// [`SealingError::Malformed`].
    pub fn from_base64url(text: &str) -> Result<Self, SealingError> {
        Self::parse(text, "the configuration".to_owned())
    }

    /// From a file that holds such a text. A warning is logged when others than its owner can read it.
    ///
    /// # Errors
    /// [`SealingError::File`] when it cannot be read, [`SealingError::Malformed`].
    pub fn load(path: &Path) -> Result<Self, SealingError> {
        let text = file::read(path)?.ok_or_else(|| SealingError::File {
            path: path.display().to_string(),
            problem: "does not exist".to_owned(),
        })?;
        Self::parse(&text, path.display().to_string())
    }

    /// From a file, which is made with a new key and mode 0600 when it is missing: for the file beside a SQLite database. Safe when several
    /// processes start at once. Whoever backs up the database backs up this file too, elsewhere.
    ///
    /// # Errors
    /// [`SealingError::File`], [`SealingError::Malformed`].
    pub fn load_or_create(path: &Path) -> Result<Self, SealingError> {
        if file::read(path)?.is_none() {
            file::create(path, &Self::generate())?;
        }
        Self::load(path)
    }

    /// From 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self::new(&Zeroizing::new(bytes), "32 bytes".to_owned())
    }

    /// A new key as text, for an operator to keep.
    pub fn generate() -> Zeroizing<String> {
        let bytes = Zeroizing::new(Entropy::System.bytes::<32>());
        Zeroizing::new(jose::base64url::encode(bytes.as_slice()))
    }

    /// The same key, which also opens what `previous` sealed: for the time between a change of the key and the resealing.
    pub fn with_previous(mut self, previous: SealingKey) -> Self {
        self.previous.push(previous);
        self
    }

    /// Its name in sealed texts: eleven characters that tell keys apart and nothing about them.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn parse(text: &str, origin: String) -> Result<Self, SealingError> {
        let bytes = jose::base64url::decode(text.trim())
            .ok()
            .map(Zeroizing::new);
        match bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()) {
            Some(bytes) => Ok(Self::new(&Zeroizing::new(bytes), origin)),
            None => Err(SealingError::Malformed { origin }),
        }
    }

    fn new(bytes: &[u8; 32], origin: String) -> Self {
        let id = secrets::derive(bytes, "grantor sealing key id");
        Self {
            id: jose::base64url::encode(&id[..8]),
            origin,
            cipher: Cipher::new(&secrets::derive(bytes, "grantor sealing")),
            previous: Vec::new(),
        }
    }

    /// Seals `plaintext` for one place: the key's id, a dot, and base64url.
    pub(crate) fn seal(&self, entropy: &Entropy, place: Place<'_>, plaintext: &[u8]) -> String {
        let sealed = self
            .cipher
            .seal(entropy, &place.associated_data(&self.id), plaintext);
        format!("{}.{}", self.id, jose::base64url::encode(sealed))
    }

    /// Opens what was sealed for that place.
    pub(crate) fn open(
        &self,
        place: Place<'_>,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let altered = || SealingError::Altered {
            place: place.to_string(),
        };
        let (id, text) = sealed.split_once('.').ok_or_else(altered)?;
        let key = std::iter::once(self)
            .chain(&self.previous)
            .find(|key| key.id == id)
            .ok_or_else(|| SealingError::OtherKey {
                place: place.to_string(),
                sealed_with: id.to_owned(),
                given: self.id.clone(),
                origin: self.origin.clone(),
            })?;
        let bytes = jose::base64url::decode(text).map_err(|_| altered())?;
        key.cipher
            .open(&place.associated_data(id), &bytes)
            .map(Zeroizing::new)
            .ok_or_else(altered)
    }

    /// Whether the text was sealed with this key, not with a previous one.
    pub(crate) fn is_current(&self, sealed: &str) -> bool {
        sealed.split_once('.').is_some_and(|(id, _)| id == self.id)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

#[cfg(test)]
mod tests;
