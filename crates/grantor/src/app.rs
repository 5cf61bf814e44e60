//! The wiring: which tenant a request is for, and which crate answers it.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, StatusCode, header};
use identity::Identity;
use realm::{Node, Realm};
use server::Server;
use tower::ServiceExt;
use web::address::{PeerAddress, TrustedProxies};

use crate::host;

/// What the wiring needs beyond the node.
#[derive(Clone, Debug, Default)]
pub struct AppOptions {
    /// How passwords are hashed and how often a sign-in may be tried.
    pub identity: identity::Options,
    /// How often secrets may be guessed, and which origins are ours.
    pub server: server::Options,
    /// The proxies whose forwarding headers are believed.
    pub proxies: TrustedProxies,
    /// For how many seconds browsers shall come back by https only, where the issuer is https (RFC 6797 §6.1.1); 0: they are not told.
    pub hsts_max_age: u64,
    /// More routes at the root of the host: the demo's application and API.
    pub beside: Option<Router>,
}

/// The whole application. Beside `/healthz`, `/readyz` and the assets, every request belongs to a tenant, which handlers find as the extension
/// `Arc<Realm>`: a realm that has the requested host for itself at its root; otherwise the first realm at the path of its issuer, and the others below
/// it at `/realms/NAME`. Their metadata is at all three addresses of RFC 8414 §3.1, §5 and OpenID Connect Discovery §4.
pub fn app(node: Arc<Node>, options: AppOptions) -> Router {
    node.sweep(&identity::sweeps());
    node.sweep(&server::sweeps());
    for (kind, handler) in server::handlers() {
        node.handle(kind, handler);
    }
    let identity = Identity::new(options.identity, node.ambient());
    let server = Server::new(Arc::clone(&identity), options.server, node.ambient());
    for (kind, handler) in server.handlers() {
        node.handle(kind, handler);
    }
    let tenant = Router::new()
        .merge(server::router(server))
        .merge(identity::router(identity))
        .route("/", get(nothing_here));
    let ambient = node.ambient().clone();
    let ready = Arc::clone(&node);
    let proxies = options.proxies.clone();
    let hsts = hsts(options.hsts_max_age);
    let wiring = Arc::new(Wiring {
        node,
        tenant,
        proxies: options.proxies,
        hsts,
    });
    let root = Router::new()
        .merge(web::assets::router())
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(move || readiness(ready)))
        .merge(options.beside.unwrap_or_default())
        .fallback(move |request| Arc::clone(&wiring).answer(request));
    web::edge(root, ambient, proxies)
}

/// The root of a tenant that has no pages of its own yet leads to where a person can sign in.
async fn nothing_here(axum::Extension(realm): axum::Extension<Arc<Realm>>) -> Response {
    web::page::see_other(&format!("{}/login", realm.path()))
}

/// Whether this node can serve: its database answers.
async fn readiness(node: Arc<Node>) -> Response {
    match realm::realms::find(&node, realm::FIRST_REALM).await {
        Ok(_) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer",
            )
                .into_response()
        }
    }
}

struct Wiring {
    node: Arc<Node>,
    tenant: Router,
    proxies: TrustedProxies,
    hsts: Option<HeaderValue>,
}

impl Wiring {
    async fn answer(self: Arc<Self>, mut request: Request) -> Response {
        if self.proxies.host
            && is_through(&self.proxies, &request)
            && host::take_forwarded(&mut request).is_err()
        {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let own = match host::asked(&request) {
            Ok(host) => host.and_then(|host| self.node.realm_at(&host)),
            Err(host::Unclear) => return StatusCode::BAD_REQUEST.into_response(),
        };
        let first = self.node.first();
        let base = if own.is_some() { "" } else { first.path() };
        let Some((below, rest)) = place(request.uri().path(), base) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let realm = match (&own, below) {
            // Who has a host for itself has nobody else on it: tenants there would share cookies with it.
            (Some(_), Some(_)) => return StatusCode::NOT_FOUND.into_response(),
            (None, None) => first,
            (Some(name), None) => match self.find(name).await {
                Ok(realm) => realm,
                Err(response) => return response,
            },
            (None, Some(name)) => match self.find(name).await {
                Ok(realm) if is_below(&realm, &first) => realm,
                Ok(_) => return StatusCode::NOT_FOUND.into_response(),
                Err(response) => return response,
            },
        };
        if rest != request.uri().path() {
            match with_path(request.uri(), &rest) {
                Some(uri) => *request.uri_mut() = uri,
                None => return StatusCode::NOT_FOUND.into_response(),
            }
        }
        let hsts = self.hsts.clone().filter(|_| is_https_only(&realm));
        request.extensions_mut().insert(realm);
        let mut response = match self.tenant.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if let Some(hsts) = hsts {
            let headers = response.headers_mut();
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts);
        }
        response
    }

    async fn find(&self, name: &str) -> Result<Arc<Realm>, Response> {
        match self.node.realm(name).await {
            Ok(Some(realm)) => Ok(realm),
            Ok(None) => Err(StatusCode::NOT_FOUND.into_response()),
            Err(error) => {
                tracing::error!(%error, "a realm cannot be loaded");
                let later = [(header::RETRY_AFTER, "5")];
                Err((StatusCode::SERVICE_UNAVAILABLE, later).into_response())
            }
        }
    }
}

fn is_through(proxies: &TrustedProxies, request: &Request) -> bool {
    let peer = request.extensions().get::<PeerAddress>();
    peer.is_some_and(|peer| proxies.trusts(peer.0.ip()))
}

/// Whether the realm is where its issuer says: at any other address its documents would name another one than they were asked of (RFC 8414 §3.3).
fn is_below(realm: &Realm, first: &Realm) -> bool {
    let rest = realm.issuer().strip_prefix(first.issuer());
    rest.and_then(|rest| rest.strip_prefix("/realms/")) == Some(realm.name())
}

fn hsts(max_age: u64) -> Option<HeaderValue> {
    let value = (max_age > 0).then(|| format!("max-age={max_age}"))?;
    HeaderValue::try_from(value).ok()
}

/// Never for loopback: `localhost` is everybody's, whatever the port.
fn is_https_only(realm: &Realm) -> bool {
    let Some(rest) = realm.issuer().strip_prefix("https://") else {
        return false;
    };
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    let host = &rest[..end];
    !(host == "localhost" || host.ends_with(".localhost") || host.starts_with("127."))
}

const WELL_KNOWN: &str = "/.well-known/";
/// What stands before the path of an API whose metadata is asked for (RFC 9728 §3.1).
const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource/";

/// Where people's addresses are asked about: at the root of the host, whatever the path of the issuer (RFC 7033 §4).
const WEBFINGER: &str = "/.well-known/webfinger";

/// The realm that a path names (`None`: the first) and the path within it, given the path of the first realm's issuer. `None` when the path is outside
/// of it.
fn place<'a>(path: &'a str, base: &str) -> Option<(Option<&'a str>, String)> {
    // The path of an API, not of an issuer: it stays as it is, and only says whose APIs are meant.
    if let Some(of_api) = path.strip_prefix(PROTECTED_RESOURCE) {
        let below = place_within(path.get(path.len() - of_api.len() - 1..)?, base);
        return Some((below.and_then(|(name, _)| name), path.to_owned()));
    }
    // The form that puts the well-known name before the issuer's path, once: a path of a thousand such names must not be followed inwards.
    if path == WEBFINGER {
        return Some((None, path.to_owned()));
    }
    if let Some((document, issuer_path)) = path.strip_prefix(WELL_KNOWN).and_then(split_document) {
        let (name, rest) = place_within(issuer_path, base)?;
        return (rest == "/").then(|| (name, format!("{WELL_KNOWN}{document}")));
    }
    place_within(path, base)
}

/// As [`place`], for a path that begins with the issuer's.
fn place_within<'a>(path: &'a str, base: &str) -> Option<(Option<&'a str>, String)> {
    let within = match path.strip_prefix(base) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        // An issuer with a path may still be asked for its metadata at the root.
        _ => return None,
    };
    match within.strip_prefix("/realms/") {
        Some(rest) => {
            let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            // Its issuer has no such path, so a document from there would name another issuer than it was asked for (RFC 8414 §3.3).
            if name == realm::FIRST_REALM {
                return None;
            }
            let rest = if rest.is_empty() { "/" } else { rest };
            Some((Some(name), rest.to_owned()))
        }
        None => Some((None, within.to_owned())),
    }
}

/// `openid-configuration/realms/x` is the document and the issuer's path `/realms/x`; a name alone has no issuer's path.
fn split_document(rest: &str) -> Option<(&str, &str)> {
    rest.find('/').map(|at| rest.split_at(at))
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::place;

    fn at(path: &str, base: &str) -> Option<(Option<String>, String)> {
        place(path, base).map(|(name, rest)| (name.map(str::to_owned), rest))
    }

    fn some(name: Option<&str>, rest: &str) -> Option<(Option<String>, String)> {
        Some((name.map(str::to_owned), rest.to_owned()))
    }

    #[test]
    fn the_first_realm_is_at_the_root_and_others_below() {
        assert_eq!(at("/token", ""), some(None, "/token"));
        assert_eq!(at("/realms/acme/token", ""), some(Some("acme"), "/token"));
        assert_eq!(at("/realms/acme", ""), some(Some("acme"), "/"));
        assert_eq!(at("/auth/token", "/auth"), some(None, "/token"));
        assert_eq!(
            at("/auth/realms/a/token", "/auth"),
            some(Some("a"), "/token")
        );
        assert_eq!(at("/token", "/auth"), None);
        assert_eq!(at("/authority", "/auth"), None);
    }

    /// RFC 8414 §3.1, §5 and OpenID Connect Discovery §4.
    #[test]
    fn metadata_is_found_at_all_three_addresses() {
        for document in ["oauth-authorization-server", "openid-configuration"] {
            let within = format!("/.well-known/{document}");
            assert_eq!(at(&within, ""), some(None, &within));
            assert_eq!(
                at(&format!("{within}/realms/acme"), ""),
                some(Some("acme"), &within)
            );
            assert_eq!(
                at(&format!("/realms/acme{within}"), ""),
                some(Some("acme"), &within)
            );
            assert_eq!(at(&format!("{within}/auth"), "/auth"), some(None, &within));
            assert_eq!(at(&format!("/auth{within}"), "/auth"), some(None, &within));
            assert_eq!(
                at(&format!("{within}/auth/realms/a"), "/auth"),
                some(Some("a"), &within)
            );
            assert_eq!(at(&format!("{within}/elsewhere"), "/auth"), None);
        }
    }

    /// RFC 7033 §4: at the root of the host, and for a realm where its domain sends who asks.
    #[test]
    fn people_are_asked_about_at_the_root() {
        let within = "/.well-known/webfinger";
        for base in ["", "/auth"] {
            assert_eq!(at(within, base), some(None, within));
            let below = format!("{base}/realms/acme{within}");
            assert_eq!(at(&below, base), some(Some("acme"), within));
        }
    }

    /// RFC 9728 §3.1: the path is the API's, and is kept.
    #[test]
    fn the_metadata_of_an_api_are_found_by_its_path() {
        let within = "/.well-known/oauth-protected-resource";
        assert_eq!(at(within, ""), some(None, within));
        for (path, name) in [
            ("/notes", None),
            ("/realms/acme/notes", Some("acme")),
            ("/realms/acme", Some("acme")),
            ("/a/realms/acme", None),
        ] {
            let asked = format!("{within}{path}");
            assert_eq!(at(&asked, ""), some(name, &asked), "{path}");
        }
        let asked = format!("{within}/auth/realms/acme/notes");
        assert_eq!(at(&asked, "/auth"), some(Some("acme"), &asked));
        let by_id = format!("/realms/acme{within}");
        assert_eq!(at(&by_id, ""), some(Some("acme"), within));
    }
}
