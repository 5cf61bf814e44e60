//! The answer as a JWT (RFC 9701 §5): signed, and encrypted for callers that registered that.

use axum::http::StatusCode;
use axum::response::Response;
use jose::jwe::ContentEncryption;
use jose::jwt;
use oauth::introspection::Response as Introspected;
use realm::Client;
use serde::Serialize;
use web::document;

use super::rules::JWT;
use crate::call::Call;
use crate::client_auth;
use crate::refusal::Refusal;

/// What is signed. There is no `sub` and no `exp`, so that nobody takes it for an ID token or an access token (RFC 9701 §5, §8.1).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: &'a Introspected,
}

/// The text of the JWT for this caller, and no other.
///
/// # Errors
/// When the keys of the caller cannot be had, or the answer would be too long.
pub(super) async fn text(
    call: &Call,
    client: &Client,
    answer: &Introspected,
) -> Result<String, Refusal> {
    let algorithm = client
        .introspection_signed_response_alg
        .unwrap_or_else(|| client.profile(&call.realm.settings()).default_algorithm());
    let key = call.realm.keys().signer(algorithm).await?;
    let claims = Claims {
        iss: call.realm.issuer(),
        aud: &client.id,
        iat: call.now(),
        token_introspection: answer,
    };
    let signed = jwt::sign(&key, JWT, &claims)?;
    let Some(management) = client.introspection_encrypted_response_alg else {
        return Ok(signed);
    };
    let encryption = client
        .introspection_encrypted_response_enc
        .unwrap_or(ContentEncryption::A128CbcHs256);
    client_auth::encrypt(call, client, ((management, encryption), JWT), &signed).await
}

/// The answer that carries it.
pub(super) fn response(text: &str) -> Response {
    document::private_as(StatusCode::OK, "application/token-introspection+jwt", text)
}
