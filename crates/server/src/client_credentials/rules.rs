//! What a client gets for itself (RFC 6749 §4.4).

use oauth::Scope;
use oauth::token::ClientCredentials;
use realm::{Catalogue, Client};

use crate::granting::authorization_details as details;
use crate::granting::rules::{Asked, Part, Terms, left, terms};
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
        details: request.authorization_details.as_ref(),
        person: Part::Absent,
    };
    let terms: Terms = terms(&asked, client, catalogue)?;
    details::grantable(asked.details, None, (client, catalogue))?;
    let left = left(&terms, asked.details, None, (client, catalogue))?;
    Ok((left.scope, left.resources))
}
