use serde::{Deserialize, Serialize};
use url::Url;

use crate::clients::{PublicKeys, is_page};
use crate::error::Invalid;

/// Who may register clients by themselves (RFC 7591).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Admission {
    /// Nobody.
    #[default]
    Off,
    /// Whoever has an initial access token (`grantor client token create`).
    Token,
    /// Whoever has a software statement of a trusted issuer.
    Statement,
    /// Everybody.
    Open,
}

impl Admission {
    const ALL: [Self; 4] = [Self::Off, Self::Token, Self::Statement, Self::Open];

    /// Its name in settings and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Token => "token",
            Self::Statement => "statement",
            Self::Open => "open",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Somebody whose software statements are believed (RFC 7591 §2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementIssuer {
    /// The `iss` of the statements.
    pub issuer: String,
    /// The keys that they are signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<PublicKeys>,
    /// Where those keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

/// How clients come to be registered without an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Registration {
    /// Who may register.
    pub mode: Admission,
    /// Whose software statements are believed; those of others are refused in every mode.
    pub statement_issuers: Vec<StatementIssuer>,
}

/// Clients whose identifier is the address of a document about them (draft-ietf-oauth-client-id-metadata-document).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientIdDocuments {
    /// Whether there are such clients.
    pub allowed: bool,
    /// The hosts that their documents may be at, such as `app.example`, or `*.example` for all below that; empty: any.
    pub hosts: Vec<String>,
}

impl Default for ClientIdDocuments {
    fn default() -> Self {
        Self {
            allowed: true,
            hosts: Vec::new(),
        }
    }
}

const MOST: usize = 100;

impl Registration {
    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let refuse = |reason: String| Err(Invalid::new("registration.statement_issuers", reason));
        if self.statement_issuers.len() > MOST {
            return refuse(format!("it has more than {MOST} entries"));
        }
        if self.mode == Admission::Statement && self.statement_issuers.is_empty() {
            return refuse("the mode `statement` needs somebody to trust".to_owned());
        }
        for (number, one) in self.statement_issuers.iter().enumerate() {
            let own = one.issuer.as_str();
            if own.is_empty() || own.len() > 500 {
                return refuse("an issuer has 1 to 500 characters".to_owned());
            }
            if self.statement_issuers[..number]
                .iter()
                .any(|other| other.issuer == own)
            {
                return refuse(format!("`{}` is named twice", own.escape_default()));
            }
            match (&one.jwks, &one.jwks_uri) {
                (Some(keys), None) => keys
                    .check()
                    .map_err(|reason| Invalid::new("registration.statement_issuers", reason))?,
                (None, Some(uri)) if is_page(uri) => {}
                (None, Some(uri)) => {
                    return refuse(format!(
                        "`{}` is not an https address",
                        uri.escape_default()
                    ));
                }
                _ => {
                    return refuse(format!(
                        "`{}` has either `jwks` or `jwks_uri`",
                        own.escape_default()
                    ));
                }
            }
        }
        Ok(())
    }

    /// The trusted issuer of this name.
    pub fn statement_issuer(&self, issuer: &str) -> Option<&StatementIssuer> {
        self.statement_issuers
            .iter()
            .find(|one| one.issuer == issuer)
    }
}

impl ClientIdDocuments {
    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let refuse = |reason: String| Err(Invalid::new("client_id_documents.hosts", reason));
        if self.hosts.len() > MOST {
            return refuse(format!("it has more than {MOST} entries"));
        }
        for host in &self.hosts {
            let name = host.strip_prefix("*.").unwrap_or(host);
            let normal = Url::parse(&format!("https://{name}/"))
                .ok()
                .and_then(|url| url.host_str().map(str::to_owned));
            if normal.as_deref() != Some(name) || name.contains('*') {
                return refuse(format!(
                    "`{}` is not a host in its normal form, such as app.example or *.example",
                    host.escape_default()
                ));
            }
        }
        Ok(())
    }

    /// Whether a document may be at this host, in its normal form.
    pub fn allows(&self, host: &str) -> bool {
        let named = |pattern: &String| match pattern.strip_prefix("*.") {
            None => pattern == host,
            Some(above) => host
                .strip_suffix(above)
                .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        };
        self.allowed && (self.hosts.is_empty() || self.hosts.iter().any(named))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn a_host_is_named_or_below_a_named_one() {
        let documents = ClientIdDocuments {
            allowed: true,
            hosts: vec!["app.example".to_owned(), "*.corp.example".to_owned()],
        };
        documents.check().unwrap();
        for (host, allowed) in [
            ("app.example", true),
            ("a.app.example", false),
            ("evilapp.example", false),
            ("a.corp.example", true),
            ("a.b.corp.example", true),
            ("corp.example", false),
            (".corp.example", false),
            ("evilcorp.example", false),
            ("corp.example.evil.example", false),
        ] {
            assert_eq!(documents.allows(host), allowed, "{host}");
        }
        assert!(ClientIdDocuments::default().allows("any.example"));
        let off = ClientIdDocuments {
            allowed: false,
            ..documents
        };
        assert!(!off.allows("app.example"));
    }

    #[test]
    fn odd_hosts_and_issuers_are_refused() {
        for host in [
            "",
            "*",
            "a/b",
            "A.example",
            "a.example:8443",
            "u@a.example",
            "*.*.example",
        ] {
            let documents = ClientIdDocuments {
                allowed: true,
                hosts: vec![host.to_owned()],
            };
            assert!(documents.check().is_err(), "{host}");
        }
        let issuers = |text: &str| {
            serde_json::from_str::<Registration>(&format!(
                r#"{{"mode":"statement","statement_issuers":{text}}}"#
            ))
            .unwrap()
            .check()
        };
        issuers(r#"[{"issuer":"https://a","jwks_uri":"https://a/jwks"}]"#).unwrap();
        for wrong in [
            "[]",
            r#"[{"issuer":"","jwks_uri":"https://a/jwks"}]"#,
            r#"[{"issuer":"https://a"}]"#,
            r#"[{"issuer":"https://a","jwks":{"keys":[]}}]"#,
            r#"[{"issuer":"https://a","jwks_uri":"javascript:x"}]"#,
            r#"[{"issuer":"a","jwks_uri":"https://a/j"},{"issuer":"a","jwks_uri":"https://a/j"}]"#,
        ] {
            assert!(issuers(wrong).is_err(), "{wrong}");
        }
    }
}
