//! Requests of the library that are pushed, signed, or in particular.

use grantor_client::{Credentials, Error, Tokens};
use jose::{Algorithm, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{builder, comes_back, kept, key, registered, shop};
use crate::harness::{CALLBACK, World, query_of};
use crate::on_each_engine;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Permission {
    Payment { payee: String, euros: u32 },
}

/// The API `urn:example:bank`.
async fn bank(world: &World) {
    let schema = json!({"type": "object", "required": ["type", "payee", "euros"], "additionalProperties": false, "properties": {
        "type": {"const": "payment"}, "payee": {"type": "string"}, "euros": {"type": "integer", "maximum": 1000},
    }});
    let kind =
        json!({"type": "payment", "words": "Pay {euros} euros to {payee}", "schema": schema});
    let bank = json!({"id": "urn:example:bank", "name": "The bank", "scopes": [], "authorization_details_types": [kind]});
    world.resource_document(bank).await;
}

fn granted(tokens: &Tokens) -> Vec<Permission> {
    tokens.details().unwrap()
}

on_each_engine! {
    /// RFC 9126 §2.1, §4 and RFC 9101 §5, §6, §6.1: asked for where the server does not demand it, each alone and both.
    async fn a_request_is_pushed_or_signed_where_the_application_likes(world: World) {
        let world = world.listening().await;
        let key = key();
        let app = shop(&world, &key).await;
        let client = builder(&world, Credentials::private_key_jwt("app", &kept(&key)).unwrap()).discover().await.unwrap();
        let ask = || client.authorize().scope("openid notes.read").max_age(600).resource("urn:example:notes").redirect_uri(CALLBACK);
        for (request, carried) in [
            (ask().pushed(), vec!["client_id", "request_uri"]),
            (ask().signed_request().pushed(), vec!["client_id", "request_uri"]),
            (ask().signed_request(), vec!["client_id", "request", "response_type", "scope"]),
            (ask().encrypted_request(), vec!["client_id", "request", "response_type", "scope"]),
            (ask().encrypted_request().pushed(), vec!["client_id", "request_uri"]),
        ] {
            let pending = request.start().await.unwrap();
            let query = query_of(&pending.url().parse().unwrap());
            assert_eq!(query.keys().collect::<Vec<_>>(), carried);
            let answer = comes_back(&world, &app, &pending).await;
            let session = client.finish(&pending, &answer).await.unwrap();
            assert_eq!(session.tokens().await.unwrap().scope().to_string(), "openid notes.read");
        }
        let refused = ask().scope("nothing.known").pushed().start().await;
        assert!(matches!(refused, Err(Error::Refused { endpoint: "pushed_authorization_request", .. })), "{refused:?}");
    }

    /// RFC 9101 §4: a client with another method has a key for requests alone.
    async fn a_client_with_a_secret_signs_with_a_key_for_requests(world: World) {
        let world = world.listening().await;
        let signs = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let app = world.app_with(|client| client.set("jwks", registered(&signs)).set("request_object_signing_alg", json!("EdDSA"))).await;
        let secret = || Credentials::basic("app", app.secret.clone().unwrap());
        let without = builder(&world, secret()).discover().await.unwrap();
        let refused = without.authorize().signed_request().redirect_uri(CALLBACK).start().await;
        assert!(matches!(refused, Err(Error::Incomplete(_))));
        let client = builder(&world, secret()).request_key(signs).discover().await.unwrap();
        let pending = client.authorize().scope("openid").redirect_uri(CALLBACK).start().await.unwrap();
        assert!(pending.url().contains("request="));
        let answer = comes_back(&world, &app, &pending).await;
        assert!(client.finish(&pending, &answer).await.unwrap().claims().is_some());
    }

    /// RFC 9396 §2, §7, §8: the application's own types, from the request by the consent to the tokens, a refresh included; pushed, signed or neither.
    async fn a_permission_is_asked_for_and_granted_as_the_applications_own_type(world: World) {
        let world = world.listening().await;
        let key = key();
        bank(&world).await;
        let app = world.app_with(|client| {
            client.public().scope("openid offline_access").set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", registered(&key))
                .set("authorization_details_types", json!(["payment"]))
        }).await;
        let client = builder(&world, Credentials::private_key_jwt("app", &kept(&key)).unwrap()).discover().await.unwrap();
        let payment = || Permission::Payment { payee: "Merchant A".to_owned(), euros: 10 };
        let ask = || client.authorize().scope("openid offline_access").prompt("consent").detail(&payment()).redirect_uri(CALLBACK);
        for request in [ask(), ask().pushed(), ask().signed_request(), ask().signed_request().pushed()] {
            let pending = request.start().await.unwrap();
            let mut browser = world.browser();
            let page = browser.get(pending.url()).await;
            let page = browser.press(&page, "sign-in", &[("username", "alice"), ("password", "correct-horse-battery")]).await;
            assert!(page.says("Pay 10 euros to “Merchant A”"), "{}", page.words());
            let page = world.flow(&app).go_on(&mut browser, page).await;
            let session = client.finish(&pending, page.left().query().unwrap()).await.unwrap();
            assert_eq!(granted(&session.tokens().await.unwrap()), [payment()]);
            session.refresh().await.unwrap();
            assert_eq!(granted(&session.tokens().await.unwrap()), [payment()]);
            assert!(session.tokens().await.unwrap().details::<Vec<String>>().is_err());
        }
        // What the API's schema does not have is refused, and what is no detail is never sent.
        let much = Permission::Payment { payee: "Merchant A".to_owned(), euros: 1001 };
        let refused = ask().detail(&much).pushed().start().await.err().unwrap();
        assert_eq!(refused.code(), Some(oauth::ErrorCode::InvalidAuthorizationDetails));
        for nonsense in [json!("payment"), json!({"payee": "nobody"})] {
            assert!(matches!(ask().detail(&nonsense).start().await, Err(Error::Incomplete(_))));
        }
    }
}
