//! The demo's API: notes, protected by `grantor-resource`.

use axum::routing::get;
use axum::{Json, Router};
use fetch::FetchOptions;
use grantor_resource::{AccessToken, Verifier};
use serde_json::{Value, json};

use crate::failure::Failure;

/// `GET /demo/notes`, which needs the scope `notes.read`.
pub(super) fn router(issuer: &str) -> Result<Router, Failure> {
    let verifier = Verifier::builder(issuer, super::API)
        .fetch(FetchOptions::loopback())
        .dpop(issuer)
        .build()?;
    let notes = get(notes).layer(verifier.require("notes.read"));
    Ok(Router::new().route("/demo/notes", notes))
}

async fn notes(token: AccessToken) -> Json<Value> {
    Json(json!({
        "notes": [
            {"id": 1, "text": "Buy milk"},
            {"id": 2, "text": "A code is worth nothing without its verifier"},
            {"id": 3, "text": "Ask for as little as you need"},
        ],
        "read_by": token.client_id,
        "on_behalf_of": token.sub,
    }))
}
