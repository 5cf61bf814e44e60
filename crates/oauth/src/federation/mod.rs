//! The rules of OpenID Federation 1.0: statements about entities, chains of them that end at somebody who is trusted, the policies along a chain, and trust marks.
//!
//! [`Statement`] is one that was read and not believed yet; only [`Chain::verify`] believes some of them, because keys that are trusted beforehand lead to
//! them. What the entity then is, [`Chain::metadata`] says.

mod chain;
mod constraints;
mod entity;
mod policy;
mod resolution;
mod statement;
mod subordinate;
mod trust_mark;

pub use chain::{Anchor, Chain, LONGEST_CHAIN};
pub use constraints::Constraints;
pub use entity::{configuration_url, is_entity_id};
pub use policy::{MetadataPolicy, Operators};
pub use resolution::{Resolution, ResolveRequest};
pub use statement::{LEEWAY, Statement};
pub use subordinate::{HeldMark, Standing, Vouched, Wanted};
pub use trust_mark::{MarkStatus, Owner, TrustMark, TrustMarkIssuers};

use crate::ErrorCode;

/// `typ` and media type of entity statements (§3, §15.1), after `application/`.
pub const ENTITY_STATEMENT: &str = "entity-statement+jwt";
/// `typ` and media type of answers to explicit registrations (§12.2.3), after `application/`.
pub const REGISTRATION_RESPONSE: &str = "explicit-registration-response+jwt";
/// `typ` and media type of what a resolver found out (§8.3.2), after `application/`.
pub const RESOLVE_RESPONSE: &str = "resolve-response+jwt";
/// `typ` and media type of trust marks (§7.1), after `application/`.
pub const TRUST_MARK: &str = "trust-mark+jwt";
/// `typ` and media type of what an issuer says of a trust mark (§8.4.2), after `application/`.
pub const TRUST_MARK_STATUS: &str = "trust-mark-status-response+jwt";
/// `typ` and media type of the keys that an entity had before (§8.7.2), after `application/`.
pub const HISTORICAL_KEYS: &str = "jwk-set+jwt";
/// The media type of chains (§15.4), after `application/`.
pub const TRUST_CHAIN: &str = "trust-chain+json";
/// Where the configuration of an entity is, below its identifier (§9).
pub const WELL_KNOWN: &str = "/.well-known/openid-federation";
/// The entity type of what this product talks to (§5.1.2).
pub const RELYING_PARTY: &str = "openid_relying_party";

/// Why something that a federation says is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// A statement is not one.
    #[error("a statement of the trust chain is not acceptable: {0}")]
    Statement(&'static str),
    /// The statements do not hang together.
    #[error("the trust chain is broken: {0}")]
    Chain(&'static str),
    /// It ends at nobody who is trusted here.
    #[error("no trust chain ends at a trust anchor of this server")]
    Anchor,
    /// A superior does not allow such a subordinate (§6.2).
    #[error("a constraint of the trust chain is not met: {0}")]
    Constraint(&'static str),
    /// The policies contradict each other, or what they are applied to (§6.1).
    #[error("metadata_policy: {0}")]
    Policy(String),
    /// A trust mark is not acceptable (§7.3).
    #[error("a trust mark is not acceptable: {0}")]
    TrustMark(&'static str),
}

impl Disbelief {
    /// The error code of §8.9.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Statement(_) | Self::Chain(_) | Self::Constraint(_) | Self::TrustMark(_) => {
                ErrorCode::InvalidTrustChain
            }
            Self::Anchor => ErrorCode::InvalidTrustAnchor,
            Self::Policy(_) => ErrorCode::InvalidMetadata,
        }
    }
}
