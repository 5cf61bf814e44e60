//! Keys that rotate while people sign in and applications verify: OpenID Connect Core §10.1.1.

use fetch::{Fetch, FetchOptions};
use grantor_client::{Client as Library, Credentials, Session};
use jose::Algorithm;
use realm::keys::{Rotation, rotate};
use serde_json::json;
use tokio::net::TcpListener;

use crate::harness::{CALLBACK, Client, World};
use crate::on_each_engine;

fn kid(token: &str) -> String {
    let header = jose::jws::peek(token).unwrap().header;
    header.kid.unwrap()
}

async fn now(world: &World, algorithm: Algorithm) {
    rotate(world.realm(), algorithm, Rotation::Now, "test")
        .await
        .unwrap();
}

/// A sign-in by the library, whose keys are those that it fetched first; `meanwhile` is when the code is on its way.
async fn signed_in(
    world: &World,
    client: &Client,
    library: &Library,
    meanwhile: Option<Algorithm>,
) -> Session {
    let asked = library
        .authorize()
        .scope("openid email")
        .redirect_uri(CALLBACK)
        .start()
        .await
        .unwrap();
    let mut browser = world.browser();
    let page = browser.get(asked.url()).await;
    let page = world.flow(client).go_on(&mut browser, page).await;
    if let Some(algorithm) = meanwhile {
        now(world, algorithm).await;
    }
    library
        .finish(&asked, page.left().query().unwrap_or_default())
        .await
        .unwrap()
}

on_each_engine! {
    /// What an old key signed verifies with the published keys, and so does what the new one signs; for ID tokens, answers about people, hints and exchange alike.
    async fn old_and_new_tokens_verify_while_keys_rotate(world: World) {
        world.app().await;
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let name = json!(algorithm.as_str());
            let app = world
                .client(algorithm.as_str())
                .set("id_token_signed_response_alg", name.clone())
                .set("userinfo_signed_response_alg", name)
                .trusted()
                .create()
                .await;
            let mut browser = world.browser();
            let mut seen: Vec<(String, String)> = Vec::new();
            for _ in 0..3 {
                let flow = world.flow(&app);
                let code = flow.code(&mut browser).await;
                now(&world, algorithm).await;
                let tokens = crate::harness::Tokens(flow.redeem(&code).await.status(200).json());
                let told = world.userinfo(tokens.access()).await;
                seen.push((tokens.id().to_owned(), told.status(200).body.clone()));
                for (id_token, told) in &seen {
                    assert_eq!(world.verified(id_token).await.0, algorithm);
                    world.verified(told).await;
                    let silent = world.flow(&app).with("prompt", "none").with("id_token_hint", id_token);
                    silent.code(&mut browser).await;
                }
            }
            let kids: std::collections::BTreeSet<String> = seen.iter().map(|(token, _)| kid(token)).collect();
            assert_eq!(kids.len(), 3, "a new key each time");
        }
    }

    /// Another node signs with the new key, and knows what it signed, before it has read the change log.
    async fn a_node_that_has_not_heard_of_a_rotation_knows_the_new_key(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let first = world.flow(&app).tokens().await;
        let other = world.beside().await;
        other.userinfo(first.access()).await.status(200);
        now(&world, Algorithm::Es256).await;
        // It asks the database once a second at most.
        world.advance(1);
        let second = world.flow(&app).tokens().await;
        assert_ne!(kid(first.id()), kid(second.id()));
        for tokens in [&first, &second] {
            other.userinfo(tokens.access()).await.status(200);
        }
    }

    /// The library, which has the keys of before, verifies both.
    async fn the_library_follows_a_rotation(world: World) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let world = world.another(&issuer).await;
        let router = world.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        world.app().await;
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let name = json!(algorithm.as_str());
            let app = world
                .client(algorithm.as_str())
                .set("id_token_signed_response_alg", name.clone())
                .set("userinfo_signed_response_alg", name)
                .trusted()
                .create()
                .await;
            let library = Library::builder(&issuer, Credentials::basic(&app.id, app.secret.clone().unwrap()))
                .ambient(world.node().ambient().clone())
                .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
                .id_token_algorithm(algorithm)
                .userinfo_algorithm(algorithm)
                .discover()
                .await
                .unwrap();
            let before = signed_in(&world, &app, &library, None).await;
            before.userinfo().await.unwrap();
            world.advance(60);
            let during = signed_in(&world, &app, &library, Some(algorithm)).await;
            for session in [&before, &during] {
                assert_eq!(session.userinfo().await.unwrap().person.email.as_deref(), Some("alice@example.com"));
            }
            world.advance(60);
            now(&world, algorithm).await;
            during.userinfo().await.unwrap();
        }
    }
}
