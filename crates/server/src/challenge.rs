//! `POST /challenge` (draft-ietf-oauth-attestation-based-client-auth §6.1): what an instance of a client puts into its proof, so that none is made in advance.

use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use oauth::client_auth::attestation::CHALLENGE_HEADER;
use serde_json::json;

use crate::answer;
use crate::attestation_challenges as challenges;
use crate::call::Call;

/// The endpoint. It tells the same to everybody, for some minutes.
pub(crate) async fn post(call: Call) -> Response {
    let challenge = challenges::current(&call.realm);
    let body = json!({ "attestation_challenge": challenge });
    let mut response = answer::json(StatusCode::OK, &body);
    answer::set(
        &mut response,
        HeaderName::from_static(CHALLENGE_HEADER),
        &challenge,
    );
    response
}
