//! The layers and routers, driven in process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use ambient::Ambient;
use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use web::address::{ClientAddress, PeerAddress, TrustedProxies};

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

async fn ask(app: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

fn edge(router: Router) -> Router {
    web::edge(router, Ambient::manual(1_000, 1), TrustedProxies::default())
}

#[tokio::test]
async fn the_stylesheet_is_kept_forever_and_not_sent_twice() {
    let app = web::assets::router();
    let path = web::assets::stylesheet_path();
    let first = ask(&app, Method::GET, path, &[]).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(
        first.header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
    assert_eq!(
        first.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    let tag = first.header("etag").unwrap();
    let again = ask(&app, Method::GET, path, &[("if-none-match", tag)]).await;
    assert_eq!(
        (again.status, again.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
    let other = ask(&app, Method::GET, "/assets/grantor-old.css", &[]).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    assert!(
        ask(&app, Method::GET, "/favicon.ico", &[])
            .await
            .text
            .starts_with("<svg")
    );
    let script = ask(&app, Method::GET, web::assets::submit_script_path(), &[]).await;
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
}

#[tokio::test]
async fn a_post_from_another_origin_gets_a_page_and_does_nothing() {
    let app: Router = Router::new()
        .route("/login", post(|| async { "done" }))
        .layer(web::origin::guard(["https://id.example"]).unwrap());
    let send = async |headers: &[(&str, &str)]| ask(&app, Method::POST, "/login", headers).await;
    for foreign in [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "id.example")],
        &[("origin", "null"), ("host", "id.example")],
    ] {
        let answer = send(foreign).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
        assert!(answer.text.contains("did not come from our page"));
    }
    for own in [
        &[("sec-fetch-site", "same-origin")][..],
        &[
            ("origin", "http://localhost:8080"),
            ("host", "localhost:8080"),
        ],
        &[("origin", "https://id.example"), ("host", "10.0.0.7")],
        &[],
    ] {
        assert_eq!(send(own).await.text, "done", "{own:?}");
    }
}

#[tokio::test]
async fn a_public_document_is_open_to_every_origin() {
    let app: Router = web::cors::public(Router::new().route("/jwks", get(|| async { "{}" })));
    let answer = ask(
        &app,
        Method::GET,
        "/jwks",
        &[("origin", "https://a.example")],
    )
    .await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let preflight = [
        ("origin", "https://a.example"),
        ("access-control-request-method", "GET"),
    ];
    let answer = ask(&app, Method::OPTIONS, "/jwks", &preflight).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, HEAD")
    );
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn a_guarded_route_is_open_to_registered_origins_alone() {
    let router = Router::new().route("/token", post(|| async { "{}" }));
    let app: Router = web::cors::registered(router, |origin, _| async move {
        origin == "https://app.example"
    });
    let ours = ("origin", "https://app.example");
    let answer = ask(&app, Method::POST, "/token", &[ours]).await;
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(answer.header("vary"), Some("Origin"));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("WWW-Authenticate") && exposed.contains("DPoP-Nonce"));
    let method = ("access-control-request-method", "POST");
    let answer = ask(&app, Method::OPTIONS, "/token", &[ours, method]).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("DPoP")
    );
    for origin in ["https://app.example.evil", "null", "http://app.example"] {
        let answer = ask(
            &app,
            Method::OPTIONS,
            "/token",
            &[("origin", origin), method],
        )
        .await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
        assert_eq!(
            answer.header("access-control-allow-methods"),
            None,
            "{origin}"
        );
        let answer = ask(&app, Method::POST, "/token", &[("origin", origin)]).await;
        assert_eq!(
            answer.header("access-control-allow-origin"),
            None,
            "{origin}"
        );
    }
    let plain = ask(&app, Method::POST, "/token", &[]).await;
    assert_eq!(
        (plain.text.as_str(), plain.header("vary")),
        ("{}", Some("Origin"))
    );
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let router = Router::new()
        .route("/token", post(|| async { "{}" }))
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "own") })
        .merge(Router::new().route("/login", get(|| async { "" }).post(|| async { "" })));
    let app = edge(router);
    let own = ask(&app, Method::GET, "/token", &[]).await;
    assert_eq!(
        (own.status, own.text.as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "own")
    );
    assert_eq!(own.header("allow"), Some("POST"));
    let filled = ask(&app, Method::PUT, "/login", &[("accept", "text/html")]).await;
    assert_eq!(filled.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(filled.header("allow"), Some("GET,HEAD,POST"));
    assert!(filled.text.contains("<h1>"), "{}", filled.text);
}

#[tokio::test]
async fn an_unknown_path_is_a_page_to_a_browser_and_json_to_others() {
    let app = edge(Router::new());
    let page = ask(
        &app,
        Method::GET,
        "/x",
        &[("accept", "text/html,*/*;q=0.8")],
    )
    .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let json = ask(&app, Method::GET, "/x", &[]).await;
    assert_eq!(json.text, r#"{"title":"Not Found","status":404}"#);
    assert_eq!(
        json.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(json.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    #[allow(unreachable_code)]
    async fn broken() -> &'static str {
        panic!("secret");
        ""
    }
    let app = edge(Router::new().route("/", get(broken)));
    let answer = ask(&app, Method::GET, "/", &[]).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text.contains("secret"), "{}", answer.text);
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn the_handler_learns_the_clients_address_and_the_response_has_a_name() {
    let router = Router::new().route(
        "/",
        get(|address: ClientAddress| async move { address.to_string() }),
    );
    let proxies = TrustedProxies {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..TrustedProxies::default()
    };
    let app = web::edge(router, Ambient::manual(1_000, 1), proxies);
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    request
        .headers_mut()
        .insert("x-forwarded-for", "198.51.100.7".parse().unwrap());
    request
        .extensions_mut()
        .insert(PeerAddress("10.0.0.1:1".parse().unwrap()));
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["x-request-id"].len(), 36);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(bytes, "198.51.100.7");
    assert_eq!(ask(&app, Method::GET, "/", &[]).await.text, "0.0.0.0");
}
