//! What happens on the way between an application and its server.

use grantor_client::{CallbackError, Client, Credentials, Error, Pending};
use jose::{Algorithm, SigningKey, base64url};
use serde_json::{Value, json};

use super::{builder, comes_back, kept, key, registered, shop};
use crate::harness::{CALLBACK, World, query_of};
use crate::on_each_engine;

async fn refused(client: &Client, pending: &Pending, query: &str) -> CallbackError {
    match client.finish(pending, query).await {
        Err(Error::Callback(error)) => error,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("accepted: {query}"),
    }
}

/// The address with one character of the payload of its `request` changed to say something else.
fn tampered(url: &str, change: impl Fn(&mut Value)) -> String {
    let query = query_of(&url.parse().unwrap());
    let object = &query["request"];
    let parts: Vec<&str> = object.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&base64url::decode(parts[1]).unwrap()).unwrap();
    change(&mut claims);
    let payload = base64url::encode(claims.to_string());
    url.replace(object, &[parts[0], &payload, parts[2]].join("."))
}

on_each_engine! {
    /// RFC 9207 §2.4, RFC 9700 §4.4: an honest answer of another server, to which the browser was led meanwhile; plain and signed.
    async fn the_answer_of_another_server_is_refused(world: World) {
        for profile in ["oauth2.1", "fapi2-security", "fapi2-message-signing"] {
            let (ours, theirs) = (world.listening().await, world.listening().await);
            let key = key();
            let mut sides = Vec::new();
            for world in [&ours, &theirs] {
                world.profile(profile).await;
                let app = shop(world, &key).await;
                let client = builder(world, Credentials::private_key_jwt("app", &kept(&key)).unwrap()).dpop(self::key()).discover().await.unwrap();
                let pending = client.authorize().scope("openid").redirect_uri(CALLBACK).start().await.unwrap();
                let query = comes_back(world, &app, &pending).await;
                sides.push((client, pending, query));
            }
            let [(client, pending, query), (other, other_pending, other_query)] = &sides[..] else { panic!() };
            let signed = profile == "fapi2-message-signing";
            // As it came, and with our state in it where anybody can put it.
            let error = refused(client, pending, other_query).await;
            assert_eq!(matches!(error, CallbackError::Response(_)), signed, "{error:?}");
            if !signed {
                let mixed = other_query.replace(other_pending.state(), pending.state());
                assert_eq!(refused(client, pending, &mixed).await, CallbackError::Issuer);
                let silent = mixed.split('&').filter(|pair| !pair.starts_with("iss=")).collect::<Vec<_>>().join("&");
                assert_eq!(refused(client, pending, &silent).await, CallbackError::IssuerMissing);
            }
            assert_eq!(refused(other, pending, query).await, CallbackError::OtherClient);
            // It counts once, and twice is worse than once: whoever has the code as well loses what it gave.
            let session = client.finish(pending, query).await.unwrap();
            let again = client.finish(pending, query).await.err().unwrap();
            assert_eq!(again.code(), Some(oauth::ErrorCode::InvalidGrant), "{again}");
            assert!(session.userinfo().await.is_err());
        }
    }

    /// JARM §2.4: signed by the server, and not with what the application expects.
    async fn an_answer_signed_in_another_way_is_refused(world: World) {
        let world = world.listening().await;
        let key = key();
        let app = world.app_with(|client| {
            client.public().set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", registered(&key)).set("authorization_signed_response_alg", json!("EdDSA"))
        }).await;
        let credentials = || Credentials::private_key_jwt("app", &kept(&key)).unwrap();
        let expecting = async |algorithm| builder(&world, credentials()).signed_response_algorithm(algorithm).discover().await.unwrap();
        let client = expecting(Algorithm::Es256).await;
        let pending = client.authorize().scope("openid").signed_response().redirect_uri(CALLBACK).start().await.unwrap();
        let query = comes_back(&world, &app, &pending).await;
        assert_eq!(refused(&client, &pending, &query).await, CallbackError::Response(jose::Error::AlgorithmNotAllowed));
        expecting(Algorithm::EdDsa).await.finish(&pending, &query).await.unwrap();
    }

    /// RFC 9101 §5.1, §6.2, §10.2: what was signed cannot be changed on the way, and what stands beside it does not count.
    async fn a_request_object_that_was_tampered_with_gets_nothing(world: World) {
        let world = world.listening().await;
        let key = key();
        let app = shop(&world, &key).await;
        let client = builder(&world, Credentials::private_key_jwt("app", &kept(&key)).unwrap()).discover().await.unwrap();
        let start = async || client.authorize().scope("openid").signed_request().redirect_uri(CALLBACK).start().await.unwrap();
        let pending = start().await;
        let object = query_of(&pending.url().parse().unwrap())["request"].clone();
        let unsigned = {
            let payload = object.split('.').nth(1).unwrap();
            format!("{}.{payload}.", base64url::encode(r#"{"alg":"none"}"#))
        };
        let strange = builder(&world, Credentials::private_key_jwt("app", &kept(&self::key())).unwrap()).discover().await.unwrap();
        let strange = strange.authorize().scope("openid").signed_request().redirect_uri(CALLBACK).start().await.unwrap();
        for bad in [
            tampered(pending.url(), |claims| claims["scope"] = json!("openid notes.read")),
            tampered(pending.url(), |claims| claims["redirect_uri"] = json!("https://evil.example/")),
            tampered(pending.url(), |_| ()).replace(&object, &unsigned),
            pending.url().replace(&object, &object[..object.len() - 4]),
            strange.url().to_owned(),
        ] {
            let page = world.browser().get(&bad).await;
            // At most the application is told, where it registered to be.
            let told = page.leaving.as_ref().map(|url| (url.host_str(), query_of(url)));
            let fine = told.is_none_or(|(host, query)| host == Some("app.example") && query["error"] == "invalid_request_object" && !query.contains_key("code"));
            assert!(fine && !page.has("password"), "{bad}: {:?}", page.way);
        }
        // Beside it: a wider scope and another place to go to.
        let beside = pending.url().replace("scope=openid", "scope=openid+notes.read") + "&redirect_uri=https%3A%2F%2Fevil.example%2F&state=evil";
        let mut browser = world.browser();
        let page = browser.get(&beside).await;
        let page = world.flow(&app).go_on(&mut browser, page).await;
        assert_eq!(page.left().host_str(), Some("app.example"));
        let session = client.finish(&pending, page.left().query().unwrap()).await.unwrap();
        assert_eq!(session.tokens().await.unwrap().scope().to_string(), "openid");
        // An old one is over.
        let pending = start().await;
        world.advance(400);
        assert!(!world.browser().get(pending.url()).await.has("password"));
    }

    /// RFC 9101 §10.2: a key of another kind than the client registered signs nothing that counts, and a secret is no key.
    async fn requests_are_signed_with_what_is_registered(world: World) {
        let world = world.listening().await;
        let key = SigningKey::generate(Algorithm::Ps256).unwrap();
        let app = world.app_with(|client| client.set("jwks", registered(&key)).set("request_object_signing_alg", json!("ES256"))).await;
        let secret = || Credentials::basic("app", app.secret.clone().unwrap());
        let client = builder(&world, secret()).request_key(key).discover().await.unwrap();
        let refused = client.authorize().scope("openid").pushed().redirect_uri(CALLBACK).start().await;
        let code = refused.err().unwrap();
        assert_eq!(code.code(), Some(oauth::ErrorCode::InvalidRequestObject), "{code:?}");
        let shared = jose::Jwk::symmetric(&[7; 64]).unwrap().with_kid("s");
        let shared = SigningKey::from_jwk(&shared, Algorithm::Hs256).unwrap();
        assert!(builder(&world, secret()).request_key(shared).discover().await.is_err());
    }
}
