//! The layer against an issuer on loopback: what passes, what is refused and how, and how often the issuer is asked.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ambient::Clock;
use axum::body::Body;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use fetch::FetchOptions;
use grantor_resource::{AccessToken, Builder, StepUp, Verifier};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use jose::{Algorithm, JwkSet, SigningKey, jwt};
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW: i64 = 1_800_000_000;
const API: &str = "urn:test:notes";

#[derive(Clone)]
struct Issuer {
    name: Arc<Mutex<String>>,
    keys: Arc<Mutex<Vec<Arc<SigningKey>>>>,
    jwks_requests: Arc<AtomicUsize>,
    introspections: Arc<AtomicUsize>,
    introspection: Arc<Mutex<Value>>,
}

impl Issuer {
    async fn start() -> Self {
        let issuer = Self {
            name: Arc::default(),
            keys: Arc::new(Mutex::new(vec![key()])),
            jwks_requests: Arc::default(),
            introspections: Arc::default(),
            introspection: Arc::new(Mutex::new(json!({"active": false}))),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *issuer.name.lock().unwrap() = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/jwks", get(jwks))
            .route("/introspect", post(introspect))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    fn name(&self) -> String {
        self.name.lock().unwrap().clone()
    }

    fn builder(&self, clock: &Clock) -> Builder {
        Verifier::builder(&self.name(), API)
            .clock(clock.clone())
            .fetch(FetchOptions::loopback())
    }

    fn claims(&self) -> Value {
        json!({
            "iss": self.name(), "aud": API, "sub": "alice", "client_id": "app", "jti": "1",
            "iat": NOW, "exp": NOW + 300, "scope": "notes.read openid",
        })
    }

    fn token(&self, change: Value) -> String {
        let mut claims = self.claims();
        let all = claims.as_object_mut().unwrap();
        for (name, value) in change.as_object().unwrap() {
            all.insert(name.clone(), value.clone());
        }
        let key = self.keys.lock().unwrap().last().unwrap().clone();
        jwt::sign(&key, "at+jwt", &claims).unwrap()
    }

    fn asked(&self) -> usize {
        self.jwks_requests.load(Ordering::SeqCst)
    }
}

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Es256).unwrap())
}

async fn metadata(State(issuer): State<Issuer>) -> Json<Value> {
    let name = issuer.name();
    let base = name.trim_end_matches("/other").to_owned();
    Json(json!({
        "issuer": name, "jwks_uri": format!("{base}/jwks"), "introspection_endpoint": format!("{base}/introspect"),
        "response_types_supported": ["code"],
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Json<JwkSet> {
    issuer.jwks_requests.fetch_add(1, Ordering::SeqCst);
    let keys = issuer.keys.lock().unwrap();
    let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    Json(JwkSet { keys })
}

async fn introspect(State(issuer): State<Issuer>) -> Json<Value> {
    issuer.introspections.fetch_add(1, Ordering::SeqCst);
    Json(issuer.introspection.lock().unwrap().clone())
}

async fn who(token: AccessToken) -> String {
    token.sub.clone()
}

async fn call(verifier: &Verifier, authorization: &[&str]) -> Response<Body> {
    let app: Router = Router::new()
        .route("/", get(who))
        .layer(verifier.require("notes.read"));
    let mut request = Request::builder().uri("/");
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    app.oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn bearer(verifier: &Verifier, token: &str) -> (StatusCode, String) {
    let response = call(verifier, &[&format!("Bearer {token}")]).await;
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map_or("", |value| value.to_str().unwrap());
    (response.status(), challenge.to_owned())
}

#[tokio::test]
async fn a_valid_token_reaches_the_handler_with_its_claims() {
    let issuer = Issuer::start().await;
    let verifier = issuer.builder(&Clock::manual(NOW)).build().unwrap();
    let token = issuer.token(json!({}));
    let response = call(&verifier, &[&format!("bearer {token}")]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(&body[..], b"alice");
}

/// RFC 6750 §3.1: without credentials there is no error code.
#[tokio::test]
async fn a_request_without_a_token_gets_a_bare_challenge() {
    let issuer = Issuer::start().await;
    let verifier = issuer
        .builder(&Clock::manual(NOW))
        .resource_metadata("https://api.example/.well-known/oauth-protected-resource")
        .build()
        .unwrap();
    for authorization in [&[][..], &["Basic YTpi"]] {
        let response = call(&verifier, authorization).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            response.headers()[WWW_AUTHENTICATE],
            "Bearer scope=\"notes.read\", resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
        );
    }
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn a_header_that_is_ambiguous_or_unreadable_is_a_bad_request() {
    let issuer = Issuer::start().await;
    let verifier = issuer.builder(&Clock::manual(NOW)).build().unwrap();
    let token = format!("Bearer {}", issuer.token(json!({})));
    for authorization in [
        &[token.as_str(), token.as_str()][..],
        &["Bearer "],
        &["Bearer a b"],
    ] {
        let response = call(&verifier, authorization).await;
        assert_eq!(
            response.status(),
            StatusCode::BAD_REQUEST,
            "{authorization:?}"
        );
    }
}

/// RFC 9068 §4: type, issuer, audience, times; RFC 9449 §7.1: a bound token is no bearer token.
#[tokio::test]
async fn what_is_not_a_live_token_of_this_issuer_for_this_api_is_refused() {
    let issuer = Issuer::start().await;
    let verifier = issuer.builder(&Clock::manual(NOW)).build().unwrap();
    let good = issuer.token(json!({}));
    let id_token = jwt::sign(&issuer.keys.lock().unwrap()[0], "JWT", &issuer.claims()).unwrap();
    let (header, rest) = good.split_once('.').unwrap();
    let mut unsigned = good.clone();
    unsigned.truncate(good.rfind('.').unwrap() + 1);
    let last = if rest.ends_with('A') { "B" } else { "A" };
    for (what, token) in [
        ("expired", issuer.token(json!({"exp": NOW - 60}))),
        ("from the future", issuer.token(json!({"nbf": NOW + 60}))),
        ("for another API", issuer.token(json!({"aud": "urn:other"}))),
        (
            "of another issuer",
            issuer.token(json!({"iss": "https://evil.example"})),
        ),
        ("an ID token", id_token),
        ("bound", issuer.token(json!({"cnf": {"jkt": "x"}}))),
        ("without a signature", unsigned),
        (
            "altered",
            format!("{header}.{}{last}", &rest[..rest.len() - 1]),
        ),
        ("opaque", "gat_opaque".to_owned()),
    ] {
        let (status, challenge) = bearer(&verifier, &token).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
        assert!(
            challenge.contains("error=\"invalid_token\""),
            "{what}: {challenge}"
        );
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_which_one_is_needed() {
    let issuer = Issuer::start().await;
    let verifier = issuer.builder(&Clock::manual(NOW)).build().unwrap();
    let (status, challenge) = bearer(&verifier, &issuer.token(json!({"scope": "openid"}))).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        challenge,
        "Bearer error=\"insufficient_scope\", error_description=\"the access token does not permit this\", scope=\"notes.read\""
    );
}

#[tokio::test]
async fn a_sign_in_that_is_too_weak_or_too_old_is_told_what_would_do() {
    let issuer = Issuer::start().await;
    let verifier = issuer
        .builder(&Clock::manual(NOW))
        .leeway(0)
        .build()
        .unwrap();
    let strong = StepUp::new().acr_values(&["2", "3"]).max_age(60);
    let ask = async |claims: Value| {
        let app: Router = Router::new()
            .route("/", get(who))
            .layer(verifier.require("notes.read").step_up(strong.clone()));
        let token = format!("Bearer {}", issuer.token(claims));
        let request = Request::builder().uri("/").header(AUTHORIZATION, token);
        let response = app.oneshot(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap();
        let challenge = response.headers().get(WWW_AUTHENTICATE).cloned();
        (response.status(), challenge)
    };
    for good in ["2", "3"] {
        let claims = json!({"acr": good, "auth_time": NOW - 60});
        assert_eq!(ask(claims).await.0, StatusCode::OK);
    }
    for bad in [
        json!({"acr": "1", "auth_time": NOW}),
        json!({"acr": "2", "auth_time": NOW - 61}),
        json!({"acr": "2"}),
        json!({"auth_time": NOW}),
        json!({}),
    ] {
        let (status, challenge) = ask(bad.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{bad}");
        assert_eq!(
            challenge.unwrap(),
            "Bearer error=\"insufficient_user_authentication\", error_description=\"another sign-in is needed\", \
             scope=\"notes.read\", acr_values=\"2 3\", max_age=\"60\""
        );
    }
    let lacks = json!({"scope": "openid", "acr": "1"});
    assert_eq!(ask(lacks).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_new_key_is_fetched_and_forged_ones_do_not_flood_the_issuer() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(NOW);
    let verifier = issuer.builder(&clock).build().unwrap();
    assert_eq!(bearer(&verifier, &issuer.token(json!({}))).await.0, 200);
    assert_eq!(issuer.asked(), 1);

    issuer.keys.lock().unwrap().push(key());
    let rotated = issuer.token(json!({}));
    assert_eq!(bearer(&verifier, &rotated).await.0, 200);
    assert_eq!(issuer.asked(), 2);

    let forged: Vec<_> = (0..40)
        .map(|_| jwt::sign(&key(), "at+jwt", &issuer.claims()).unwrap())
        .collect();
    let calls = forged.iter().map(|token| bearer(&verifier, token));
    let mut set = Vec::new();
    for call in calls {
        set.push(call.await.0);
    }
    assert!(set.iter().all(|status| *status == 401));
    assert_eq!(issuer.asked(), 2, "within the interval nothing is asked");

    clock.advance(31);
    for token in &forged {
        assert_eq!(bearer(&verifier, token).await.0, 401);
    }
    assert_eq!(issuer.asked(), 3, "once in each interval");
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_or_names_another_is_unavailable() {
    let issuer = Issuer::start().await;
    let token = issuer.token(json!({}));
    let verifier = issuer.builder(&Clock::manual(NOW)).build().unwrap();
    issuer.name.lock().unwrap().push_str("/other");
    assert_eq!(bearer(&verifier, &token).await.0, 503);
    let nobody = Verifier::builder("http://127.0.0.1:1", API)
        .clock(Clock::manual(NOW))
        .fetch(FetchOptions::loopback())
        .build()
        .unwrap();
    assert_eq!(bearer(&nobody, &token).await.0, 503);
}

#[tokio::test]
async fn an_opaque_token_is_introspected_and_the_answer_kept_for_its_time() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(NOW);
    let verifier = issuer
        .builder(&clock)
        .introspect_as("api", "secret", 30)
        .build()
        .unwrap();
    *issuer.introspection.lock().unwrap() = json!({
        "active": true, "sub": "alice", "aud": [API], "scope": "notes.read", "exp": NOW + 300, "client_id": "app",
    });
    let asked = || issuer.introspections.load(Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(bearer(&verifier, "gat_1").await.0, 200);
    }
    assert_eq!(asked(), 1);
    *issuer.introspection.lock().unwrap() = json!({"active": false});
    clock.advance(30);
    assert_eq!(bearer(&verifier, "gat_1").await.0, 401);
    assert_eq!(bearer(&verifier, "gat_1").await.0, 401);
    assert_eq!(asked(), 2);
}

#[test]
fn an_issuer_must_be_https_or_loopback() {
    for issuer in [
        "http://id.example",
        "ftp://localhost",
        "https://id.example?x",
        "id.example",
    ] {
        assert!(Verifier::builder(issuer, API).build().is_err(), "{issuer}");
    }
    assert!(
        Verifier::builder("https://id.example/realms/a", API)
            .build()
            .is_ok()
    );
}
