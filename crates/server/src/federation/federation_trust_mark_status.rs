//! `POST /federation_trust_mark_status` (OpenID Federation 1.0 §8.4): whether a trust mark of the realm still counts.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use jose::jwt;
use oauth::federation::{TRUST_MARK_STATUS, TrustMark};
use realm::subordinates;
use serde_json::json;
use web::document;

use super::said::{ALGORITHM, answered};
use crate::call::Call;
use crate::form;
use crate::refusal::{Reason, Refusal};

const ENDPOINT: &str = "federation_trust_mark_status";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_trust_mark_status";

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let said = status(&call, body).await;
    answered(&call, ENDPOINT, said, |text| {
        let kind = "application/trust-mark-status-response+jwt";
        document::private_as(StatusCode::OK, kind, text)
    })
}

async fn status(call: &Call, body: Body) -> Result<Option<String>, Refusal> {
    if !super::is_superior(call).await? {
        return Ok(None);
    }
    let params = form::body(call, body).await?;
    let text = params.required("trust_mark")?;
    let mark = TrustMark::parse(text).map_err(|_| Reason::FederationNoMark)?;
    if mark.issuer != call.realm.issuer() {
        return Err(Reason::FederationUnmarked.into());
    }
    let federation = call.realm.federation_keys();
    let key = federation.signer(ALGORITHM).await?;
    let keys = federation.key_set().await?;
    // Who did not get it from us costs no read.
    let holder = if mark.is_signed_by(&keys) {
        subordinates::find(&call.realm, &mark.subject).await?
    } else {
        None
    };
    let standing = holder.map(|holder| holder.standing);
    let status = mark.status(&keys, standing.as_ref(), call.now());
    let claims = json!({
        "iss": call.realm.issuer(), "iat": call.now(), "trust_mark": text, "status": status.as_str(),
    });
    Ok(Some(jwt::sign(&key, TRUST_MARK_STATUS, &claims)?))
}
