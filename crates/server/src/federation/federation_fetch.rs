//! `GET /federation_fetch` (OpenID Federation 1.0 §8.1): what the realm says of an entity right below it.

use axum::http::Uri;
use axum::response::Response;
use oauth::federation::{ENTITY_STATEMENT, is_entity_id};
use realm::subordinates;
use serde_json::json;

use super::said::{LIFETIME, Said, answered, signed, since};
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::{Reason, Refusal};

const ENDPOINT: &str = "federation_fetch";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_fetch";

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let said = fetch(&call, &uri).await;
    answered(&call, ENDPOINT, said, |(text, tag)| {
        answer::public_statement(&call, &text, &tag)
    })
}

async fn fetch(call: &Call, uri: &Uri) -> Result<Option<Said>, Refusal> {
    if !super::is_superior(call).await? {
        return Ok(None);
    }
    let params = form::query(uri)?;
    let sub = params.required("sub")?;
    if sub == call.realm.issuer() {
        return Err(Reason::FederationOneself.into());
    }
    let said = said_of(call, sub).await?;
    Ok(Some(said.ok_or(Reason::FederationStranger)?))
}

/// The Subordinate Statement of an entity (§3.3), if it is right below the realm. Asks the database, so that who was taken away is away at once.
pub(super) async fn said_of(call: &Call, sub: &str) -> Result<Option<Said>, Refusal> {
    if !is_entity_id(sub, true) {
        return Ok(None);
    }
    let Some(subordinate) = subordinates::find(&call.realm, sub).await? else {
        return Ok(None);
    };
    let mut claims = subordinate.vouched.claims();
    let issued_at = since(call.now());
    for (name, value) in [
        ("iss", json!(call.realm.issuer())),
        ("sub", json!(sub)),
        ("iat", json!(issued_at)),
        ("exp", json!(issued_at + LIFETIME)),
        ("source_endpoint", json!(call.realm.url(PATH))),
    ] {
        claims.insert(name.to_owned(), value);
    }
    signed(call, ENTITY_STATEMENT, claims).await.map(Some)
}
