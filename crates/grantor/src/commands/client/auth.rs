//! How an application authenticates: the options of `grantor client create` and `update` for it.

use std::path::PathBuf;

use clap::Args;
use oauth::client_auth::Method;
use realm::Client;
use realm::clients::{Secret, SecretChange};

use super::super::given;
use crate::failure::Failure;

/// What can be said about it.
#[derive(Args)]
pub(super) struct Authentication {
    /// The only way it may authenticate: client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth,
    /// self_signed_tls_client_auth, attest_jwt_client_auth or none
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// The algorithm of its assertions, for private_key_jwt and client_secret_jwt
    #[arg(long, value_name = "ALG")]
    auth_alg: Option<String>,
    /// A file with its public keys (a JWK set), for private_key_jwt and self_signed_tls_client_auth
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks: Option<PathBuf>,
    /// Where it publishes its keys, so that it can change them by itself
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A file with the keys (a JWK set) of those who attest its instances, for attest_jwt_client_auth [default: those that the realm trusts]
    #[arg(long, value_name = "FILE")]
    attester_jwks: Option<PathBuf>,
    /// The subject of its certificate, such as CN=service,O=Example; this and the next four are for tls_client_auth, which needs one of them
    #[arg(long, value_name = "NAME", group = "subject")]
    tls_subject_dn: Option<String>,
    /// A DNS name in its certificate
    #[arg(long, value_name = "NAME", group = "subject")]
    tls_san_dns: Option<String>,
    /// A URI in its certificate
    #[arg(long, value_name = "URI", group = "subject")]
    tls_san_uri: Option<String>,
    /// An IP address in its certificate
    #[arg(long, value_name = "ADDRESS", group = "subject")]
    tls_san_ip: Option<String>,
    /// An e-mail address in its certificate
    #[arg(long, value_name = "ADDRESS", group = "subject")]
    tls_san_email: Option<String>,
    /// Bind its access tokens to the certificate that it connects with (RFC 8705)
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    certificate_bound: Option<bool>,
    /// Give it tokens only for a DPoP proof, and bind them to its key (RFC 9449)
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    dpop_bound: Option<bool>,
    /// Demand a nonce of the server in its DPoP proofs, or do not, whatever the realm says
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    dpop_nonce: Option<bool>,
}

impl Authentication {
    /// Writes what was said over `client`.
    pub(super) fn apply(self, client: &mut Client) -> Result<(), Failure> {
        if let Some(name) = self.auth_method {
            let method: Method = name.parse().map_err(|_| {
                let known = Method::ALL.map(Method::as_str).join(", ");
                format!("--auth-method: `{name}` is not a registered method; there are {known}")
            })?;
            change_method(client, method);
        }
        if let Some(name) = self.auth_alg {
            let algorithm = given::algorithm("--auth-alg", &name)?;
            client.token_endpoint_auth_signing_alg = Some(algorithm);
        }
        if let Some(path) = self.attester_jwks {
            let keys = given::public_keys("--attester-jwks", &path)?;
            client.client_attestation_jwks = Some(keys);
        }
        if let Some(path) = self.jwks {
            client.jwks = Some(given::public_keys("--jwks", &path)?);
            client.jwks_uri = None;
        }
        if let Some(uri) = self.jwks_uri {
            client.jwks_uri = Some(uri);
            client.jwks = None;
        }
        let subjects = [
            self.tls_subject_dn,
            self.tls_san_dns,
            self.tls_san_uri,
            self.tls_san_ip,
            self.tls_san_email,
        ];
        if subjects.iter().any(Option::is_some) {
            set_subject(client, subjects);
        }
        if let Some(bound) = self.certificate_bound {
            client.tls_client_certificate_bound_access_tokens = bound;
        }
        if let Some(bound) = self.dpop_bound {
            client.dpop_bound_access_tokens = bound;
        }
        if let Some(demanded) = self.dpop_nonce {
            client.require_dpop_nonce = Some(demanded);
        }
        Ok(())
    }
}

/// What the old method needed does not stay behind.
fn change_method(client: &mut Client, method: Method) {
    if client.token_endpoint_auth_method != Some(method) {
        client.token_endpoint_auth_signing_alg = None;
        client.client_attestation_jwks = None;
        set_subject(client, Default::default());
    }
    client.token_endpoint_auth_method = Some(method);
}

fn set_subject(client: &mut Client, [dn, dns, uri, ip, email]: [Option<String>; 5]) {
    client.tls_client_auth_subject_dn = dn;
    client.tls_client_auth_san_dns = dns;
    client.tls_client_auth_san_uri = uri;
    client.tls_client_auth_san_ip = ip;
    client.tls_client_auth_san_email = email;
}

/// Whether a client has a secret, by its method.
fn has_secret(client: &Client) -> bool {
    matches!(
        client.token_endpoint_auth_method,
        None | Some(Method::ClientSecretBasic | Method::ClientSecretPost | Method::ClientSecretJwt)
    )
}

/// The secret of a new client: none for one that is public or authenticates without.
pub(super) fn secret(client: &Client, given: Option<String>, public: bool) -> Secret {
    match given {
        Some(secret) => Secret::Given(secret),
        None if public || !has_secret(client) => Secret::None,
        None => Secret::Generate,
    }
}

/// What becomes of the secret of a client that was changed: one that it cannot use any more goes, and one that it needs and does not have is made.
pub(super) fn secret_change(before: &Client, client: &Client) -> SecretChange {
    let method = client.token_endpoint_auth_method;
    if before.token_endpoint_auth_method == method {
        return SecretChange::Keep;
    }
    // Of the old secret only a hash is kept.
    let signs = method == Some(Method::ClientSecretJwt);
    match (has_secret(client), before.has_secret()) {
        (false, true) => SecretChange::Remove,
        (true, false) => SecretChange::Generate,
        (true, true) if signs => SecretChange::Generate,
        _ => SecretChange::Keep,
    }
}

/// How it authenticates, for people.
pub(super) fn words(client: &Client) -> String {
    let method = match client.token_endpoint_auth_method {
        Some(method) => method.as_str(),
        None if client.is_public() => "none",
        None => "client_secret_basic or client_secret_post",
    };
    let keys = match (&client.jwks, &client.jwks_uri) {
        (Some(keys), _) => format!(", {} of its keys", keys.set().keys.len()),
        (None, Some(uri)) => format!(", keys at {uri}"),
        (None, None) => String::new(),
    };
    let subject = client.tls_client_auth_subjects().into_iter();
    let subject = subject.filter_map(|(name, value)| Some(format!(", {name} {}", value?)));
    let bound = if client.tls_client_certificate_bound_access_tokens {
        ", tokens bound to its certificate"
    } else {
        ""
    };
    let proves = if client.dpop_bound_access_tokens {
        ", tokens bound to a key (DPoP)"
    } else {
        ""
    };
    format!(
        "{method}{keys}{}{bound}{proves}",
        subject.collect::<String>()
    )
}
