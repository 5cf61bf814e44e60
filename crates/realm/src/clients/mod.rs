//! Applications: what is registered about them (RFC 7591 §2), their secrets, and the commands that change them.

mod backchannel;
mod distinguished_name;
mod document;
mod encrypted;
mod exchange;
mod federated;
mod keys;
mod localized;
mod logout;
mod openid;
mod origin;
mod rules;
mod secret;
mod sector;
mod self_made;
pub(crate) mod sql;
mod store;
mod stored;

pub use backchannel::Backchannel;
pub use distinguished_name::distinguished_name;
pub use document::{ApplicationType, Client};
pub use encrypted::encrypt_to;
pub use exchange::{ExchangePolicy, IdentityAssertion};
pub use federated::register_federated;
pub use keys::{LONGEST_KEYS, MOST_KEYS, PublicKeys};
pub use localized::Localized;
pub use logout::Logout;
pub use oauth::token::GrantType;
pub use openid::{OpenId, SubjectType};
pub use origin::{Origin, Registration};
pub use rules::check_profile;
pub use secret::{SealedSecret, Secret, SecretChange, SecretHash};
pub use self_made::{SelfRegistered, register};
pub use store::{DELETED, Registered, check, create, delete, find, list, list_retired, update};

pub use rules::KEY_MANAGEMENT;

pub(crate) use rules::{check_signing_alg, check_text, is_loopback, is_page};
pub(crate) use self_made::forget_unused;
pub(crate) use store::load;
