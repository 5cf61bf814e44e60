//! Tokens that are bound to a key, at the layer (RFC 9449 §7): who gets through, and what everybody else is told.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ambient::Clock;
use axum::body::Body;
use axum::routing::get;
use axum::{Json, Router};
use fetch::FetchOptions;
use grantor_resource::{AccessToken, BuildError, Builder, Verifier};
use http::{Request, Response};
use jose::{Algorithm, JwkSet, SigningKey, jwt};
use oauth::dpop::{FUTURE, HORIZON, PAST, make};
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW: i64 = 1_800_000_000;
const API: &str = "https://api.example";
const BASE: &str = "https://api.example/base";

struct Issuer {
    name: String,
    key: SigningKey,
    clock: Clock,
}

impl Issuer {
    async fn start() -> Self {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({"issuer": name, "jwks_uri": format!("{name}/jwks"), "response_types_supported": ["code"]});
        let jwks = JwkSet {
            keys: vec![key.public_jwk().unwrap()],
        };
        let app = Router::new()
            .route("/jwks", get(async move || Json(jwks)))
            .fallback(async move || Json(metadata));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            name,
            key,
            clock: Clock::manual(NOW),
        }
    }

    fn builder(&self) -> Builder {
        Verifier::builder(&self.name, API)
            .clock(self.clock.clone())
            .fetch(FetchOptions::loopback())
    }

    fn proving(&self) -> Verifier {
        self.builder().dpop(BASE).build().unwrap()
    }

    fn token(&self, cnf: Option<Value>) -> String {
        let now = self.clock.now();
        let mut claims = json!({
            "iss": self.name, "aud": API, "sub": "alice", "client_id": "app", "jti": "1", "iat": now,
            "exp": now + 3000, "scope": "notes.read",
        });
        if let Some(cnf) = cnf {
            claims["cnf"] = cnf;
        }
        jwt::sign(&self.key, "at+jwt", &claims).unwrap()
    }
}

struct Holder {
    key: SigningKey,
    made: AtomicUsize,
}

impl Holder {
    fn new() -> Self {
        Self {
            key: SigningKey::generate(Algorithm::EdDsa).unwrap(),
            made: AtomicUsize::new(0),
        }
    }

    fn cnf(&self) -> Option<Value> {
        Some(json!({"jkt": self.key.public_jwk().unwrap().thumbprint()}))
    }

    fn proof_at(&self, url: &str, token: &str, nonce: Option<&str>, now: i64) -> String {
        let jti = self.made.fetch_add(1, Ordering::SeqCst).to_string();
        make(&self.key, ("GET", url), Some(token), nonce, (&jti, now)).unwrap()
    }

    fn proof(&self, token: &str) -> String {
        self.proof_at("https://api.example/base/v1/notes", token, None, NOW)
    }
}

async fn call(verifier: &Verifier, headers: &[(&str, &str)]) -> Response<Body> {
    let who = async |token: AccessToken| token.sub.clone();
    let app: Router = Router::new().nest(
        "/v1",
        Router::new()
            .route("/notes", get(who))
            .layer(verifier.require("notes.read")),
    );
    let mut request = Request::builder()
        .uri("/v1/notes?page=2")
        .header("host", "evil.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

async fn present(
    verifier: &Verifier,
    token: &str,
    proofs: &[&str],
) -> (u16, String, Option<String>) {
    let authorization = format!("DPoP {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
    let response = call(verifier, &headers).await;
    (
        response.status().as_u16(),
        challenges(&response).join(" / "),
        nonce(&response),
    )
}

fn challenges(response: &Response<Body>) -> Vec<String> {
    let values = response.headers().get_all("www-authenticate").iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

fn nonce(response: &Response<Body>) -> Option<String> {
    let value = response.headers().get("dpop-nonce")?;
    Some(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_bound_token_passes_with_a_proof_of_its_key_once() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let verifier = issuer.proving();
    let token = issuer.token(holder.cnf());
    let proof = holder.proof(&token);
    assert_eq!(
        present(&verifier, &token, &[&proof]).await,
        (200, String::new(), None)
    );
    let (status, challenge, _) = present(&verifier, &token, &[&proof]).await;
    assert_eq!(status, 401);
    assert!(
        challenge.contains("error=\"invalid_dpop_proof\""),
        "{challenge}"
    );
    assert!(challenge.contains("algs=\"ES256 EdDSA "), "{challenge}");
    assert_eq!(
        present(&verifier, &token, &[&holder.proof(&token)]).await.0,
        200
    );
}

/// RFC 9449 §4.3, §7.1, §7.2.
#[tokio::test]
async fn whoever_is_not_the_holder_is_refused() {
    let (issuer, holder, thief) = (Issuer::start().await, Holder::new(), Holder::new());
    let verifier = issuer.proving();
    let token = issuer.token(holder.cnf());
    let at = |url: &str| holder.proof_at(url, &token, None, NOW);
    let (one, other) = (holder.proof(&token), holder.proof(&token));
    let cases: Vec<(&str, Vec<String>, &str)> = vec![
        ("no proof", vec![], "invalid_dpop_proof"),
        ("two proofs", vec![one, other], "invalid_dpop_proof"),
        ("a thief's", vec![thief.proof(&token)], "invalid_token"),
        (
            "another token's",
            vec![holder.proof("another")],
            "invalid_dpop_proof",
        ),
        (
            "the host's",
            vec![at("https://evil.example/v1/notes")],
            "invalid_dpop_proof",
        ),
        (
            "without the proxy's path",
            vec![at("https://api.example/v1/notes")],
            "invalid_dpop_proof",
        ),
        (
            "the nested path",
            vec![at("https://api.example/base/notes")],
            "invalid_dpop_proof",
        ),
        (
            "old",
            vec![holder.proof_at(
                "https://api.example/base/v1/notes",
                &token,
                None,
                NOW - PAST - 1,
            )],
            "invalid_dpop_proof",
        ),
        (
            "early",
            vec![holder.proof_at(
                "https://api.example/base/v1/notes",
                &token,
                None,
                NOW + FUTURE + 1,
            )],
            "invalid_dpop_proof",
        ),
    ];
    for (what, proofs, error) in &cases {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let (status, challenge, _) = present(&verifier, &token, &proofs).await;
        assert_eq!(status, 401, "{what}");
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains(&format!("error=\"{error}\"")),
            "{what}: {challenge}"
        );
    }
    let bearer = format!("Bearer {token}");
    let proof = holder.proof(&token);
    let response = call(&verifier, &[("authorization", &bearer), ("dpop", &proof)]).await;
    assert_eq!(response.status(), 401);
    assert!(
        challenges(&response)[0].starts_with("DPoP "),
        "{response:?}"
    );
    let dpop = format!("DPoP {token}");
    let response = call(
        &verifier,
        &[
            ("authorization", &dpop),
            ("authorization", &bearer),
            ("dpop", &proof),
        ],
    )
    .await;
    assert_eq!(response.status(), 400);
    assert_eq!(present(&verifier, &token, &[&proof]).await.0, 200);
}

/// RFC 7800: what is not understood is not confirmed; RFC 9449 §7.1: what is not bound is no DPoP token.
#[tokio::test]
async fn only_a_known_confirmation_is_confirmed() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let verifier = issuer.proving();
    let jkt = holder.cnf().unwrap()["jkt"].clone();
    for cnf in [
        None,
        Some(json!({})),
        Some(json!({"kid": "k"})),
        Some(json!({"x5t#S256": jkt})),
        Some(json!({"jkt": jkt, "x5t#S256": jkt})),
        Some(json!({"jkt": jkt, "osc": {}})),
        Some(json!({"jkt": [jkt]})),
        Some(json!("jkt")),
    ] {
        let token = issuer.token(cnf.clone());
        let (status, ..) = present(&verifier, &token, &[&holder.proof(&token)]).await;
        assert_eq!(status, 401, "{cnf:?}");
        let bearer = format!("Bearer {token}");
        let status = call(&verifier, &[("authorization", &bearer)])
            .await
            .status();
        assert_eq!(status == 200, cnf.is_none(), "{cnf:?}");
    }
}

/// An API that was not told its address takes no proofs, rather than believe `Host`.
#[tokio::test]
async fn without_an_address_bound_tokens_are_refused() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let verifier = issuer.builder().build().unwrap();
    let token = issuer.token(holder.cnf());
    let url = "http://evil.example/v1/notes";
    let proof = holder.proof_at(url, &token, None, NOW);
    assert_eq!(present(&verifier, &token, &[&proof]).await.0, 401);
    assert_eq!(challenges(&call(&verifier, &[]).await).len(), 1);
    assert_eq!(challenges(&call(&issuer.proving(), &[]).await).len(), 2);
    for wrong in [
        "",
        "api.example",
        "ftp://api.example",
        "https://api.example/?a",
        "https://u@api.example",
    ] {
        assert!(
            matches!(
                issuer.builder().dpop(wrong).build(),
                Err(BuildError::Address)
            ),
            "{wrong}"
        );
    }
}

/// RFC 9449 §9: `use_dpop_nonce` is said only where a nonce comes with it, which would help.
#[tokio::test]
async fn a_client_is_told_of_a_nonce_only_where_there_are_nonces() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let token = issuer.token(holder.cnf());
    let late = holder.proof_at("https://api.example/base/v1/notes", &token, None, 0);
    let without = issuer.proving();
    let with = issuer.builder().dpop(BASE).dpop_nonces(&[1; 32]);
    let with = with.build().unwrap();
    for (verifier, error, offered) in [
        (without, "invalid_dpop_proof", false),
        (with, "use_dpop_nonce", true),
    ] {
        let (status, challenge, nonce) = present(&verifier, &token, &[&late]).await;
        assert_eq!(status, 401);
        assert!(challenge.contains(error), "{challenge}");
        assert_eq!(nonce.is_some(), offered, "{error}");
    }
}

/// RFC 9449 §9: a nonce is demanded, offered, good at every process with the key, and replaced in time.
#[tokio::test]
async fn nonces_are_good_at_every_process_with_the_key() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let process = |key: u8| {
        issuer
            .builder()
            .dpop(BASE)
            .dpop_nonces(&[key; 32])
            .build()
            .unwrap()
    };
    let (one, two, foreign) = (process(1), process(1), process(2));
    let token = issuer.token(holder.cnf());
    let with =
        |nonce: &str| holder.proof_at("https://api.example/base/v1/notes", &token, Some(nonce), 0);
    let (status, challenge, offered) = present(&one, &token, &[&holder.proof(&token)]).await;
    assert_eq!(status, 401);
    assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
    let offered = offered.unwrap();
    assert_eq!(
        present(&one, &token, &[&with(&offered)]).await,
        (200, String::new(), None)
    );
    assert_eq!(present(&two, &token, &[&with(&offered)]).await.0, 200);
    assert_eq!(present(&foreign, &token, &[&with(&offered)]).await.0, 401);
    issuer.clock.advance(120);
    let (status, _, next) = present(&two, &token, &[&with(&offered)]).await;
    assert_eq!(status, 200);
    assert_ne!(next.unwrap(), offered);
    issuer.clock.advance(120);
    assert_eq!(present(&one, &token, &[&with(&offered)]).await.0, 401);
}

/// The memory is bounded: when it is full, nothing is let through that could not be remembered, and only holders can fill it.
#[tokio::test]
async fn a_full_memory_answers_503_and_recovers() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let verifier = issuer
        .builder()
        .dpop(BASE)
        .proofs_remembered(16)
        .build()
        .unwrap();
    let token = issuer.token(holder.cnf());
    let thief = Holder::new();
    for _ in 0..64 {
        assert_eq!(
            present(&verifier, &token, &[&thief.proof(&token)]).await.0,
            401
        );
    }
    let mut full = 0;
    for _ in 0..64 {
        let (status, ..) = present(&verifier, &token, &[&holder.proof(&token)]).await;
        assert!(matches!(status, 200 | 503), "{status}");
        full += usize::from(status == 503);
    }
    assert!((48..64).contains(&full), "{full}");
    issuer.clock.advance(HORIZON);
    let proof = holder.proof_at(
        "https://api.example/base/v1/notes",
        &token,
        None,
        NOW + HORIZON,
    );
    assert_eq!(present(&verifier, &token, &[&proof]).await.0, 200);
}

/// Of many at once with one proof, one passes.
#[tokio::test(flavor = "multi_thread")]
async fn of_racing_proofs_one_passes() {
    let (issuer, holder) = (Issuer::start().await, Holder::new());
    let verifier = issuer.proving();
    let token = Arc::new(issuer.token(holder.cnf()));
    let proof = Arc::new(holder.proof(&token));
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let (verifier, token, proof) =
                (verifier.clone(), Arc::clone(&token), Arc::clone(&proof));
            tokio::spawn(async move { present(&verifier, &token, &[&proof]).await.0 })
        })
        .collect();
    let mut passed = 0;
    for racer in racers {
        passed += usize::from(racer.await.unwrap() == 200);
    }
    assert_eq!(passed, 1);
}
