//! Which scripts may read the answers of /token, /par, /userinfo, /revoke and /register: those of the origins that the request's client registered. A preflight does not
//! say which client it is for, so every origin is told yes there: it permits sending a request, which any program can send, and reading nothing.
//! Cookies never travel along.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::MethodRouter;
use realm::Client;

use crate::Server;
use crate::answer;
use crate::call::Call;

/// Lets the script that sent the request read the answer, when its origin is registered for the client.
pub(crate) fn allow(call: &Call, client: Option<&Client>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = call.headers.get(header::ORIGIN) else {
        return response;
    };
    let registered = client.is_some_and(|client| {
        client
            .allowed_origins
            .iter()
            .any(|own| own.as_bytes() == origin.as_bytes())
    });
    if registered {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(
                "WWW-Authenticate, DPoP-Nonce, OAuth-Client-Attestation-Challenge, Retry-After",
            ),
        );
    }
    response
}

/// A path that answers preflights beside `methods`; `allow` names them all, for who asks without being a script (RFC 9110 §9.3.7). Not a layer: other
/// requests pay nothing.
pub(crate) fn for_scripts(
    methods: MethodRouter<Arc<Server>>,
    allow: &'static str,
) -> MethodRouter<Arc<Server>> {
    methods.options(async move |request: HeaderMap| {
        preflight(&request).unwrap_or_else(|| {
            let mut response = answer::empty(StatusCode::NO_CONTENT);
            answer::set(&mut response, header::ALLOW, allow);
            response
        })
    })
}

fn preflight(request: &HeaderMap) -> Option<Response> {
    let origin = request.get(header::ORIGIN)?.clone();
    request.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut response = answer::empty(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let fields = [
        (
            header::ACCESS_CONTROL_ALLOW_METHODS,
            "GET, POST, PUT, DELETE",
        ),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, DPoP, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
        (header::VARY, "Origin"),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}
