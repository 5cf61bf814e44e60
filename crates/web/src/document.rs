//! JSON: public documents that caches may keep, and answers that nobody may.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64UrlUnpadded, Encoding};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, GetAll, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::headers;

/// A public JSON document: `Cache-Control: public, max-age=SECONDS`, an ETag of its content, and 304 when the request has it already
/// (RFC 9110 §13.1.2).
pub fn public(request: &HeaderMap, json: impl Into<String>, max_age: u32) -> Response {
    public_as(request, "application/json", json.into(), max_age)
}

/// As [`public`], of another media type.
pub fn public_as(
    request: &HeaderMap,
    content_type: &'static str,
    text: String,
    max_age: u32,
) -> Response {
    let hash = digest(&SHA256, text.as_bytes());
    let tag = format!(
        "\"{}\"",
        Base64UrlUnpadded::encode_string(&hash.as_ref()[..12])
    );
    tagged(request, (content_type, text.into()), tag, max_age)
}

/// As [`public`], with a weak tag of what it stands for (RFC 9110 §8.8.1): for text in which something differs from node to node, such as a signature. `tag`
/// is visible ASCII without quotes.
pub fn public_as_of(
    request: &HeaderMap,
    json: impl Into<Bytes>,
    tag: &str,
    max_age: u32,
) -> Response {
    public_as_of_kind(request, ("application/json", json.into()), tag, max_age)
}

/// As [`public_as_of`], of another media type.
pub fn public_as_of_kind(
    request: &HeaderMap,
    document: (&'static str, Bytes),
    tag: &str,
    max_age: u32,
) -> Response {
    tagged(request, document, format!("W/\"{tag}\""), max_age)
}

fn tagged(
    request: &HeaderMap,
    (content_type, text): (&'static str, Bytes),
    tag: String,
    max_age: u32,
) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_str(&format!("public, max-age={max_age}")) {
        headers.insert(CACHE_CONTROL, value);
    }
    if let Ok(value) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, value);
    }
    headers::secure(&mut headers);
    if matches(request.get_all(IF_NONE_MATCH), &tag) {
        headers.remove(CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, text).into_response()
}

/// A JSON answer for one caller: `no-store`.
pub fn private(status: StatusCode, json: impl Into<String>) -> Response {
    private_as(status, "application/json", json)
}

/// As [`private`], of another media type (`application/jwt`, `application/token-introspection+jwt`, …).
pub fn private_as(
    status: StatusCode,
    content_type: &'static str,
    text: impl Into<String>,
) -> Response {
    let mut response = Response::new(Body::from(text.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Room for these and for what the layers around add.
    headers.reserve(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers::no_store(headers);
    headers::secure(headers);
    response
}

/// Whether an `If-None-Match` names `tag` (weakly compared, RFC 9110 §8.8.3.2).
pub(crate) fn matches(values: GetAll<'_, HeaderValue>, tag: &str) -> bool {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|candidate| {
            candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag
        })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_the_client_has_is_not_sent_again() {
        let mut request = HeaderMap::new();
        let first = public(&request, "{}", 300);
        assert_eq!(first.headers()[CACHE_CONTROL], "public, max-age=300");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for value in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            request.insert(IF_NONE_MATCH, HeaderValue::from_str(&value).unwrap());
            let again = public(&request, "{}", 300);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{value}");
            assert_eq!(again.headers()[ETAG].to_str().unwrap(), tag);
        }
        let changed = public(&request, "{\"a\":1}", 300);
        request.insert(IF_NONE_MATCH, HeaderValue::from_str(&tag).unwrap());
        assert_ne!(changed.headers()[ETAG].to_str().unwrap(), tag);
        assert_eq!(public(&request, "{\"a\":1}", 300).status(), StatusCode::OK);
    }

    #[test]
    fn a_private_answer_is_never_stored() {
        let response = private(StatusCode::BAD_REQUEST, "{}");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }
}
