//! `GET /jwks`: the public keys (RFC 7517 §5), those that will sign soon and those that signed what still lives among them.

use axum::response::Response;

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// The endpoint.
pub(crate) async fn get(call: Call) -> Response {
    match call.realm.keys().jwks().await {
        Ok(keys) => answer::public(&call, "application/jwk-set+json", &*keys),
        Err(error) => answer::refused(&call, "jwks", None, &Refusal::from(error)),
    }
}
