//! A tenant: its settings, its clients and resources, its signing keys, and what every node must hear of. Nothing of the protocol's endpoints.
//!
//! A [`Node`] is one process; it holds [`Realm`]s. What a request needs of a realm to issue or check a token (client, catalogue, settings, keys,
//! revocations) is in memory; the change log keeps it current within a second on every node, and at once where the change was made.

mod algorithms;
mod background;
mod cache;
mod changes;
pub mod clients;
mod error;
pub mod events;
mod hosts;
pub mod initial_access;
pub mod issuers;
pub mod keys;
mod node;
pub mod outbox;
pub mod realms;
pub mod resources;
pub mod revocations;
pub mod schema;
pub mod sealing;
pub mod settings;
pub mod subordinates;
mod sweep;
mod tenant;

pub use algorithms::Algorithms;
pub use changes::{Kind, clock_is_behind};
pub use clients::{Client, GrantType};
pub use error::{Error, Invalid};
pub use events::Event;
pub use keys::Keys;
pub use node::{FIRST_REALM, Node, NodeOptions};
pub use oauth::authorization::ResponseType;
pub use resources::{
    Catalogue, CredentialClaim, CredentialConfiguration, DetailsType, Grantable, PersonFacts,
    Resource, Revocable, STANDARD_SCOPES, ScopeDefinition, ScopeOwner, TokenFormat,
};
pub use revocations::{Mark, Revocations};
pub use sealing::{SealingError, SealingKey};
pub use settings::{
    Admission, ClientIdDocuments, Federation, LIFETIMES, LONGEST_TOKEN, LifetimeOverrides,
    Lifetimes, Profile, Registration, Settings, StatementIssuer,
};
pub use subordinates::{Subordinate, Subordinates};
pub use tenant::Realm;

/// Every SQL statement of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static db::Stmt> {
    [
        changes::sql::STATEMENTS,
        clients::sql::STATEMENTS,
        events::sql::STATEMENTS,
        hosts::STATEMENTS,
        issuers::sql::STATEMENTS,
        initial_access::sql::STATEMENTS,
        keys::sql::STATEMENTS,
        outbox::sql::STATEMENTS,
        realms::sql::STATEMENTS,
        resources::sql::STATEMENTS,
        revocations::sql::STATEMENTS,
        subordinates::sql::STATEMENTS,
    ]
    .concat()
}
