//! Cross-origin reads by browsers (the Fetch standard's CORS protocol). Cookies never travel along: credentials are not allowed anywhere.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};

/// What a script may read of our responses beyond the safelisted headers.
const EXPOSED: &str = "WWW-Authenticate, DPoP-Nonce, Retry-After, ETag";
/// What a script may send.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, DPoP, If-None-Match";
const MAX_AGE: &str = "600";

/// Opens every route of `router` to scripts of every origin, for GET: public documents.
pub fn public<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(from_fn(|request: Request, next: Next| async move {
        let mut response = if is_preflight(&request) {
            preflight("GET, HEAD")
        } else {
            next.run(request).await
        };
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
        response
    }))
}

/// Opens every route of `router` to scripts of the origins for which `decide` says yes. It gets the `Origin` header as it came and the
/// request's extensions (the realm is among them); a preflight carries nothing else, so it cannot know the client yet. Other origins get
/// the same response without the headers that would let them read it.
pub fn registered<S, F, Fut>(router: Router<S>, decide: F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn(String, Extensions) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = bool> + Send,
{
    let decide = Arc::new(decide);
    router.layer(from_fn(move |request: Request, next: Next| {
        let decide = decide.clone();
        async move {
            let origin = request.headers().get(ORIGIN).cloned();
            let text = origin.as_ref().and_then(|value| value.to_str().ok());
            let allowed = match text {
                // Sandboxed frames and files all say "null": nobody can be registered under it.
                None | Some("null") => false,
                Some(text) => decide(text.to_owned(), request.extensions().clone()).await,
            };
            let mut response = if is_preflight(&request) {
                preflight("GET, POST, PUT, DELETE")
            } else {
                next.run(request).await
            };
            let headers = response.headers_mut();
            headers.append(VARY, HeaderValue::from_static("Origin"));
            match origin {
                Some(origin) if allowed => allow(headers, origin),
                _ => forbid(headers),
            }
            response
        }
    }))
}

fn is_preflight(request: &Request<Body>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(methods: &'static str) -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

fn forbid(headers: &mut HeaderMap) {
    headers.remove(ACCESS_CONTROL_ALLOW_METHODS);
    headers.remove(ACCESS_CONTROL_ALLOW_HEADERS);
    headers.remove(ACCESS_CONTROL_MAX_AGE);
}
