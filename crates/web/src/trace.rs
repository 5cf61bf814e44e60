//! One line in the log for each request: method, path, status, duration. Never the query, a header or a body: those hold codes and tokens.

use ambient::Ambient;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tracing::Span;

/// The identifier of a request: in its extensions, in the log, and in the `x-request-id` header of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// A request that is being answered.
pub(crate) struct Record {
    id: String,
    path: String,
    started: Instant,
    span: Span,
}

impl Record {
    /// Names the request.
    pub(crate) fn begin(ambient: &Ambient, request: &mut Request) -> Self {
        let id = ambient.id();
        let path = shown(request.uri().path());
        let span = tracing::info_span!("request", id, method = %request.method(), path);
        request.extensions_mut().insert(RequestId(id.clone()));
        Self {
            id,
            path,
            started: Instant::now(),
            span,
        }
    }

    /// What its log lines belong to.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Logs it and tells the caller its name.
    pub(crate) fn end(self, response: &mut Response) {
        let status = response.status().as_u16();
        let millis = self.started.elapsed().as_secs_f64() * 1000.0;
        self.span.in_scope(|| {
            if status >= 500 {
                tracing::error!(status, millis, "answered");
            } else if is_quiet(&self.path) {
                tracing::debug!(status, millis, "answered");
            } else {
                tracing::info!(status, millis, "answered");
            }
        });
        if let Ok(value) = HeaderValue::try_from(self.id) {
            let name = HeaderName::from_static("x-request-id");
            response.headers_mut().insert(name, value);
        }
    }
}

/// Probes and assets would drown the rest.
fn is_quiet(path: &str) -> bool {
    path.starts_with("/assets/") || matches!(path, "/healthz" | "/readyz" | "/favicon.ico")
}

/// The path, cut to what a line can hold.
fn shown(path: &str) -> String {
    let end = path
        .char_indices()
        .nth(200)
        .map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or_default().to_owned()
}
