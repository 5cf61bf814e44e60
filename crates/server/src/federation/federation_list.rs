//! `GET /federation_list` (OpenID Federation 1.0 §8.2): who is right below the realm. From memory.

use axum::http::Uri;
use axum::response::Response;
use oauth::federation::Wanted;

use super::said::answered;
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::Refusal;

const ENDPOINT: &str = "federation_list";
/// Where it is, below the issuer.
pub(super) const PATH: &str = "/federation_list";

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
    let wanted = Wanted::parse(&form::query_with(uri, Wanted::REPEATABLE)?)?;
    let now = call.now();
    let fitting = all
        .iter()
        .filter(|(_, standing)| wanted.fits(standing, now));
    Ok(Some(fitting.map(|(id, _)| id.to_owned()).collect()))
}
