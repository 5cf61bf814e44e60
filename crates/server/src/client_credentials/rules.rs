//! What a client gets for itself (RFC 6749 §4.4).

use oauth::Scope;
use oauth::token::ClientCredentials;
use realm::{Catalogue, Client};

use crate::authorization_details::rules as details;
use crate::granting::rules::{Asked, Terms, grantable, terms};
use crate::refusal::Reason;

/// The terms of a client's own token: no person is involved, so the scopes about people do not exist here.
///
/// # Errors
/// `unauthorized_client` for a public client, which cannot prove who it is (§4.4); `invalid_scope` or `invalid_target`.
pub fn decide(
    client: &Client,
    request: &ClientCredentials,
    catalogue: &Catalogue,
) -> Result<(Scope, Vec<String>), Reason> {
    if client.is_public() {
        return Err(Reason::ClientPublicForItself);
    }
    let asked = Asked {
        scope: request.scope.as_ref(),
        resources: &request.resource,
        with_person: false,
    };
    let mut terms: Terms = terms(&asked, client, catalogue)?;
    if let Some(details) = &request.authorization_details {
        let named = !request.resource.is_empty();
        details::join(&mut terms, details, named, (client, catalogue))?;
        details::grantable(Some(details), None, (client, catalogue))?;
    }
    let scope = grantable(&terms, None, client, catalogue)?;
    Ok((scope, terms.resources))
}
