//! Answers about tokens that somebody else made, or made for somebody else, against an issuer on loopback (RFC 9701 §5, §8).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::{Arc, Mutex};

use ambient::Clock;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use fetch::FetchOptions;
use grantor_resource::{Caller, Refusal, Verifier};
use http::HeaderMap;
use jose::{Algorithm, JwkSet, SigningKey, jwt};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const API: &str = "urn:test:notes";
const JWT: &str = "application/token-introspection+jwt";

#[derive(Clone)]
struct Issuer {
    name: Arc<Mutex<String>>,
    key: Arc<SigningKey>,
    /// The media type and the text of the answer.
    answer: Arc<Mutex<(String, String)>>,
    /// What was asked: `accept` and the form.
    asked: Arc<Mutex<Vec<(String, Fields)>>>,
}

type Fields = Vec<(String, String)>;

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::Es256).unwrap())
}

impl Issuer {
    async fn start() -> Self {
        let issuer = Self {
            name: Arc::default(),
            key: key(),
            answer: Arc::default(),
            asked: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        *issuer.name.lock().unwrap() = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/jwks", get(jwks))
            .route("/introspect", post(introspect))
            .route("/mtls/introspect", post(introspect_with_certificate))
            .with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    fn name(&self) -> String {
        self.name.lock().unwrap().clone()
    }

    fn says(&self, kind: &str, text: String) {
        *self.answer.lock().unwrap() = (kind.to_owned(), text);
    }

    /// A live token, as it is said of.
    fn live(&self) -> Value {
        json!({
            "active": true, "iss": self.name(), "sub": "alice", "aud": API, "scope": "notes.read", "exp": NOW + 300, "client_id": "app",
        })
    }

    fn claims(&self, change: &Value) -> Value {
        let mut claims = json!({"iss": self.name(), "aud": "api", "iat": NOW, "token_introspection": self.live()});
        let all = claims.as_object_mut().unwrap();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                all.remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        claims
    }
}

async fn metadata(State(issuer): State<Issuer>) -> Json<Value> {
    let name = issuer.name();
    Json(json!({
        "issuer": name, "jwks_uri": format!("{name}/jwks"), "introspection_endpoint": format!("{name}/introspect"),
        "response_types_supported": ["code"],
        "mtls_endpoint_aliases": {"introspection_endpoint": format!("{name}/mtls/introspect")},
    }))
}

async fn jwks(State(issuer): State<Issuer>) -> Json<JwkSet> {
    Json(JwkSet {
        keys: vec![issuer.key.public_jwk().unwrap()],
    })
}

async fn introspect(
    State(issuer): State<Issuer>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> impl IntoResponse {
    let accept = headers["accept"].to_str().unwrap().to_owned();
    issuer.asked.lock().unwrap().push((accept, form));
    let (kind, text) = issuer.answer.lock().unwrap().clone();
    ([("content-type", kind)], text)
}

async fn introspect_with_certificate(
    state: State<Issuer>,
    headers: HeaderMap,
    Form(mut form): Form<Fields>,
) -> impl IntoResponse {
    assert!(!headers.contains_key("authorization"));
    form.push(("at".to_owned(), "alias".to_owned()));
    introspect(state, headers, Form(form)).await
}

/// RFC 8705 §5.
#[tokio::test]
async fn a_certificate_is_shown_where_the_issuer_asks_for_one() {
    let issuer = Issuer::start().await;
    let signed = jwt::sign(
        &issuer.key,
        "token-introspection+jwt",
        &issuer.claims(&json!({})),
    );
    issuer.says(JWT, signed.unwrap());
    let verifier = Verifier::builder(&issuer.name(), API)
        .clock(Clock::manual(NOW))
        .fetch(FetchOptions::loopback())
        .introspect_by(Caller::certificate("api"), 30)
        .build()
        .unwrap();
    verifier.verify("gat_1").await.unwrap();
    let asked = issuer.asked.lock().unwrap().clone();
    let expected = [
        ("token", "gat_1"),
        ("token_type_hint", "access_token"),
        ("client_id", "api"),
        ("at", "alias"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked[0].1, expected);
}

fn verifier(issuer: &Issuer, signed: bool) -> Verifier {
    let caller = Caller::signing_key("api", SigningKey::generate(Algorithm::EdDsa).unwrap());
    let builder = Verifier::builder(&issuer.name(), API)
        .clock(Clock::manual(NOW))
        .fetch(FetchOptions::loopback())
        .introspect_by(caller.unwrap(), 30);
    let builder = if signed {
        builder.signed_introspection(&[Algorithm::Es256])
    } else {
        builder
    };
    builder.build().unwrap()
}

/// Whether a token passes of which this is said.
async fn passes(issuer: &Issuer, signed: bool) -> bool {
    match verifier(issuer, signed).verify("gat_1").await {
        Ok(token) => token.sub == "alice",
        Err(Refusal::Unavailable) => false,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_answer_counts_that_the_issuer_signed_for_this_api_now() {
    let issuer = Issuer::start().await;
    let name = issuer.name();
    let cases = [
        (json!({}), true),
        (json!({"aud": ["api"]}), true),
        (json!({"iat": NOW - 60}), true),
        (json!({"iat": NOW - 90}), false),
        (json!({"iat": NOW + 90}), false),
        (json!({"iat": null}), false),
        (json!({"aud": "another"}), false),
        (json!({"aud": API}), false),
        (json!({"aud": null}), false),
        (json!({"iss": format!("{name}/other")}), false),
        (json!({"iss": null}), false),
        (json!({"exp": NOW - 90}), false),
        (json!({"token_introspection": null}), false),
        (json!({"token_introspection": "active"}), false),
    ];
    for (change, good) in cases {
        let signed = jwt::sign(
            &issuer.key,
            "token-introspection+jwt",
            &issuer.claims(&change),
        );
        issuer.says(JWT, signed.unwrap());
        for demanded in [true, false] {
            assert_eq!(passes(&issuer, demanded).await, good, "{change}");
        }
    }
}

#[tokio::test]
async fn what_is_no_signed_answer_of_the_issuer_does_not_count() {
    let issuer = Issuer::start().await;
    let claims = issuer.claims(&json!({}));
    let sign = |key: &SigningKey, typ: &str| jwt::sign(key, typ, &claims).unwrap();
    let typ = "token-introspection+jwt";
    let good = sign(&issuer.key, typ);
    let mut parts = good.split('.');
    let (_, body) = (parts.next(), parts.next().unwrap());
    let none = jose::base64url::encode(format!(r#"{{"alg":"none","typ":"{typ}"}}"#));
    let secret = jose::Jwk::symmetric(issuer.key.public_jwk().unwrap().thumbprint().as_bytes());
    let secret = SigningKey::from_jwk(&secret.unwrap().with_kid("k"), Algorithm::Hs256).unwrap();
    let of_another = SigningKey::generate(Algorithm::Es256).unwrap();
    for (case, text) in [
        ("another type", sign(&issuer.key, "at+jwt")),
        ("no type", sign(&issuer.key, "JWT")),
        ("another key", sign(&of_another, typ)),
        ("a shared key", sign(&secret, typ)),
        ("no signature", format!("{none}.{body}.")),
        ("altered", format!("{good}A")),
        ("JSON", issuer.live().to_string()),
        ("nothing", String::new()),
    ] {
        issuer.says(JWT, text);
        for demanded in [true, false] {
            assert!(!passes(&issuer, demanded).await, "{case}");
        }
    }
    // A downgrade: an answer that nobody signed, or one that says that it is something else.
    issuer.says("application/json", issuer.live().to_string());
    assert!(!passes(&issuer, true).await);
    assert!(passes(&issuer, false).await);
    issuer.says("application/json", good);
    assert!(!passes(&issuer, true).await);
}

#[tokio::test]
async fn each_question_is_asked_with_an_assertion_of_its_own() {
    let issuer = Issuer::start().await;
    let signed = jwt::sign(
        &issuer.key,
        "token-introspection+jwt",
        &issuer.claims(&json!({})),
    );
    issuer.says(JWT, signed.unwrap());
    let verifier = verifier(&issuer, true);
    for token in ["gat_1", "gat_2"] {
        verifier.verify(token).await.unwrap();
    }
    let asked = issuer.asked.lock().unwrap().clone();
    let assertions: Vec<Value> = asked
        .iter()
        .map(|(accept, form)| {
            assert_eq!(accept, JWT);
            let field = |name: &str| form.iter().find(|field| field.0 == name).unwrap().1.clone();
            assert!(
                form.iter()
                    .all(|(name, _)| name != "client_id" && name != "client_secret")
            );
            let assertion = field("client_assertion");
            let peeked = jose::jws::peek(&assertion).unwrap();
            Value::Object(peeked.claims().unwrap())
        })
        .collect();
    let [first, second] = assertions.as_slice() else {
        panic!("{asked:?}");
    };
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(
        (&first["aud"], &first["sub"]),
        (&json!(issuer.name()), &json!("api"))
    );
}
