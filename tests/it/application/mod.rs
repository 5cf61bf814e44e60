//! Applications made with grantor-client, against the server and an API that grantor-resource protects: what its authors write, and what they get.

mod attested;
mod hostile;
mod registration;
mod requests;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use fetch::{ClientIdentity, Fetch, FetchOptions};
use grantor_client::{Client, ClientBuilder, Credentials, Pending};
use grantor_resource::{AccessToken, PeerCertificate, Verifier};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use web::client_certificate::ClientCertificate;

use crate::harness::authority::identity;
use crate::harness::listening::serve_with_tls;
use crate::harness::{self, CALLBACK, World, query_of};
use crate::on_each_engine;

pub fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// The JSON of a private key, as an application keeps it.
pub fn kept(key: &SigningKey) -> String {
    serde_json::to_string(&key.jwk()).unwrap()
}

/// The public part, as it is registered.
pub fn registered(key: &SigningKey) -> Value {
    let keys = vec![key.public_jwk().unwrap()];
    serde_json::to_value(JwkSet { keys }).unwrap()
}

/// A library that knows the clock of this world, and reaches it.
pub fn builder(world: &World, credentials: Credentials) -> ClientBuilder {
    Client::builder(world.issuer(), credentials)
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .id_token_algorithm(Algorithm::Es256)
        .signed_response_algorithm(Algorithm::Es256)
}

/// The client `app` with this key, alice, and the API.
pub async fn shop(world: &World, key: &SigningKey) -> harness::Client {
    world.notes().await;
    let client = |client: harness::NewClient| {
        client
            .public()
            .scope("openid offline_access notes.read")
            .set("token_endpoint_auth_method", json!("private_key_jwt"))
            .set("jwks", registered(key))
    };
    world.app_with(client).await
}

/// What the browser brings back from there when alice signs in and agrees.
pub async fn comes_back(world: &World, app: &harness::Client, pending: &Pending) -> String {
    let mut browser = world.browser();
    let page = browser.get(pending.url()).await;
    let page = world.flow(app).go_on(&mut browser, page).await;
    page.left().query().unwrap_or_default().to_owned()
}

async fn notes(token: AccessToken) -> String {
    format!("the notes that {} may read", token.client_id)
}

fn verifier(world: &World) -> grantor_resource::Builder {
    Verifier::builder(world.issuer(), "urn:example:notes")
        .clock(world.node().ambient().clock.clone())
}

/// The API, which demands proofs; and the address of the notes.
async fn api(world: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let verifier = verifier(world)
        .fetch(FetchOptions::loopback())
        .dpop(&address)
        .build()
        .unwrap();
    let app: Router = Router::new()
        .nest("/v1", Router::new().route("/notes", get(notes)))
        .layer(verifier.require("notes.read"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("{address}/v1/notes")
}

const FAPI: [&str; 2] = ["fapi2-security", "fapi2-message-signing"];

on_each_engine! {
    /// FAPI 2.0 Security Profile §5.3.3 and Message Signing §5.3.2, §5.4.2: the same ten lines, whether the realm wants requests pushed, signed, or both.
    async fn an_application_does_what_the_profile_demands(world: World) {
        for profile in FAPI {
            let world = world.listening().await;
            world.profile(profile).await;
            let key = key();
            let app = shop(&world, &key).await;
            let notes = api(&world).await;

            let client = builder(&world, Credentials::private_key_jwt("app", &kept(&key)).unwrap()).dpop(self::key()).discover().await.unwrap();
            let request = client.authorize().scope("openid offline_access notes.read").prompt("consent").redirect_uri(CALLBACK);
            let pending = request.start().await.unwrap();
            let query = comes_back(&world, &app, &pending).await;
            let session = client.finish(&pending, &query).await.unwrap();
            let answer = session.get(&notes).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text().unwrap()), (200, "the notes that app may read"));

            let carried = query_of(&pending.url().parse().unwrap());
            assert_eq!(carried.keys().collect::<Vec<_>>(), ["client_id", "request_uri"]);
            assert_eq!(query.starts_with("response="), profile == FAPI[1], "{query}");
            assert!(session.access_token().await.unwrap().is_bound());
            world.advance(1000);
            assert_eq!(session.get(&notes).await.unwrap().status.as_u16(), 200);
        }
    }

    /// RFC 8705 and FAPI 2.0: a certificate in place of assertions and proofs, at the push, at the token endpoint and at the API.
    async fn an_application_shows_its_certificate_everywhere(world: World) {
        for profile in FAPI {
            let (world, pem) = world.listening_with_tls().await;
            world.profile(profile).await;
            world.notes().await;
            let signs = key();
            let app = world.app_with(|client| {
                client.public().scope("openid notes.read").set("token_endpoint_auth_method", json!("tls_client_auth")).set("tls_client_auth_san_dns", json!("service.example"))
                    .set("tls_client_certificate_bound_access_tokens", json!(true)).set("jwks", registered(&signs))
            }).await;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let notes_at = format!("https://localhost:{}/notes", listener.local_addr().unwrap().port());
            let verifier = verifier(&world).fetch(FetchOptions { extra_roots: vec![pem.clone()], ..FetchOptions::loopback() }).build().unwrap();
            let router = Router::new().route("/notes", get(notes)).layer(verifier.require("notes.read")).layer(from_fn(async |mut request: Request, next: Next| {
                if let Some(ClientCertificate(der)) = request.extensions().get::<ClientCertificate>().cloned() {
                    request.extensions_mut().insert(PeerCertificate(der));
                }
                next.run(request).await
            }));
            let roots = vec![pem, serve_with_tls(listener, router)];
            let fetch = |identity: Option<&str>| Fetch::new(FetchOptions {
                extra_roots: roots.clone(),
                identity: identity.map(ClientIdentity::from_pem),
                ..FetchOptions::loopback()
            }).unwrap();

            let (_, own) = identity();
            let client = builder(&world, Credentials::certificate("app")).fetch(fetch(Some(&own))).request_key(signs).discover().await.unwrap();
            let pending = client.authorize().scope("openid notes.read").redirect_uri(CALLBACK).start().await.unwrap();
            let query = comes_back(&world, &app, &pending).await;
            let session = client.finish(&pending, &query).await.unwrap();
            let answer = session.get(&notes_at).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text().unwrap()), (200, "the notes that app may read"));

            // A thief has another certificate, or none.
            let token = session.access_token().await.unwrap();
            let (_, other) = identity();
            for identity in [None, Some(other.as_str())] {
                let authorization = token.authorization();
                let answer = fetch(identity).get_with(&notes_at, &[("authorization", &authorization)]).await.unwrap();
                assert_eq!(answer.status.as_u16(), 401);
            }
        }
    }
}
