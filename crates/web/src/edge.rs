use std::any::Any;
use std::sync::Arc;

use ambient::Ambient;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use crate::address::{self, TrustedProxies};
use crate::client_certificate::Malformed;
use crate::{fallback, headers, trace};

/// What stands around every request of an application.
struct Edge {
    ambient: Ambient,
    proxies: TrustedProxies,
}

/// Puts around a finished router what every request needs, from the outside in: its name and its line in the log, security headers where no handler set
/// them, bodies for bare errors, the client's address, and panics turned into 500.
pub fn edge(router: Router, ambient: Ambient, proxies: TrustedProxies) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(
            Arc::new(Edge { ambient, proxies }),
            around,
        ))
}

/// One layer for all of it: each layer costs every request some allocations.
async fn around(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let record = trace::Record::begin(&edge.ambient, &mut request);
    let html = fallback::wants_html(request.headers());
    let settled = record
        .span()
        .in_scope(|| address::settle(&edge.proxies, &mut request));
    let answer = match settled {
        Ok(()) => next.run(request).instrument(record.span().clone()).await,
        Err(Malformed) => StatusCode::BAD_REQUEST.into_response(),
    };
    let mut response = fallback::fill(answer, html);
    headers::secure(response.headers_mut());
    record.end(&mut response);
    response
}

/// The panic's own text may hold what it was about, so it is not logged here; the process's panic hook decides.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
