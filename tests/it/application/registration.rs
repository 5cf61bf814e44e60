//! Applications that register themselves with the library: RFC 7591, RFC 7592.

use grantor_client::{Client, Credentials, Error, GrantType, Registered, Registration};
use oauth::ErrorCode;
use realm::{Admission, initial_access};
use serde_json::json;

use super::{builder, comes_back, key};
use crate::harness::{self, ALICE, CALLBACK, World};
use crate::on_each_engine;

fn server(world: &World) -> grantor_client::ClientBuilder {
    builder(world, Credentials::public(""))
}

fn notes() -> Registration {
    let notes = Registration::new("Notes for you").scope("openid notes.read");
    let notes = notes.member("id_token_signed_response_alg", "ES256");
    notes
        .grant(GrantType::AuthorizationCode)
        .grant(GrantType::RefreshToken)
        .redirect_uri(CALLBACK)
}

async fn open(world: &World) -> World {
    let world = world.listening().await;
    world
        .settings(|settings| settings.registration.mode = Admission::Open)
        .await;
    world.notes().await;
    world.person(ALICE.0, ALICE.1).await;
    world
}

async fn sign_in(world: &World, client: &Client) -> Result<grantor_client::Session, Error> {
    let pending = client
        .authorize()
        .scope("openid notes.read")
        .redirect_uri(CALLBACK)
        .start()
        .await
        .unwrap();
    let known = harness::Client::existing(world, client.id(), None, CALLBACK);
    let query = comes_back(world, &known, &pending).await;
    client.finish(&pending, &query).await
}

on_each_engine! {
    /// RFC 7591 §3: from nothing to a person who signed in, whatever the application authenticates with.
    async fn an_application_registers_and_signs_people_in(world: World) {
        let world = open(&world).await;
        let key = key();
        let with_key = notes().key(&key).unwrap().register(server(&world)).await.unwrap();
        assert!(with_key.credentials().is_err());
        let post = notes().member("token_endpoint_auth_method", "client_secret_post");
        for (registered, credentials) in [
            (notes().public().register(server(&world)).await.unwrap(), None),
            (notes().register(server(&world)).await.unwrap(), None),
            (post.register(server(&world)).await.unwrap(), None),
            (with_key.clone(), Some(Credentials::signing_key(with_key.client_id(), key).unwrap())),
        ] {
            world.remember(registered.metadata().registration_access_token.as_deref().unwrap());
            let credentials = credentials.unwrap_or_else(|| registered.credentials().unwrap());
            let client = builder(&world, credentials).discover().await.unwrap();
            let session = sign_in(&world, &client).await.unwrap();
            assert_eq!(session.tokens().await.unwrap().scope().to_string(), "openid notes.read");
        }
        let unfit = notes().redirect_uri("http://app.example/callback").register(server(&world)).await.unwrap_err();
        assert_eq!(unfit.code(), Some(ErrorCode::InvalidRedirectUri), "{unfit}");
    }

    /// RFC 7592 §2: what is kept reads, changes and ends the registration; nothing else does.
    async fn an_application_manages_its_registration(world: World) {
        let world = open(&world).await;
        let registered = notes().register(server(&world)).await.unwrap();
        let other = notes().register(server(&world)).await.unwrap();
        let secret = registered.metadata().client_secret.clone().unwrap();
        world.remember(&secret);
        let client = builder(&world, registered.credentials().unwrap()).discover().await.unwrap();
        // An application keeps it between two runs.
        let kept = serde_json::to_string(&registered).unwrap();
        assert!(!format!("{registered:?}").contains(&secret));
        let mut registered: Registered = serde_json::from_str(&kept).unwrap();
        registered.update(&client, |metadata| metadata.client_name = Some("Notes, renamed".to_owned())).await.unwrap();
        registered.refresh(&client).await.unwrap();
        assert_eq!(registered.metadata().client_name.as_deref(), Some("Notes, renamed"));
        assert_eq!(registered.metadata().client_secret.as_deref(), Some(secret.as_str()));
        sign_in(&world, &client).await.unwrap();
        // A refused change changes nothing.
        let bad = |metadata: &mut oauth::metadata::ClientMetadata| metadata.redirect_uris = vec!["http://app.example/".to_owned()];
        let refused = registered.update(&client, bad).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::InvalidRedirectUri));
        assert_eq!(registered.metadata().redirect_uris, [CALLBACK]);
        // The token of one registration opens no other.
        let mut crossed = serde_json::to_value(&other).unwrap();
        crossed["metadata"]["registration_access_token"] = json!(registered.metadata().registration_access_token);
        let crossed: Registered = serde_json::from_value(crossed).unwrap();
        assert_eq!(crossed.clone().delete(&client).await.unwrap_err().code(), Some(ErrorCode::InvalidToken));
        let elsewhere = open(&world).await;
        let foreign = builder(&elsewhere, Credentials::public("")).discover().await.unwrap();
        assert!(matches!(registered.refresh(&foreign).await, Err(Error::Incomplete(_))));

        let mut ended = registered.clone();
        registered.delete(&client).await.unwrap();
        assert_eq!(ended.refresh(&client).await.unwrap_err().code(), Some(ErrorCode::InvalidToken));
        let page = world.browser().get(client.authorize().redirect_uri(CALLBACK).start().await.unwrap().url()).await;
        assert!(page.leaving.is_none() && page.answer.status >= 400);
    }

    /// RFC 7591 §3: nowhere, and with the token that the operator gave out.
    async fn registering_needs_what_the_realm_demands(world: World) {
        let world = open(&world).await;
        let mode = async |mode| world.settings(|settings| settings.registration.mode = mode).await;
        mode(Admission::Token).await;
        let refused = notes().register(server(&world)).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::InvalidToken));
        let wrong = notes().initial_access_token("guessed").register(server(&world)).await;
        assert!(wrong.is_err());
        let token = initial_access::create(world.realm(), "partner", (1, 60), "test").await.unwrap();
        world.remember(&token.1);
        notes().initial_access_token(token.1).register(server(&world)).await.unwrap();
        mode(Admission::Off).await;
        assert!(matches!(notes().register(server(&world)).await, Err(Error::Unsupported("registration_endpoint"))));
    }
}
