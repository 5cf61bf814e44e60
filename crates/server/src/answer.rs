//! Direct answers: JSON that nobody may store, and errors as JSON whatever the caller accepts (RFC 6749 §5.1, §5.2).

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use oauth::ErrorCode;
use oauth::client_auth::attestation::CHALLENGE_HEADER;
use serde::Serialize;
use web::{document, headers};

use crate::attestation_challenges as challenges;
use crate::call::Call;
use crate::refusal::Refusal;

/// How long a cache may keep a public document, in seconds.
const MAX_AGE: u32 = 300;

/// A JSON answer that must not be stored.
pub(crate) fn json<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => document::private(status, text),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// An answer without a body that must not be stored.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    headers::no_store(response.headers_mut());
    headers::secure(response.headers_mut());
    response
}

/// A public JSON document, which any cache may keep for a while, or 304 when the caller has it. Signing keys are published far longer before they
/// are used.
pub(crate) fn public<T: Serialize + ?Sized>(
    call: &Call,
    content_type: &'static str,
    value: &T,
) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => document::public_as(&call.headers, content_type, text, MAX_AGE),
        Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// As [`public`], JSON with a tag of what it stands for: what else is in it may differ from node to node.
pub(crate) fn public_as_of(call: &Call, json: Bytes, tag: &str) -> Response {
    document::public_as_of(&call.headers, json, tag, MAX_AGE)
}

/// As [`public_as_of`], a statement of an entity of a federation.
pub(crate) fn public_statement(call: &Call, text: &str, tag: &str) -> Response {
    let kind = "application/entity-statement+jwt";
    document::public_as_of_kind(&call.headers, (kind, text.to_owned().into()), tag, MAX_AGE)
}

/// As [`public_as_of`], text of another media type.
pub(crate) fn public_text(
    call: &Call,
    content_type: &'static str,
    text: String,
    tag: &str,
) -> Response {
    document::public_as_of_kind(&call.headers, (content_type, text.into()), tag, MAX_AGE)
}

/// Sets a header; a value that cannot stand in one is left out.
pub(crate) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    error_description: &'a str,
}

/// A refusal as the answer of an endpoint that clients call.
pub(crate) fn refused(
    call: &Call,
    endpoint: &'static str,
    client: Option<&str>,
    refusal: &Refusal,
) -> Response {
    refusal.log(call.realm.name(), endpoint, client);
    let (code, description) = refusal.wire();
    let status =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(
        status,
        &ErrorBody {
            error: code.as_str(),
            error_description: &description,
        },
    );
    if code == ErrorCode::InvalidClient {
        // RFC 6749 §5.2 asks for it after the header was used, RFC 9110 §15.5.2 on every 401.
        let challenge = oauth::challenge::basic(call.realm.issuer());
        set(&mut response, header::WWW_AUTHENTICATE, &challenge);
    }
    if code == ErrorCode::UseAttestationChallenge {
        let challenge = challenges::current(&call.realm);
        set(
            &mut response,
            HeaderName::from_static(CHALLENGE_HEADER),
            &challenge,
        );
    }
    if let Some(seconds) = refusal.retry_after() {
        set(&mut response, header::RETRY_AFTER, &seconds.to_string());
    }
    response
}
