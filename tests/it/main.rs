//! Black-box tests: each drives grantor in process through HTTP alone, on SQLite and on PostgreSQL (`harness`). One file per feature.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod harness;

mod access_token;
mod application;
mod attacks;
mod attestation;
mod authorization;
mod authorization_code;
mod authorization_details;
mod backchannel_logout;
mod bad_input;
mod check_session;
mod ciba;
mod claims_languages;
mod claims_request;
mod client_auth;
mod client_auth_jwt;
mod client_auth_keys;
mod client_auth_library;
mod client_auth_registration;
mod client_auth_tls;
mod client_credentials;
mod client_id_document;
mod client_languages;
mod client_metadata;
mod consent;
mod cors;
mod credential;
mod custom_claims;
mod device_code;
mod dpop;
mod end_session;
mod ended_session;
mod endings;
mod every_grant;
mod fapi2;
mod federation;
mod foreign;
mod frontchannel_logout;
mod growth;
mod hosts;
mod id_token;
mod implicit;
mod introspection;
mod introspection_jwt;
mod introspection_library;
mod jarm;
mod jwt_bearer;
mod key_rotation;
mod keys;
mod limits;
mod login;
mod logs;
mod matrix;
mod metadata;
mod ml_dsa;
mod nodes;
mod outage;
mod outbound;
mod pairwise;
mod password;
mod pkce;
mod plans;
mod pre_authorized_code;
mod prompts;
mod protected_resource;
mod proxies;
mod pushed_authorization_request;
mod redirect_uri;
mod refresh_token;
mod registration;
mod request_object;
mod resource_consent;
mod resource_indicators;
mod response_mode;
mod revocation;
mod scope;
mod sealed_answers;
mod shared_signals;
mod step_up;
mod still_granted;
mod storage;
mod token_exchange;
mod userinfo;
mod webfinger;
