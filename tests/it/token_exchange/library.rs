//! grantor-client exchanges tokens and hands in assertions over a real socket; grantor-resource says who acts.

use fetch::{Fetch, FetchOptions};
use grantor_client::{Client, Credentials, TokenType};
use grantor_resource::Verifier;
use serde_json::json;

use super::{FILES, GRANT, Parties, parties, tokens};
use crate::harness::World;
use crate::jwt_bearer::{self, IDP, Issuer};
use crate::on_each_engine;

async fn client(world: &World, credentials: Credentials) -> Client {
    Client::builder(world.issuer(), credentials)
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .discover()
        .await
        .unwrap()
}

on_each_engine! {
    /// An API calls another one, which sees who acts for whom.
    async fn the_library_exchanges_and_the_api_sees_who_acts(world: World) {
        let world = world.listening().await;
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let secret = notes.secret.clone().unwrap();
        let api = client(&world, Credentials::basic("notes", secret)).await;
        let exchange = api.exchange(alice.access(), TokenType::AccessToken).resource(FILES.1);
        let got = exchange.tokens().await.unwrap();
        world.remember(got.access_token());
        assert_eq!(got.scope().to_string(), "files.read");
        let verifier = Verifier::builder(world.issuer(), FILES.1)
            .clock(world.node().ambient().clock.clone())
            .fetch(FetchOptions::loopback())
            .build()
            .unwrap();
        let token = verifier.verify(got.access_token()).await.unwrap();
        let actors = token.actors().unwrap();
        assert_eq!(actors.as_slice()[0].sub.as_deref(), Some("notes"));
        let narrow = api.exchange(alice.access(), TokenType::AccessToken).scope("files.write");
        assert!(narrow.tokens().await.is_err());
    }

    /// An identity provider's word, an ID-JAG, and a workload that authenticates with what its platform signed.
    async fn the_library_hands_in_what_others_signed(world: World) {
        let world = world.listening().await;
        let app = jwt_bearer::app(&world).await;
        let secret = app.secret.clone().unwrap();
        let idp = Issuer::new(&world, IDP);
        idp.trusted(jwt_bearer::people(), json!({})).await;
        let app = client(&world, Credentials::basic("app", secret)).await;
        let assertion = idp.says("00u1", jwt_bearer::alice());
        let got = app.hand_in(assertion).scope("notes.read").tokens().await.unwrap();
        world.remember(got.access_token());
        assert_eq!(got.scope().to_string(), "notes.read");

        jwt_bearer::client(&world, "worker").await;
        let platform = Issuer::new(&world, "https://platform.example");
        platform.trusted(json!([{"condition": "claims.sub == 'job'", "subject": {"client": "worker"}}]), json!({})).await;
        let worker = client(&world, Credentials::workload("worker", move || Some(platform.says("job", json!({}))))).await;
        let source = worker.service().scope("notes.read").tokens().unwrap();
        assert!(source.access_token().await.is_ok());
        world.advance(301);
        assert!(source.access_token().await.is_ok(), "a new assertion for each request");
    }

    /// The assertion for another authorization server.
    async fn the_library_asks_for_an_id_jag(world: World) {
        let world = world.listening().await;
        world.person(crate::harness::ALICE.0, crate::harness::ALICE.1).await;
        let wiki = world
            .client("wiki")
            .grants(&["authorization_code", GRANT])
            .set("token_exchange", json!({"identity_assertions": [{"audience": "https://chat.example", "client_id": "w"}]}))
            .create()
            .await;
        let alice = world.flow(&wiki).tokens().await;
        let secret = wiki.secret.clone().unwrap();
        let wiki = client(&world, Credentials::basic("wiki", secret)).await;
        let exchange = wiki.exchange(alice.id(), TokenType::IdToken).audience("https://chat.example");
        let assertion = exchange.identity_assertion().await.unwrap();
        world.remember(&assertion);
        assert_eq!(world.claims(&assertion).await["client_id"], json!("w"));
    }
}
