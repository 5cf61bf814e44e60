//! RFC 9449 from the client's side: proofs, nonces, and no downgrade.

use std::sync::{Arc, Mutex};

use ambient::Ambient;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use grantor_client::{Client, Credentials, Error, TokenSource};
use jose::{Algorithm, SigningKey, jws};
use oauth::dpop::token_hash;
use oauth::metadata::ServerMetadata;
use serde_json::{Value, json};

use crate::provider::{NOW, Provider};

/// A server that asks for nonces, and what it was sent.
#[derive(Clone)]
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// The nonce that /token and /notes want; none is given out when it is empty.
    nonce: Arc<Mutex<&'static str>>,
    token_type: Arc<Mutex<&'static str>>,
    ambient: Ambient,
}

#[derive(Clone)]
struct Asked {
    path: String,
    authorization: String,
    proof: Option<Value>,
    jkt: Option<String>,
}

impl Server {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            asked: Arc::default(),
            nonce: Arc::new(Mutex::new("first")),
            token_type: Arc::new(Mutex::new("DPoP")),
            ambient: Ambient::manual(NOW, 1),
        };
        let app = Router::new()
            .route("/token", post(token))
            .route("/notes", get(notes))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    fn client(&self, key: Option<SigningKey>) -> Client {
        let builder = Client::builder(&self.address, Credentials::basic("app", "secret"));
        let builder = match key {
            Some(key) => builder.dpop(key),
            None => builder,
        };
        let metadata = ServerMetadata {
            issuer: self.address.clone(),
            token_endpoint: Some(format!("{}/token", self.address)),
            authorization_endpoint: Some(format!("{}/authorize", self.address)),
            ..ServerMetadata::default()
        };
        builder
            .ambient(self.ambient.clone())
            .with_metadata(metadata)
            .unwrap()
    }

    fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.path == path)
            .cloned()
            .collect()
    }

    /// Takes note, and says whether the nonce is missing.
    fn note(&self, path: &str, headers: &HeaderMap) -> bool {
        let mut proofs = headers.get_all("dpop").iter();
        let text = proofs
            .next()
            .map(|value| value.to_str().unwrap().to_owned());
        assert!(proofs.next().is_none());
        let peeked = text.as_deref().map(|text| jws::peek(text).unwrap());
        let proof = peeked
            .as_ref()
            .map(|token| serde_json::from_slice::<Value>(&token.payload().unwrap()).unwrap());
        let jwk = peeked.and_then(|token| token.header.jwk);
        let wanted = *self.nonce.lock().unwrap();
        let missing =
            !wanted.is_empty() && proof.as_ref().is_some_and(|proof| proof["nonce"] != wanted);
        self.asked.lock().unwrap().push(Asked {
            path: path.to_owned(),
            authorization: headers["authorization"].to_str().unwrap().to_owned(),
            proof,
            jkt: jwk.map(|jwk| jwk.thumbprint()),
        });
        missing
    }
}

async fn token(State(server): State<Server>, headers: HeaderMap) -> Response {
    let nonce = *server.nonce.lock().unwrap();
    let offered = [("dpop-nonce", nonce)];
    if server.note("/token", &headers) {
        let body = axum::Json(json!({"error": "use_dpop_nonce"}));
        return (StatusCode::BAD_REQUEST, offered, body).into_response();
    }
    let kind = *server.token_type.lock().unwrap();
    let tokens = json!({"access_token": "at", "token_type": kind, "expires_in": 300});
    (offered, axum::Json(tokens)).into_response()
}

async fn notes(State(server): State<Server>, headers: HeaderMap, _: Uri) -> Response {
    let nonce = *server.nonce.lock().unwrap();
    if server.note("/notes", &headers) {
        let headers = [
            ("dpop-nonce", nonce),
            (
                "www-authenticate",
                r#"Bearer, DPoP error="use_dpop_nonce", algs="ES256""#,
            ),
        ];
        return (StatusCode::UNAUTHORIZED, headers).into_response();
    }
    "notes".into_response()
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn tokens(client: &Client) -> TokenSource {
    client.service().scope("notes").tokens().unwrap()
}

/// RFC 9449 §4.2, §7.1: what each proof says, and that none is sent twice.
#[tokio::test]
async fn each_request_has_a_proof_of_its_own() {
    let server = Server::start().await;
    *server.nonce.lock().unwrap() = "";
    let key = key();
    let jkt = key.public_jwk().unwrap().thumbprint();
    let source = tokens(&server.client(Some(key)));
    let url = format!("{}/notes?page=2#top", server.address);
    source.get(&url).await.unwrap();
    source.get(&url).await.unwrap();
    let (asked, read) = (server.asked("/token"), server.asked("/notes"));
    assert_eq!((asked.len(), read.len()), (1, 2));
    let proof = asked[0].proof.clone().unwrap();
    assert_eq!(proof["htm"], "POST");
    assert_eq!(proof["htu"], format!("{}/token", server.address));
    assert_eq!(
        (proof["iat"].as_i64(), proof.get("ath"), proof.get("nonce")),
        (Some(NOW), None, None)
    );
    let mut names = std::collections::HashSet::from([proof["jti"].clone()]);
    for asked in read {
        let proof = asked.proof.unwrap();
        assert_eq!(asked.authorization, "DPoP at");
        assert_eq!(asked.jkt.as_ref(), Some(&jkt));
        assert_eq!(proof["htm"], "GET");
        assert_eq!(proof["htu"], format!("{}/notes", server.address));
        assert_eq!(proof["ath"], token_hash("at"));
        assert!(names.insert(proof["jti"].clone()));
    }
}

/// RFC 9449 §8, §9: once more with the nonce, then with it at once; and not for ever.
#[tokio::test]
async fn a_nonce_is_learned_and_kept() {
    let server = Server::start().await;
    let source = tokens(&server.client(Some(key())));
    let url = format!("{}/notes", server.address);
    assert_eq!(source.get(&url).await.unwrap().status, 200);
    assert_eq!(server.asked("/token").len(), 2);
    // The same server, as far as nonces go.
    assert_eq!(server.asked("/notes").len(), 1);
    source.refresh().await.unwrap();
    assert_eq!(server.asked("/token").len(), 3);
    *server.nonce.lock().unwrap() = "second";
    assert_eq!(source.get(&url).await.unwrap().status, 200);
    assert_eq!(server.asked("/notes").len(), 3);
    let last = server.asked("/notes").pop().unwrap().proof.unwrap();
    assert_eq!(last["nonce"], "second");
    *server.nonce.lock().unwrap() = "";
    assert_eq!(source.get(&url).await.unwrap().status, 200);
}

/// RFC 9449 §5: with a key, a bearer token would be a downgrade; without one, a bound token is of no use.
#[tokio::test]
async fn a_token_of_the_other_type_is_refused() {
    let server = Server::start().await;
    *server.token_type.lock().unwrap() = "Bearer";
    let refused = tokens(&server.client(Some(key()))).access_token().await;
    assert!(
        matches!(
            refused,
            Err(Error::Response {
                endpoint: "token",
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(tokens(&server.client(None)).access_token().await.is_ok());
    *server.token_type.lock().unwrap() = "dpop";
    assert!(tokens(&server.client(None)).access_token().await.is_err());
    assert!(
        tokens(&server.client(Some(key())))
            .access_token()
            .await
            .is_ok()
    );
}

/// RFC 9449 §10.
#[tokio::test]
async fn a_code_is_bound_to_the_key() {
    let provider = Provider::start().await;
    let key = key();
    let jkt = key.public_jwk().unwrap().thumbprint();
    let client = provider
        .builder(Credentials::public("app"))
        .dpop(key)
        .discover()
        .await
        .unwrap();
    let url = url::Url::parse(provider.begin(&client).await.url()).unwrap();
    let sent: Vec<_> = url
        .query_pairs()
        .filter(|(name, _)| name == "dpop_jkt")
        .collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, jkt);
    let without = provider.begin(&provider.client().await).await;
    assert!(!without.url().contains("dpop_jkt"));
}

/// For those who call an API with another HTTP client.
#[tokio::test]
async fn a_proof_can_be_made_for_another_http_client() {
    let server = Server::start().await;
    let client = server.client(Some(key()));
    let token = tokens(&client).access_token().await.unwrap();
    let proof = client
        .proof("PUT", "https://api.example/notes/1?x", &token)
        .unwrap()
        .unwrap();
    let peeked = jws::peek(&proof).unwrap();
    let claims: Value = serde_json::from_slice(&peeked.payload().unwrap()).unwrap();
    assert_eq!(
        (&claims["htm"], &claims["htu"]),
        (&json!("PUT"), &json!("https://api.example/notes/1"))
    );
    assert_eq!(claims["ath"], token_hash("at"));
    assert!(!format!("{client:?} {token:?}").contains("\"at\""));
}

#[tokio::test]
async fn only_a_key_that_servers_understand_is_taken() {
    let provider = Provider::start().await;
    let hmac = SigningKey::generate(Algorithm::Hs256);
    for key in hmac
        .into_iter()
        .chain(SigningKey::generate(Algorithm::Es256k))
    {
        let refused = provider
            .builder(Credentials::public("app"))
            .dpop(key)
            .discover()
            .await;
        assert!(matches!(refused, Err(Error::Incomplete(_))));
    }
}
