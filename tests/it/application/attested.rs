//! An instance of an application that an attester vouches for: draft-ietf-oauth-attestation-based-client-auth, with the library.

use std::sync::Arc;

use grantor_client::{Client, Credentials, Error};
use jose::{SigningKey, jwt};
use oauth::ErrorCode;
use serde_json::json;

use super::{builder, comes_back, key, registered};
use crate::harness::{self, CALLBACK, World};
use crate::on_each_engine;

/// What the attester says about this instance.
fn attestation(world: &World, attester: &SigningKey, instance: &SigningKey) -> String {
    let jwk = instance.public_jwk().unwrap().to_value();
    let claims = json!({"sub": "app", "exp": world.now() + 3600, "cnf": {"jwk": jwk}});
    let text = jwt::sign(attester, "oauth-client-attestation+jwt", &claims).unwrap();
    world.remember(&text);
    text
}

async fn wallet(world: &World, attester: &SigningKey) -> harness::Client {
    let client = |client: harness::NewClient| {
        client
            .public()
            .set(
                "token_endpoint_auth_method",
                json!("attest_jwt_client_auth"),
            )
            .set("client_attestation_jwks", registered(attester))
    };
    world.app_with(client).await
}

async fn instance(world: &World, attester: &SigningKey, key: &Arc<SigningKey>) -> Client {
    let text = attestation(world, attester, key);
    let credentials = Credentials::attested("app", Arc::clone(key), move || Some(text.clone()));
    builder(world, credentials.unwrap())
        .discover()
        .await
        .unwrap()
}

on_each_engine! {
    /// §5, §6: a proof for each request, and the server's challenge in it where that is demanded; pushed requests included.
    async fn an_attested_instance_signs_a_person_in(world: World) {
        for demanded in [false, true] {
            let world = world.listening().await;
            let attester = key();
            let app = wallet(&world, &attester).await;
            world.settings(|settings| settings.require_attestation_challenge = demanded).await;
            let key = Arc::new(key());
            let client = instance(&world, &attester, &key).await;
            let ask = client.authorize().scope("openid offline_access").prompt("consent").redirect_uri(CALLBACK);
            let pending = ask.pushed().start().await.unwrap();
            let query = comes_back(&world, &app, &pending).await;
            let session = client.finish(&pending, &query).await.unwrap();
            for _ in 0..3 {
                // Challenges get old meanwhile.
                world.advance(400);
                session.refresh().await.unwrap();
            }
            session.revoke().await.unwrap();
        }
    }

    /// §8: what one instance got is nothing for another one, and an instance that nobody attests is nobody.
    async fn another_instance_gets_nothing(world: World) {
        let world = world.listening().await;
        let attester = key();
        let app = wallet(&world, &attester).await;
        let client = instance(&world, &attester, &Arc::new(key())).await;
        let ask = client.authorize().scope("openid offline_access").prompt("consent").redirect_uri(CALLBACK);
        let pending = ask.start().await.unwrap();
        let query = comes_back(&world, &app, &pending).await;
        let session = client.finish(&pending, &query).await.unwrap();
        let tokens = session.tokens().await.unwrap();
        let other = instance(&world, &attester, &Arc::new(key())).await;
        assert!(matches!(other.resume(tokens.clone()).refresh().await, Err(Error::SignInAgain)));
        let stranger = instance(&world, &key(), &Arc::new(key())).await;
        let refused = stranger.resume(tokens).refresh().await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::InvalidClient));
        let gone = Credentials::attested("app", key(), || None).unwrap();
        let gone = builder(&world, gone).discover().await.unwrap();
        assert!(matches!(gone.authorize().pushed().redirect_uri(CALLBACK).start().await, Err(Error::Incomplete(_))));
        session.refresh().await.unwrap();
    }
}
