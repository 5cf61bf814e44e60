//! `/.well-known/webfinger` (OpenID Connect Discovery §2, RFC 7033): which issuer an address of a person belongs to. It is the same for all addresses of our hosts,
//! so that nobody learns from it who has an account.

pub mod rules;

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::json;

use self::rules::{Asked, ISSUER};
use crate::answer;
use crate::call::Call;

/// The endpoint.
pub(crate) async fn get(call: Call, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let all = |name: &'static str| {
        let named = pairs.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| &**value)
    };
    let mut resources = all("resource");
    let (Some(resource), None) = (resources.next(), resources.next()) else {
        return answer::empty(StatusCode::BAD_REQUEST);
    };
    let issuer = call.realm.issuer();
    match rules::asked(issuer, resource) {
        Asked::Malformed => answer::empty(StatusCode::BAD_REQUEST),
        Asked::Elsewhere => answer::empty(StatusCode::NOT_FOUND),
        Asked::Ours => {
            // Other relations are none of ours; what was not asked for is left out (RFC 7033 §4.3).
            let wanted = all("rel").next().is_none() || all("rel").any(|rel| rel == ISSUER);
            let links = wanted.then(|| json!({ "rel": ISSUER, "href": issuer }));
            let links: Vec<_> = links.into_iter().collect();
            let document = json!({ "subject": resource, "links": links });
            answer::public(&call, "application/jrd+json", &document)
        }
    }
}
