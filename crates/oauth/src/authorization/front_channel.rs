//! What a request must hold when tokens come back through the browser (OpenID Connect Core §3.2.2.1, §3.3.2.1).

use super::AuthorizationRequest;
use crate::Error;

/// Checks a request whose response type is one of tokens.
pub(super) fn check(request: &AuthorizationRequest) -> Result<(), Error> {
    if request.response_type.has_id_token() {
        if !request.is_openid() {
            return Err(Error::invalid_request(
                "A response_type with id_token needs the scope 'openid'.",
            ));
        }
        // Without it a stolen ID token could be injected into any session.
        if request.nonce.is_none() {
            return Err(Error::invalid_request(
                "The parameter 'nonce' is missing; a response_type with id_token must have it.",
            ));
        }
    }
    // A token that is issued before anybody proved to have a key would not be bound to it.
    if request.response_type.has_token() && request.dpop_jkt.is_some() {
        return Err(Error::invalid_request(
            "The parameter 'dpop_jkt' does not go with an access token from the authorization endpoint.",
        ));
    }
    Ok(())
}
