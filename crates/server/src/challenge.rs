//! `POST /challenge` (draft-ietf-oauth-attestation-based-client-auth §6.1): what an instance of a client puts into its proof, so that none is made in advance.

use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use serde_json::json;

use crate::answer;
use crate::call::Call;
use crate::client_auth::challenge;

/// The endpoint. It tells the same to everybody, for some minutes.
pub(crate) async fn post(call: Call) -> Response {
    let (name, challenge) = challenge(&call.realm);
    let body = json!({ "attestation_challenge": challenge });
    let mut response = answer::json(StatusCode::OK, &body);
    answer::set(&mut response, HeaderName::from_static(name), &challenge);
    response
}
