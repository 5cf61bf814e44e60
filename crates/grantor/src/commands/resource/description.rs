//! What the metadata of an API say besides (RFC 9728 §2), as options of `grantor resource`.

use clap::Args;
use realm::Resource;

use super::super::given::algorithms;
use crate::failure::Failure;

#[derive(Args)]
pub(super) struct Description {
    /// How it takes bearer tokens, for its metadata (RFC 9728): header, body or query; may be repeated
    #[arg(long = "bearer-method", value_name = "WAY")]
    bearer_methods: Vec<String>,
    /// What the DPoP proofs that it takes may be signed with, for its metadata; may be repeated
    #[arg(long = "dpop-alg", value_name = "ALG")]
    dpop_algs: Vec<String>,
    /// Whether it takes no tokens but those that are bound to a key, for its metadata
    #[arg(long, value_name = "BOOL")]
    requires_dpop: Option<bool>,
    /// Whether it takes tokens that are bound to a certificate, for its metadata
    #[arg(long, value_name = "BOOL")]
    certificate_bound: Option<bool>,
    /// What developers read about it, for its metadata
    #[arg(long, value_name = "URL")]
    documentation: Option<String>,
    /// How clients may use its data, for its metadata
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// Its terms of service, for its metadata
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
}

impl Description {
    pub(super) fn apply(self, resource: &mut Resource) -> Result<(), Failure> {
        let known = &mut resource.description;
        if !self.bearer_methods.is_empty() {
            known.bearer_methods_supported = self.bearer_methods;
        }
        if !self.dpop_algs.is_empty() {
            known.dpop_signing_alg_values_supported = algorithms("--dpop-alg", &self.dpop_algs)?;
        }
        let required = &mut known.dpop_bound_access_tokens_required;
        *required = self.requires_dpop.unwrap_or(*required);
        let certified = &mut known.tls_client_certificate_bound_access_tokens;
        *certified = self.certificate_bound.unwrap_or(*certified);
        for (given, page) in [
            (self.documentation, &mut known.resource_documentation),
            (self.policy_uri, &mut known.resource_policy_uri),
            (self.tos_uri, &mut known.resource_tos_uri),
        ] {
            *page = given.or(page.take());
        }
        Ok(())
    }
}
