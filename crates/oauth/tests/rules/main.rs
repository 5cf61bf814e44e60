//! The rules of the protocol, tested from the texts that make them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod authorization;
mod authorization_details;
mod challenge;
mod ciba;
mod claims;
mod claims_localized;
mod client_assertion;
mod client_auth;
mod device_code;
mod dpop;
mod error;
mod federation;
mod id_token;
mod logout_token;
mod metadata;
mod pkce;
mod pushed_authorization_request;
mod redirect_uri;
mod scope;
mod token;

use oauth::Params;

/// Parameters from a query string.
fn params(query: &str) -> Params {
    Params::parse(query)
}
