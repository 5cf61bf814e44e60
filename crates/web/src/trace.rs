//! One line in the log for each request: method, path, status, duration. Never the query, a header or a body: those hold codes and tokens.

use ambient::Ambient;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::Instrument;

/// The identifier of a request: in its extensions, in the log, and in the `x-request-id` header of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Middleware (`axum::middleware::from_fn_with_state`): names the request and logs it when it is done.
pub async fn record(State(ambient): State<Ambient>, mut request: Request, next: Next) -> Response {
    let id = ambient.id();
    let started = Instant::now();
    let path = shown(request.uri().path());
    let span = tracing::info_span!("request", id, method = %request.method(), path);
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    span.in_scope(|| {
        if status >= 500 {
            tracing::error!(status, millis, "answered");
        } else if is_quiet(path.as_str()) {
            tracing::debug!(status, millis, "answered");
        } else {
            tracing::info!(status, millis, "answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        let name = HeaderName::from_static("x-request-id");
        response.headers_mut().insert(name, value);
    }
    response
}

/// Probes and assets would drown the rest.
fn is_quiet(path: &str) -> bool {
    path.starts_with("/assets/") || matches!(path, "/healthz" | "/readyz" | "/favicon.ico")
}

/// The path, cut to what a line can hold.
fn shown(path: &str) -> String {
    path.chars().take(200).collect()
}
