//! The guard of pages' POSTs against forgery by other sites: `Sec-Fetch-Site`, else `Origin` against the host (tower-http's `csrf`).

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
pub use tower_http::csrf::ConfigError;
use tower_http::csrf::{CsrfLayer, ProtectionError, ResponseForProtectionError};

use crate::page;

/// The layer that [`guard`] makes.
pub type Guard = CsrfLayer<Refusal>;

/// Answers a forged request: a 403 page.
#[derive(Clone, Copy, Debug)]
pub struct Refusal;

impl ResponseForProtectionError<Body> for Refusal {
    fn response_for_protection_error(&mut self, _: ProtectionError) -> Response<Body> {
        page::problem(
            StatusCode::FORBIDDEN,
            "This did not come from our page",
            "Another site tried to send this form on your behalf, so nothing was done. If it was you, go back, reload the page and try again.",
        )
    }
}

/// A layer for routers of pages: a POST that comes from another origin gets a 403 page. `trusted` are origins that count as our own though the
/// `Host` header may not say so: the issuer's, for the case that a proxy rewrites it.
///
/// # Errors
/// When an origin of `trusted` is not `scheme://host[:port]`.
pub fn guard<'a>(trusted: impl IntoIterator<Item = &'a str>) -> Result<Guard, ConfigError> {
    let mut layer = CsrfLayer::new();
    for origin in trusted {
        layer = layer.add_trusted_origin(origin)?;
    }
    Ok(layer.with_rejection_response(Refusal))
}
