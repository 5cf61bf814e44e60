//! Applications: what is registered about them (RFC 7591 §2), their secrets, and the commands that change them.

mod distinguished_name;
mod document;
mod keys;
mod rules;
mod secret;
pub(crate) mod sql;
mod store;
mod stored;

pub use distinguished_name::distinguished_name;
pub use document::{Client, GrantType, ResponseType};
pub use keys::{LONGEST_KEYS, MOST_KEYS, PublicKeys};
pub use secret::{SealedSecret, Secret, SecretChange, SecretHash};
pub use store::{DELETED, DISABLED, Registered, create, delete, find, list, update};

pub(crate) use rules::{check_signing_alg, check_text, is_loopback};
pub(crate) use store::load;
