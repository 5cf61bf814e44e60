//! APIs: an identifier, scopes in words, who may be granted each, and what their tokens look like.

mod catalogue;
mod claims;
mod credentials;
mod description;
mod details;
mod document;
pub(crate) mod expression;
pub mod issuing;
mod rules;
mod schema;
pub(crate) mod sql;
mod store;
mod stored;
pub(crate) mod values;
mod words;

pub use catalogue::{Catalogue, STANDARD_SCOPES, ScopeOwner};
pub use claims::{Place, ScopeClaim, Telling};
pub use credentials::{
    CredentialClaim, CredentialConfiguration, LIFETIMES as CREDENTIAL_LIFETIMES, Named, Revocable,
};
pub use description::Description;
pub use details::DetailsType;
pub use document::{Grantable, PersonFacts, Resource, ScopeDefinition, TokenFormat};
pub use store::{create, delete, find, list, update};
pub use words::{is_hidden, written_out};

pub(crate) use store::load_usable;
