//! `GET /federation_trust_mark` (OpenID Federation 1.0 §8.6): a trust mark that the realm gave an entity right below it.

use axum::http::Uri;
use axum::response::Response;
use oauth::federation::TRUST_MARK;
use realm::subordinates;
use serde_json::{Map, json};

use super::said::{Said, answered, signed};
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::{Reason, Refusal};

const ENDPOINT: &str = "federation_trust_mark";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_trust_mark";

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let said = mark(&call, &uri).await;
    answered(&call, ENDPOINT, said, |(text, tag)| {
        answer::public_text(&call, "application/trust-mark+jwt", text.to_string(), &tag)
    })
}

async fn mark(call: &Call, uri: &Uri) -> Result<Option<Said>, Refusal> {
    if !super::is_superior(call).await? {
        return Ok(None);
    }
    let params = form::query(uri)?;
    let (kind, sub) = (params.required("trust_mark_type")?, params.required("sub")?);
    let held = subordinates::find(&call.realm, sub).await?;
    let held = held
        .as_ref()
        .and_then(|it| it.standing.mark(kind, call.now()));
    let held = held.ok_or(Reason::FederationUnmarked)?;
    // As long as it is the same mark it says the same, whenever it is asked for: its status is found by that.
    let mut claims = Map::new();
    for (name, value) in [
        ("iss", json!(call.realm.issuer())),
        ("sub", json!(sub)),
        ("trust_mark_type", json!(kind)),
        ("iat", json!(held.granted_at)),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if let Some(at) = held.expires_at {
        claims.insert("exp".to_owned(), at.into());
    }
    signed(call, TRUST_MARK, claims).await.map(Some)
}
