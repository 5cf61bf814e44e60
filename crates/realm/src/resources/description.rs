use serde::{Deserialize, Serialize};

use crate::algorithms::Algorithms;
use crate::clients::is_page;
use crate::error::Invalid;

/// What the metadata of a resource say beside its name and scopes (RFC 9728 §2). It is the API's own word, told to clients: enforcing it is the API's business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// How it takes bearer tokens: `header`, `body`, `query` (RFC 6750 §2); not known when none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<String>,
    /// What the DPoP proofs that it takes may be signed with (RFC 9449 §7).
    #[serde(skip_serializing_if = "Algorithms::is_empty")]
    pub dpop_signing_alg_values_supported: Algorithms,
    /// Whether it takes no token but one that is bound to a key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
    /// Whether it takes tokens that are bound to a certificate (RFC 8705 §3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What developers read about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
    /// How clients may use its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_tos_uri: Option<String>,
}

/// The ways of RFC 6750 §2.
const BEARER_METHODS: [&str; 3] = ["header", "body", "query"];

impl Description {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        for method in &self.bearer_methods_supported {
            if !BEARER_METHODS.contains(&method.as_str()) {
                let reason = format!("`{}` is not header, body or query", method.escape_default());
                return Err(Invalid::new("bearer_methods_supported", reason));
            }
        }
        self.dpop_signing_alg_values_supported
            .check("dpop_signing_alg_values_supported")?;
        let pages = [
            ("resource_documentation", &self.resource_documentation),
            ("resource_policy_uri", &self.resource_policy_uri),
            ("resource_tos_uri", &self.resource_tos_uri),
        ];
        for (field, page) in pages {
            if page.as_deref().is_some_and(|page| !is_page(page)) {
                return Err(Invalid::new(field, "is not an https address"));
            }
        }
        Ok(())
    }
}
