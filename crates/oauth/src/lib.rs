//! The wire types and pure rules of OAuth 2.1 and OpenID Connect, shared by every role: authorization server, resource server and client.
//!
//! Nothing here reads a clock, a socket or a database. Text from the network goes in, a typed value or a registered [`Error`] comes out; a
//! parser never panics, whatever it is given. A parameter without a value counts as omitted and an unknown one is ignored (RFC 6749 §3.1).
//! Types that hold codes, tokens or secrets have a `Debug` that hides them.

pub mod authorization;
pub mod authorization_details;
pub mod challenge;
pub mod ciba;
pub mod claims;
pub mod claims_request;
pub mod client_auth;
mod confirmation;
pub mod credential;
pub mod device_code;
pub mod dpop;
mod error;
pub mod federation;
pub mod id_token;
pub mod introspection;
pub mod jwt_bearer;
pub mod language;
mod lenient;
pub mod logout_token;
pub mod metadata;
mod params;
pub mod password;
pub mod pkce;
pub mod pushed_authorization_request;
mod redacted;
pub mod redirect_uri;
pub mod revocation;
mod scope;
pub mod security_event;
pub mod shared_signals;
pub mod status_list;
pub mod token;
pub mod token_exchange;

pub use error::{Description, Error, ErrorCode, ErrorResponse};
pub use params::Params;
pub use redacted::Redacted;
pub use scope::{Scope, ScopeError};
