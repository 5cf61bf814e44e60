use jose::Algorithm;
use oauth::Scope;
use serde::{Deserialize, Serialize};

use crate::clients::PublicKeys;

/// How an issuer identifier begins that is a SPIFFE trust domain: its tokens name it by their `sub`.
pub const SPIFFE: &str = "spiffe://";
/// How long what an issuer signed may be valid at most where nothing else is said, in seconds.
pub const LONGEST: i64 = 3600;

/// Somebody whose signed word counts here: an identity provider, a CI system, a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrustedIssuer {
    /// Its identifier, the `iss` of what it signs; for SPIFFE the trust domain, `spiffe://example.org`.
    #[serde(rename = "issuer")]
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Its public keys. Without them and without `jwks_uri` its metadata is asked (OpenID Connect Discovery, RFC 8414).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeys>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Whom what it signs may be for, besides this realm's issuer and token endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// What it signs with; any asymmetric algorithm when nothing is said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Algorithm>,
    /// Whether the same text counts more than once: for systems that keep one in a file until it expires. What says who a person is never does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reusable: bool,
    /// How long what it signs may be valid at most, in seconds.
    pub longest: i64,
    /// Whom it speaks for; the first rule that applies counts.
    pub rules: Vec<TrustRule>,
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

impl Default for TrustedIssuer {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            jwks: None,
            jwks_uri: None,
            audiences: Vec::new(),
            algorithms: Vec::new(),
            reusable: false,
            longest: LONGEST,
            rules: Vec::new(),
            version: 0,
            created_at: 0,
            updated_at: 0,
        }
    }
}

impl TrustedIssuer {
    /// Whether it is a SPIFFE trust domain.
    pub fn is_spiffe(&self) -> bool {
        self.id.starts_with(SPIFFE)
    }
}

/// What an issuer's word is believed for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustRule {
    /// When it applies (CEL over `claims`). An error while it is evaluated means that it does not.
    pub condition: String,
    /// Whom it is about.
    pub subject: Subject,
    /// The clients that may hand in what is said about a person, or exchange what is said about a client.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
    /// What may be had for a person at most. For a client its own registration says that.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// The resources that tokens about a person may be for; none means those of the scope.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// Whom an issuer speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A client of this realm: the signed text is its identity, with which it authenticates and for which it gets tokens of its own.
    Client(String),
    /// The person that a claim names.
    Person {
        /// The claim.
        claim: String,
        /// What of the person it is.
        by: PersonKey,
    },
}

/// What a person is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKey {
    /// The identifier, the `sub` of our tokens.
    Id,
    /// The user name.
    Username,
    /// The e-mail address, where both sides have verified it.
    Email,
}
