//! `GET /federation_trust_mark_list` (OpenID Federation 1.0 §8.5): who holds a trust mark of the realm. From memory.

use axum::http::Uri;
use axum::response::Response;

use super::said::answered;
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::Refusal;

const ENDPOINT: &str = "federation_trust_mark_list";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_trust_mark_list";

/// The endpoint; 404 where the realm vouches for nobody.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let said = list(&call, &uri).await;
    answered(&call, ENDPOINT, said, |ids| {
        answer::public(&call, "application/json", &ids)
    })
}

async fn list(call: &Call, uri: &Uri) -> Result<Option<Vec<String>>, Refusal> {
    let all = call.realm.subordinates().await?;
    if all.is_empty() {
        return Ok(None);
    }
    let params = form::query(uri)?;
    let kind = params.required("trust_mark_type")?;
    let (sub, now) = (params.get("sub"), call.now());
    let holds = all.iter().filter(|(id, standing)| {
        sub.is_none_or(|sub| sub == *id) && standing.mark(kind, now).is_some()
    });
    Ok(Some(holds.map(|(id, _)| id.to_owned()).collect()))
}
