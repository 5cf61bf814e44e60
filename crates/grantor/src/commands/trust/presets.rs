//! What runs workloads, and how its signed identities say what a workload is.

use std::path::PathBuf;

use clap::Args;
use realm::issuers::{SPIFFE, TrustedIssuer};

use super::super::given::public_keys;
use super::Common;
use crate::failure::Failure;

/// What runs workloads.
pub(super) trait Preset {
    /// The issuer, and the condition on what it signs.
    fn describe(&self) -> Result<(TrustedIssuer, String), Failure>;
    /// What is said about every rule.
    fn common(self) -> Common;
}

/// A condition that all these claims are as they are stated.
fn all(claims: &[(&str, Option<&str>)], more: Option<&str>) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let stated = claims
        .iter()
        .filter_map(|(name, value)| Some(format!("claims.{name} == {}", text((*value)?))));
    let more = more.map(|more| format!("({more})"));
    stated.chain(more).collect::<Vec<_>>().join(" && ")
}

#[derive(Args)]
pub(super) struct Github {
    /// The repository whose jobs it is: OWNER/NAME
    #[arg(long, value_name = "OWNER/NAME")]
    repository: String,
    /// Its number, which a repository of the same name made later does not have
    #[arg(long, value_name = "NUMBER")]
    repository_id: Option<String>,
    /// Only jobs on this ref, such as refs/heads/main
    #[arg(long = "ref", value_name = "REF")]
    on_ref: Option<String>,
    /// Only jobs of this environment
    #[arg(long)]
    environment: Option<String>,
    /// Only jobs of this workflow file, such as OWNER/NAME/.github/workflows/deploy.yml@refs/heads/main
    #[arg(long, value_name = "REF")]
    job_workflow_ref: Option<String>,
    /// And only if this is true: CEL over `claims`
    #[arg(long = "if", value_name = "EXPRESSION")]
    condition: Option<String>,
    /// Another address than GitHub's own, of GitHub Enterprise
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://token.actions.githubusercontent.com"
    )]
    issuer: String,
    #[command(flatten)]
    common: Common,
}

impl Preset for Github {
    fn describe(&self) -> Result<(TrustedIssuer, String), Failure> {
        if self
            .repository
            .split('/')
            .filter(|part| !part.is_empty())
            .count()
            != 2
        {
            return Err(format!("--repository: `{}` is not OWNER/NAME", self.repository).into());
        }
        let claims = [
            ("repository", Some(self.repository.as_str())),
            ("repository_id", self.repository_id.as_deref()),
            ("ref", self.on_ref.as_deref()),
            ("environment", self.environment.as_deref()),
            ("job_workflow_ref", self.job_workflow_ref.as_deref()),
        ];
        let issuer = TrustedIssuer {
            id: self.issuer.clone(),
            name: "GitHub Actions".to_owned(),
            ..TrustedIssuer::default()
        };
        Ok((issuer, all(&claims, self.condition.as_deref())))
    }

    fn common(self) -> Common {
        self.common
    }
}

#[derive(Args)]
pub(super) struct Gitlab {
    /// The project whose jobs it is: GROUP/NAME
    #[arg(long, value_name = "GROUP/NAME")]
    project: String,
    /// Only jobs on this branch or tag
    #[arg(long = "ref", value_name = "REF")]
    on_ref: Option<String>,
    /// Only jobs on protected branches and tags
    #[arg(long)]
    protected: bool,
    /// Only jobs of this environment
    #[arg(long)]
    environment: Option<String>,
    /// And only if this is true: CEL over `claims`
    #[arg(long = "if", value_name = "EXPRESSION")]
    condition: Option<String>,
    /// The address of the GitLab
    #[arg(long, value_name = "URL", default_value = "https://gitlab.com")]
    issuer: String,
    #[command(flatten)]
    common: Common,
}

impl Preset for Gitlab {
    fn describe(&self) -> Result<(TrustedIssuer, String), Failure> {
        let claims = [
            ("project_path", Some(self.project.as_str())),
            ("ref", self.on_ref.as_deref()),
            // Texts, in what GitLab signs.
            ("ref_protected", self.protected.then_some("true")),
            ("environment", self.environment.as_deref()),
        ];
        let issuer = TrustedIssuer {
            id: self.issuer.clone(),
            name: "GitLab CI".to_owned(),
            ..TrustedIssuer::default()
        };
        Ok((issuer, all(&claims, self.condition.as_deref())))
    }

    fn common(self) -> Common {
        self.common
    }
}

#[derive(Args)]
pub(super) struct Kubernetes {
    /// The cluster's issuer: kubectl get --raw /.well-known/openid-configuration
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// The namespace
    #[arg(long)]
    namespace: String,
    /// The service account
    #[arg(long, value_name = "NAME")]
    service_account: String,
    /// A file with the cluster's keys, for one that cannot be reached from here: kubectl get --raw /openid/v1/jwks
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// Where the cluster's keys are [default: where its metadata say]
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// And only if this is true: CEL over `claims`
    #[arg(long = "if", value_name = "EXPRESSION")]
    condition: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Preset for Kubernetes {
    fn describe(&self) -> Result<(TrustedIssuer, String), Failure> {
        let account = format!(
            "system:serviceaccount:{}:{}",
            self.namespace, self.service_account
        );
        let issuer = TrustedIssuer {
            id: self.issuer.clone(),
            name: "Kubernetes".to_owned(),
            jwks: self
                .jwks
                .as_ref()
                .map(|path| public_keys("--jwks", path))
                .transpose()?,
            jwks_uri: self.jwks_uri.clone(),
            // A pod keeps one in a file, and the kubelet renews it in time.
            reusable: true,
            longest: 24 * 3600,
            ..TrustedIssuer::default()
        };
        let claims = [("sub", Some(account.as_str()))];
        Ok((issuer, all(&claims, self.condition.as_deref())))
    }

    fn common(self) -> Common {
        self.common
    }
}

#[derive(Args)]
pub(super) struct Spiffe {
    /// The workload's identity: spiffe://TRUST-DOMAIN/PATH
    #[arg(long, value_name = "SPIFFE-ID")]
    id: String,
    /// Where the bundle of the trust domain is
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    bundle: Option<String>,
    /// A file with the keys that verify its JWTs (a JWK set)
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// And only if this is true: CEL over `claims`
    #[arg(long = "if", value_name = "EXPRESSION")]
    condition: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Preset for Spiffe {
    fn describe(&self) -> Result<(TrustedIssuer, String), Failure> {
        let domain = self
            .id
            .strip_prefix(SPIFFE)
            .and_then(|rest| rest.split_once('/'))
            .filter(|(_, path)| !path.is_empty());
        let Some((domain, _)) = domain else {
            return Err(format!("--id: `{}` is not spiffe://TRUST-DOMAIN/PATH", self.id).into());
        };
        let issuer = TrustedIssuer {
            id: format!("{SPIFFE}{domain}"),
            name: "SPIFFE".to_owned(),
            jwks: self
                .jwks
                .as_ref()
                .map(|path| public_keys("--jwks", path))
                .transpose()?,
            jwks_uri: self.bundle.clone(),
            // Workloads share the one that their agent keeps for them.
            reusable: true,
            ..TrustedIssuer::default()
        };
        let claims = [("sub", Some(self.id.as_str()))];
        Ok((issuer, all(&claims, self.condition.as_deref())))
    }

    fn common(self) -> Common {
        self.common
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::all;

    #[test]
    fn what_is_typed_cannot_leave_its_quotes() {
        let condition = all(
            &[("ref", Some("x\" || true || \"")), ("environment", None)],
            None,
        );
        assert_eq!(condition, r#"claims.ref == "x\" || true || \"""#);
        let more = all(&[("ref", Some("a"))], Some("true || false"));
        assert_eq!(more, r#"claims.ref == "a" && (true || false)"#);
    }
}
