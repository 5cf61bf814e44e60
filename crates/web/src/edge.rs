use std::any::Any;
use std::sync::Arc;

use ambient::Ambient;
use axum::Router;
use axum::body::Body;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::address::TrustedProxies;
use crate::{address, fallback, headers, trace};

/// The outermost layers of a whole application, put around its finished router, from the outside in: the request's name and its line in the log,
/// the client's address, security headers where no handler set them, bodies for bare errors, and panics turned into 500.
pub fn edge(router: Router, ambient: Ambient, proxies: TrustedProxies) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(fallback::fill))
        .layer(map_response(secured))
        .layer(from_fn_with_state(Arc::new(proxies), address::record))
        .layer(from_fn_with_state(ambient, trace::record))
}

async fn secured(mut response: Response) -> Response {
    headers::secure(response.headers_mut());
    response
}

/// The panic's own text may hold what it was about, so it is not logged here; the process's panic hook decides.
fn panicked(_: Box<dyn Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
