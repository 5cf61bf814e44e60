use super::claims::ScopeClaim;
use super::credentials::CredentialConfiguration;
use jose::Algorithm;
use serde::{Deserialize, Serialize};

use super::description::Description;
use super::details::DetailsType;
use crate::algorithms::Algorithms;
use crate::settings::{LifetimeOverrides, Lifetimes};

/// What an access token for a resource looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenFormat {
    /// A signed JWT that the API verifies by itself (RFC 9068).
    #[default]
    Jwt,
    /// A sealed text that the API introspects (RFC 7662).
    Opaque,
}

/// Who may be granted a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grantable {
    /// Every person, and every client that is registered for the scope.
    #[default]
    Everyone,
    /// People of this group; never a client by itself.
    Group(String),
    /// Whoever the expression (CEL) is true for. It sees `person` (`id`, `username`, `email`, `email_verified`, `groups`; null when a client acts for
    /// itself) and `client` (`id`, `name`, `public`; `self_made`, which is true when no operator vouches for it). An error while it is evaluated grants nothing.
    Expression(String),
}

/// One scope of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeDefinition {
    /// The scope-token (RFC 6749 §3.3).
    pub name: String,
    /// What it allows, in words that people read at consent.
    pub description: String,
    /// Who may be granted it.
    #[serde(default)]
    pub grantable: Grantable,
    /// What it tells about the person, beside the standard claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ScopeClaim>,
}

/// An API that accepts tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resource {
    /// Its identifier, an absolute URI without a fragment (RFC 8707 §2): the audience of its tokens.
    pub id: String,
    /// Its name as people read it.
    pub name: String,
    /// Its scopes. A scope belongs to one resource of the realm.
    pub scopes: Vec<ScopeDefinition>,
    /// What may be asked of it in particular (RFC 9396). A type belongs to one resource of the realm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types: Vec<DetailsType>,
    /// What is issued as credentials, where it is the issuer itself. [`Resource::offer_credential`] adds one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<CredentialConfiguration>,
    /// What its access tokens look like.
    pub token_format: TokenFormat,
    /// How long its access tokens live, in seconds, when that is not the realm's or the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
    /// What its access tokens are signed with, the first that everyone concerned can take; ES256 when it is not stated.
    #[serde(skip_serializing_if = "Algorithms::is_empty")]
    pub signing_alg: Algorithms,
    /// What its metadata say besides.
    #[serde(flatten)]
    pub description: Description,
    /// The row's version, which a change names.
    #[serde(skip)]
    pub version: i64,
    /// When it was made (unix seconds).
    #[serde(skip)]
    pub created_at: i64,
    /// When it was last changed (unix seconds).
    #[serde(skip)]
    pub updated_at: i64,
}

impl Resource {
    /// Its scope of this name.
    pub fn scope(&self, name: &str) -> Option<&ScopeDefinition> {
        self.scopes.iter().find(|scope| scope.name == name)
    }

    /// What its access tokens may be signed with, the best first.
    pub fn algorithms(&self) -> &[Algorithm] {
        match self.signing_alg.as_slice() {
            [] => &[Algorithm::Es256],
            stated => stated,
        }
    }

    /// How long an access token for it lives, in seconds: its own lifetime where it has one, but no longer than the client's where that has one;
    /// else what holds for the client.
    pub fn access_token_lifetime(&self, client: &LifetimeOverrides, lifetimes: &Lifetimes) -> i64 {
        match (self.token_lifetime, client.access_token) {
            (Some(own), Some(clients)) => own.min(clients),
            (Some(own), None) => own,
            (None, Some(clients)) => clients,
            (None, None) => lifetimes.access_token,
        }
    }
}

/// What scope rules may know about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonFacts {
    /// The identifier, the `sub` of tokens.
    pub id: String,
    /// The user name.
    pub username: String,
    /// The e-mail address, if there is one.
    pub email: Option<String>,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// The groups the person is in.
    pub groups: Vec<String>,
}
