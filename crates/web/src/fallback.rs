//! The body of refusals that no handler made: unknown paths, wrong methods (with their `Allow`), panics. A browser gets a page, everything
//! else problem details (RFC 9457). Routes that owe a protocol's own error set `Router::method_not_allowed_fallback` themselves.

use axum::body::HttpBody;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::page::Problem;
use crate::{document, headers};

/// Gives an error without a body one: a page, or JSON.
pub(crate) fn fill(response: Response, html: bool) -> Response {
    let status = response.status();
    let bare = response.body().is_end_stream() && !response.headers().contains_key(CONTENT_TYPE);
    if !bare || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut filled = if html { page(status) } else { json(status) };
    let written = filled.headers().clone();
    for (name, value) in response.headers() {
        if !written.contains_key(name) {
            filled.headers_mut().append(name.clone(), value.clone());
        }
    }
    filled.headers_mut().remove(http::header::CONTENT_LENGTH);
    *filled.extensions_mut() = response.extensions().clone();
    filled
}

/// 405 with `Allow`, as bare as axum's own, for handlers that match methods themselves.
pub fn method_not_allowed(allow: &'static str) -> Response {
    let headers = [(ALLOW, HeaderValue::from_static(allow))];
    (StatusCode::METHOD_NOT_ALLOWED, headers).into_response()
}

/// Whether the caller is a browser that shows what it gets: `text/html` is named in `Accept`.
pub fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| {
        let mut places = accept.as_bytes().windows("text/html".len());
        places.any(|place| place.eq_ignore_ascii_case(b"text/html"))
    })
}

fn page(status: StatusCode) -> Response {
    let (title, text) = match status {
        StatusCode::NOT_FOUND => (
            "There is nothing here",
            "The address may be mistyped, or what was here has moved.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "This address does not answer that",
            "The request used a method that is not offered here.",
        ),
        _ if status.is_server_error() => (
            "Something went wrong on our side",
            "Nothing was done that you would have to undo. Try again in a moment.",
        ),
        _ => (
            "That did not work",
            "The request could not be understood. Go back and try again.",
        ),
    };
    Problem::new(title, text).into_response(status)
}

fn json(status: StatusCode) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = format!(r#"{{"title":"{title}","status":{}}}"#, status.as_u16());
    let mut response = document::private_as(status, "application/problem+json", body);
    headers::no_store(response.headers_mut());
    response
}
