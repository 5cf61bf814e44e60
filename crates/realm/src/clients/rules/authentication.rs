//! How a client says it will authenticate, and whether it registered what that needs.

use jose::Algorithm;
use oauth::client_auth::Method;
use oauth::client_auth::assertion::{ASYMMETRIC, SYMMETRIC};
use url::Url;

use super::{Client, Invalid, is_page};
use crate::clients::distinguished_name;

const METHOD: &str = "token_endpoint_auth_method";

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    check_keys(client)?;
    check_certificate(client)?;
    check_attesters(client)?;
    let method = client.token_endpoint_auth_method;
    match method {
        None => check_algorithm(client, &[]),
        Some(Method::None) if client.has_secret() => Err(Invalid::new(
            METHOD,
            "`none` is for a client without a secret",
        )),
        Some(Method::None) => check_algorithm(client, &[]),
        Some(method @ (Method::ClientSecretBasic | Method::ClientSecretPost)) => {
            needs(client.has_secret(), method, "a secret")?;
            check_algorithm(client, &[])
        }
        Some(method @ Method::ClientSecretJwt) => {
            needs(client.has_secret(), method, "a secret")?;
            needs(
                client.sealed_secret.is_some(),
                method,
                "a new secret: of the one it has, only a hash is kept",
            )?;
            check_algorithm(client, SYMMETRIC)
        }
        Some(method @ (Method::PrivateKeyJwt | Method::SelfSignedTlsClientAuth)) => {
            without_secret(client, method)?;
            let keys = client.jwks.is_some() || client.jwks_uri.is_some();
            needs(keys, method, "`jwks` or `jwks_uri`")?;
            let signs = method == Method::PrivateKeyJwt;
            check_algorithm(client, if signs { ASYMMETRIC } else { &[] })
        }
        Some(method @ (Method::TlsClientAuth | Method::AttestJwtClientAuth)) => {
            without_secret(client, method)?;
            check_algorithm(client, &[])
        }
    }
}

fn needs(there: bool, method: Method, what: &str) -> Result<(), Invalid> {
    if there {
        Ok(())
    } else {
        Err(Invalid::new(METHOD, format!("`{method}` needs {what}")))
    }
}

fn without_secret(client: &Client, method: Method) -> Result<(), Invalid> {
    if client.has_secret() {
        let reason = format!("`{method}` is for a client without a secret");
        return Err(Invalid::new(METHOD, reason));
    }
    Ok(())
}

/// Without attesters of its own, those count that the realm trusts.
fn check_attesters(client: &Client) -> Result<(), Invalid> {
    const FIELD: &str = "client_attestation_jwks";
    let Some(keys) = &client.client_attestation_jwks else {
        return Ok(());
    };
    if client.token_endpoint_auth_method != Some(Method::AttestJwtClientAuth) {
        let reason = "attesters go with `attest_jwt_client_auth` alone";
        return Err(Invalid::new(FIELD, reason));
    }
    keys.check().map_err(|reason| Invalid::new(FIELD, reason))
}

fn check_algorithm(client: &Client, allowed: &[Algorithm]) -> Result<(), Invalid> {
    let Some(algorithm) = client.token_endpoint_auth_signing_alg else {
        return Ok(());
    };
    if allowed.contains(&algorithm) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|one| one.as_str()).collect();
    let reason = match names.as_slice() {
        [] => "it goes with `private_key_jwt` and `client_secret_jwt` alone".to_owned(),
        names => format!("`{algorithm}` is not one of {}", names.join(", ")),
    };
    Err(Invalid::new("token_endpoint_auth_signing_alg", reason))
}

fn check_keys(client: &Client) -> Result<(), Invalid> {
    if let Some(keys) = &client.jwks {
        keys.check()
            .map_err(|reason| Invalid::new("jwks", reason))?;
        if client.jwks_uri.is_some() {
            let reason = "`jwks` and `jwks_uri` exclude each other (RFC 7591 §2)";
            return Err(Invalid::new("jwks_uri", reason));
        }
    }
    match &client.jwks_uri {
        Some(uri) if !is_page(uri) || Url::parse(uri).is_ok_and(|url| url.fragment().is_some()) => {
            Err(Invalid::new(
                "jwks_uri",
                format!(
                    "`{}` is not an https address (http for a loopback host)",
                    uri.escape_default()
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// RFC 8705 §2.1.2: exactly one of the five.
fn check_certificate(client: &Client) -> Result<(), Invalid> {
    let subjects = client.tls_client_auth_subjects();
    let by_authority = client.token_endpoint_auth_method == Some(Method::TlsClientAuth);
    let stated = subjects.iter().filter(|(_, value)| value.is_some()).count();
    match (by_authority, stated) {
        (true, 1) | (false, 0) => {}
        (true, _) => {
            let names = subjects.map(|(name, _)| name).join(", ");
            let reason = format!("`tls_client_auth` needs exactly one of {names}");
            return Err(Invalid::new(METHOD, reason));
        }
        (false, _) => {
            let reason = "the subject of a certificate goes with `tls_client_auth` alone";
            return Err(Invalid::new(METHOD, reason));
        }
    }
    for (name, value) in subjects {
        if value.is_some_and(|value| value.is_empty() || value.len() > 1000) {
            return Err(Invalid::new(name, "it has 1 to 1000 bytes"));
        }
    }
    if let Some(name) = &client.tls_client_auth_subject_dn
        && distinguished_name(name).is_none()
    {
        return Err(Invalid::new(
            "tls_client_auth_subject_dn",
            format!(
                "`{}` is not a name as RFC 4514 writes it, such as CN=service,O=Example",
                name.escape_default()
            ),
        ));
    }
    if let Some(address) = &client.tls_client_auth_san_ip
        && address.parse::<std::net::IpAddr>().is_err()
    {
        return Err(Invalid::new(
            "tls_client_auth_san_ip",
            format!("`{}` is not an IP address", address.escape_default()),
        ));
    }
    Ok(())
}
