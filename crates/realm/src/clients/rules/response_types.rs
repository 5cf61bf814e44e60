//! Whether the grant types, the response types and the rest of a registration belong together (RFC 7591 §2.1, OpenID Connect Registration §2).

use std::collections::HashSet;

use super::{Client, GrantType, Invalid};
use crate::settings::Settings;

pub(super) fn check(client: &Client) -> Result<(), Invalid> {
    let types = &client.response_types;
    let invalid = |reason: &str| Err(Invalid::new("response_types", reason));
    if types.iter().collect::<HashSet<_>>().len() != types.len() {
        return invalid("a response type is named twice");
    }
    let code = client.allows_grant(GrantType::AuthorizationCode);
    if code != types.iter().any(|it| it.has_code()) {
        return invalid(
            "a response type with code and the grant type authorization_code belong together",
        );
    }
    let implicit = client.allows_grant(GrantType::Implicit);
    if implicit != types.iter().any(|it| it.is_front_channel()) {
        return invalid("a response type with tokens and the grant type implicit belong together");
    }
    if implicit && client.redirect_uris.is_empty() {
        return Err(Invalid::new(
            "redirect_uris",
            "the grant type implicit needs at least one",
        ));
    }
    if client.binds_tokens() && types.iter().any(|it| it.has_token()) {
        return invalid("its tokens are bound, and one that comes through the browser cannot be");
    }
    Ok(())
}

/// Grants that OAuth 2.1 has left out are there for a client only where that was switched on.
pub(in crate::clients) fn check_retired(
    client: &Client,
    settings: &Settings,
) -> Result<(), Invalid> {
    let mut retired = client.grant_types.iter().filter(|grant| grant.is_retired());
    match retired.next() {
        Some(grant) if !client.allows_retired_grants(settings) => Err(Invalid::new(
            "grant_types",
            format!(
                "`{grant}` is a grant that OAuth 2.1 has left out: allow_retired_grants switches it on for one client or for the realm, with the profile `openid`"
            ),
        )),
        _ => Ok(()),
    }
}
