//! APIs: an identifier, scopes in words, who may be granted each, and what their tokens look like.

mod catalogue;
mod document;
mod expression;
mod rules;
pub(crate) mod sql;
mod store;
mod stored;

pub use catalogue::{Catalogue, STANDARD_SCOPES, ScopeOwner};
pub use document::{Grantable, PersonFacts, Resource, ScopeDefinition, TokenFormat};
pub use store::{create, delete, find, list, update};

pub(crate) use store::load_usable;
