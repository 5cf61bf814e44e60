//! What must be so for a client to be registered. Messages are for the person who registers it.

mod application;
mod authentication;
mod backchannel;
mod encryption;
mod logout;
mod openid;
mod profile;
mod requests;
mod response_types;

use std::collections::HashSet;

use jose::Algorithm;
use oauth::redirect_uri;
use url::Url;

use super::{Client, GrantType, exchange};
use crate::error::Invalid;
use crate::resources::{Catalogue, is_hidden};

pub use encryption::KEY_MANAGEMENT;

pub use profile::check_profile;
pub(super) use response_types::check_retired;

const LIST: usize = 100;

/// Checks a client against the rules and against what the realm offers.
pub(super) fn check(client: &Client, catalogue: &Catalogue) -> Result<(), Invalid> {
    check_id(&client.id)?;
    if !client.name.is_empty() {
        check_name(&client.name)?;
    }
    check_redirects(client)?;
    check_grants(client)?;
    authentication::check(client)?;
    requests::check(client)?;
    backchannel::check(client)?;
    logout::check(client)?;
    application::check(client)?;
    openid::check(client)?;
    check_scopes(client, catalogue)?;
    exchange::check(client, catalogue)?;
    check_links(client)?;
    check_origins(&client.allowed_origins)?;
    check_signing_alg(
        "id_token_signed_response_alg",
        client.id_token_signed_response_alg,
    )?;
    client
        .id_token_signing_alg_values_supported
        .check("id_token_signing_alg_values_supported")?;
    check_signing_alg(
        "authorization_signed_response_alg",
        client.authorization_signed_response_alg,
    )?;
    encryption::check(
        client,
        (
            "authorization_encrypted_response_alg",
            client.authorization_encrypted_response_alg,
        ),
        (
            "authorization_encrypted_response_enc",
            client.authorization_encrypted_response_enc,
        ),
    )?;
    check_signing_alg(
        "introspection_signed_response_alg",
        client.introspection_signed_response_alg,
    )?;
    encryption::check(
        client,
        (
            "introspection_encrypted_response_alg",
            client.introspection_encrypted_response_alg,
        ),
        (
            "introspection_encrypted_response_enc",
            client.introspection_encrypted_response_enc,
        ),
    )?;
    client.lifetimes.check()
}

/// `client_id`: visible ASCII (RFC 6749 appendix A.1), not beginning like a command line option.
pub(super) fn check_id(id: &str) -> Result<(), Invalid> {
    if id.is_empty() || id.len() > 255 {
        return Err(Invalid::new("client_id", "it has 1 to 255 characters"));
    }
    if !id.bytes().all(|byte| byte.is_ascii_graphic()) || id.starts_with('-') {
        return Err(Invalid::new(
            "client_id",
            format!(
                "`{}` is not visible ASCII without white space",
                id.escape_default()
            ),
        ));
    }
    Ok(())
}

pub(crate) fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    if text.chars().count() > most {
        return Err(Invalid::new(
            field,
            format!("it has more than {most} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, "it holds a control character"));
    }
    if text.chars().any(turns) {
        let reason =
            "it holds a character that turns the direction of others, or breaks their line";
        return Err(Invalid::new(field, reason));
    }
    Ok(())
}

/// Whether others read differently, or elsewhere, after a character: what it stands in would be read as something else.
fn turns(c: char) -> bool {
    matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name that people read: nobody goes without one, as if it were ours.
pub(crate) fn check_name(name: &str) -> Result<(), Invalid> {
    check_text("client_name", name, 200)?;
    if name.chars().all(|c| c.is_whitespace() || is_hidden(c)) {
        let reason = "it has no character that can be seen";
        return Err(Invalid::new("client_name", reason));
    }
    Ok(())
}

fn check_list(field: &'static str, list: &[String]) -> Result<(), Invalid> {
    if list.len() > LIST {
        return Err(Invalid::new(
            field,
            format!("it has more than {LIST} entries"),
        ));
    }
    let mut seen = HashSet::new();
    match list.iter().find(|entry| !seen.insert(entry.as_str())) {
        Some(twice) => Err(Invalid::new(field, format!("`{twice}` is named twice"))),
        None => Ok(()),
    }
}

fn check_redirects(client: &Client) -> Result<(), Invalid> {
    let fields = [
        ("redirect_uris", &client.redirect_uris),
        (
            "post_logout_redirect_uris",
            &client.post_logout_redirect_uris,
        ),
    ];
    for (field, uris) in fields {
        check_list(field, uris)?;
        for uri in uris {
            redirect_uri::check_registration(uri)
                .map_err(|reason| Invalid::new(field, format!("`{uri}`: {reason}")))?;
        }
    }
    Ok(())
}

fn check_grants(client: &Client) -> Result<(), Invalid> {
    let code = client.allows_grant(GrantType::AuthorizationCode);
    if client.grant_types.is_empty() {
        return Err(Invalid::new("grant_types", "a client needs at least one"));
    }
    if client.grant_types.iter().collect::<HashSet<_>>().len() != client.grant_types.len() {
        return Err(Invalid::new("grant_types", "a grant type is named twice"));
    }
    if code && client.redirect_uris.is_empty() {
        return Err(Invalid::new(
            "redirect_uris",
            "the grant type authorization_code needs at least one",
        ));
    }
    response_types::check(client)?;
    let of_people = [
        GrantType::AuthorizationCode,
        GrantType::DeviceCode,
        GrantType::Ciba,
        GrantType::PreAuthorizedCode,
        GrantType::Password,
    ];
    let first = of_people.iter().any(|grant| client.allows_grant(*grant));
    if client.allows_grant(GrantType::RefreshToken) && !first {
        return Err(Invalid::new(
            "grant_types",
            "refresh_token needs authorization_code, device_code, ciba, pre-authorized_code or password, which issue the first refresh token",
        ));
    }
    for grant in [GrantType::TokenExchange, GrantType::JwtBearer] {
        if client.allows_grant(grant) && client.is_public() {
            return Err(Invalid::new(
                "grant_types",
                format!("{grant} needs a client that authenticates"),
            ));
        }
    }
    if client.allows_grant(GrantType::ClientCredentials) && client.is_public() {
        return Err(Invalid::new(
            "grant_types",
            "client_credentials needs a client that authenticates (RFC 6749 §4.4)",
        ));
    }
    Ok(())
}

fn check_scopes(client: &Client, catalogue: &Catalogue) -> Result<(), Invalid> {
    for (field, scope) in [
        ("scope", &client.scope),
        ("default_scope", &client.default_scope),
    ] {
        if let Some(unknown) = scope
            .iter()
            .find(|token| catalogue.owner_of(token).is_none())
        {
            return Err(Invalid::new(
                field,
                format!("there is no scope `{unknown}`; make a resource that has it first"),
            ));
        }
    }
    if !client.scope.is_empty() && !client.default_scope.is_subset(&client.scope) {
        let beyond = client.default_scope.minus(&client.scope);
        return Err(Invalid::new(
            "default_scope",
            format!("`{beyond}` is not within its scope"),
        ));
    }
    let types = "authorization_details_types";
    check_list(types, &client.authorization_details_types)?;
    let mut named = client.authorization_details_types.iter();
    if let Some(unknown) = named.find(|name| catalogue.owner_of_details(name).is_none()) {
        let unknown = unknown.escape_default();
        return Err(Invalid::new(
            types,
            format!("there is no type `{unknown}`; make a resource that has it first"),
        ));
    }
    check_list("introspects", &client.introspects)?;
    if !client.introspects.is_empty() && client.is_public() {
        return Err(Invalid::new(
            "introspects",
            "a client that does not authenticate cannot introspect",
        ));
    }
    match client
        .introspects
        .iter()
        .find(|id| catalogue.resource(id).is_none())
    {
        Some(unknown) => Err(Invalid::new(
            "introspects",
            format!("there is no resource `{unknown}`"),
        )),
        None => Ok(()),
    }
}

fn check_links(client: &Client) -> Result<(), Invalid> {
    let links = [
        ("client_uri", &client.client_uri),
        ("logo_uri", &client.logo_uri),
        ("policy_uri", &client.policy_uri),
        ("tos_uri", &client.tos_uri),
    ];
    for (field, link) in links {
        if let Some(link) = link
            && !is_page(link)
        {
            return Err(Invalid::new(
                field,
                format!(
                    "`{}` is not an https address (http for a loopback host)",
                    link.escape_default()
                ),
            ));
        }
    }
    check_list("contacts", &client.contacts)?;
    client
        .contacts
        .iter()
        .try_for_each(|contact| check_text("contacts", contact, 200))
}

/// An address a person may be sent to.
pub(crate) fn is_page(link: &str) -> bool {
    link.len() <= 2048
        && link.bytes().all(|byte| byte.is_ascii_graphic())
        && Url::parse(link).is_ok_and(|url| {
            url.username().is_empty()
                && url.password().is_none()
                && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
        })
}

/// An address that is called: such a one without a fragment.
pub(crate) fn is_endpoint(link: &str) -> bool {
    is_page(link) && !link.contains('#')
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn check_origins(origins: &[String]) -> Result<(), Invalid> {
    check_list("allowed_origins", origins)?;
    for origin in origins {
        let exact = Url::parse(origin).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.origin().ascii_serialization() == *origin
        });
        if !exact {
            return Err(Invalid::new(
                "allowed_origins",
                format!(
                    "`{}` is not an origin as browsers send it: scheme, host in lower case, a port unless it is the scheme's own, nothing behind it",
                    origin.escape_default()
                ),
            ));
        }
    }
    Ok(())
}

/// Algorithms that a client or a resource may ask for.
pub(crate) fn check_signing_alg(
    field: &'static str,
    alg: Option<Algorithm>,
) -> Result<(), Invalid> {
    match alg {
        Some(alg) if alg.is_symmetric() => Err(Invalid::new(
            field,
            format!(
                "{alg} is symmetric: whoever verifies could sign; use ES256, EdDSA, RS256, PS256 or ML-DSA"
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
