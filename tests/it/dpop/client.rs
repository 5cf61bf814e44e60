//! grantor-client and grantor-resource over real sockets, and the server between them.

use ambient::Ambient;
use axum::Router;
use axum::routing::get;
use fetch::{Fetch, FetchOptions};
use grantor_client::{Client, Credentials};
use grantor_resource::{AccessToken, Verifier};
use jose::{Algorithm, SigningKey};
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::World;
use crate::on_each_engine;

fn ambient(world: &World) -> Ambient {
    world.node().ambient().clone()
}

async fn client(world: &World, credentials: Credentials, key: Option<SigningKey>) -> Client {
    let builder = Client::builder(world.issuer(), credentials)
        .ambient(ambient(world))
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .id_token_algorithm(Algorithm::Es256);
    let builder = match key {
        Some(key) => builder.dpop(key),
        None => builder,
    };
    builder.discover().await.unwrap()
}

/// An API that demands a nonce in each proof; hands back its address.
async fn api(world: &World) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let verifier = Verifier::builder(world.issuer(), "urn:example:notes")
        .clock(ambient(world).clock)
        .fetch(FetchOptions::loopback())
        .dpop(&address)
        .dpop_nonces(&[9; 32])
        .build()
        .unwrap();
    let notes = async |token: AccessToken| format!("the notes of {}", token.client_id);
    let app: Router = Router::new()
        .nest("/v1", Router::new().route("/notes", get(notes)))
        .layer(verifier.require("notes.read"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa).unwrap()
}

on_each_engine! {
    /// RFC 9449 §8, §9: a service learns both servers' nonces by itself, and its token works with its key alone.
    async fn a_service_proves_its_key_everywhere(world: World) {
        let world = world.listening().await;
        let service = world
            .service_with(|client| client.set("require_dpop_nonce", json!(true)).set("dpop_bound_access_tokens", json!(true)))
            .await;
        let api = api(&world).await;
        let notes = format!("{api}/v1/notes?page=2");
        let credentials = || Credentials::basic("service", service.secret.clone().unwrap());
        let proving = client(&world, credentials(), Some(key())).await;
        let tokens = proving.service().scope("notes.read").tokens().unwrap();
        for _ in 0..3 {
            let answer = tokens.get(&notes).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text().unwrap()), (200, "the notes of service"));
            // Nonces change meanwhile.
            world.advance(150);
        }
        let token = tokens.access_token().await.unwrap();
        assert!(token.is_bound() && token.authorization().starts_with("DPoP "));
        let plain = Fetch::new(FetchOptions::loopback()).unwrap();
        let stolen = [("authorization", format!("Bearer {}", token.as_str()))];
        let stolen: Vec<_> = stolen.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = plain.send(http::Method::GET, &notes, &stolen, None).await.unwrap();
        assert_eq!(answer.status.as_u16(), 401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP "));
        let without = client(&world, credentials(), None).await;
        let refused = without.service().scope("notes.read").tokens().unwrap().access_token().await;
        assert!(refused.is_err());
    }

    /// RFC 9449 §5, §10: a person signs in to a public client; its code, its refresh tokens and userinfo all ask for the key.
    async fn a_public_client_signs_a_person_in_with_its_key(world: World) {
        let world = world.listening().await;
        let app = world.app_with(|client| client.public()).await;
        let proving = client(&world, Credentials::public("app"), Some(key())).await;
        let redirect = app.redirect_uri.as_str();
        let begin = async || proving.authorize().scope("openid offline_access").prompt("consent").redirect_uri(redirect).start().await.unwrap();
        let walk = async |url: &str| {
            let mut browser = world.browser();
            let path = url.strip_prefix(world.issuer()).unwrap();
            let page = browser.get(path).await;
            let page = world.flow(&app).go_on(&mut browser, page).await;
            page.left().query().unwrap().to_owned()
        };
        let pending = begin().await;
        assert!(pending.url().contains("dpop_jkt="));
        let answer = walk(pending.url()).await;
        let session = proving.finish(&pending, &answer).await.unwrap();
        let subject = session.userinfo().await.unwrap().sub;
        world.advance(1000);
        assert_eq!(session.userinfo().await.unwrap().sub, subject);
        let kept = session.tokens().await.unwrap();

        // Whoever steals the code or the tokens has another key.
        let thief = client(&world, Credentials::public("app"), Some(key())).await;
        let pending = begin().await;
        let answer = walk(pending.url()).await;
        assert!(thief.finish(&pending, &answer).await.is_err());
        assert!(thief.resume(kept.clone()).refresh().await.is_err());
        assert!(thief.resume(kept).userinfo().await.is_err());
        session.refresh().await.unwrap();
        assert_eq!(session.userinfo().await.unwrap().sub, subject);
    }
}
