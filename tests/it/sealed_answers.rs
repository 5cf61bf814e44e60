//! ID tokens and answers about people that are signed and encrypted as their client registered: OpenID Connect Core §3.1.3.7, §5.3.2, §10, §16.14.

use std::sync::{Arc, Mutex};

use fetch::{Fetch, FetchOptions};
use grantor_client::{Client as Library, ClientBuilder, Credentials, Error, IdTokenError, Session};
use jose::jwe::{self, Accepted, ContentEncryption, Decrypted, KeyManagement};
use jose::{Algorithm, Jwk, SigningKey, jws};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{CALLBACK, Client, NewClient, World};
use crate::on_each_engine;

/// A key to encrypt to: as its owner has it, and as it is registered.
pub fn pair(kid: &str) -> (Jwk, Value) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap().jwk();
    let mut private = serde_json::to_value(key).unwrap();
    private.as_object_mut().unwrap().remove("alg");
    (private["use"], private["kid"]) = (json!("enc"), json!(kid));
    let mut public = private.clone();
    public.as_object_mut().unwrap().remove("d");
    (Jwk::from_value(private).unwrap(), public)
}

pub fn opened(token: &str, key: &Jwk) -> Option<Decrypted> {
    let accepted = Accepted {
        key_management: &[KeyManagement::EcdhEs],
        content: &ContentEncryption::ALL,
    };
    jwe::decrypt(token, key, &accepted).ok()
}

pub fn text(opened: Decrypted) -> String {
    String::from_utf8(opened.plaintext).unwrap()
}

/// A client whose ID tokens are encrypted to the keys that it registers so.
fn encrypting(client: NewClient, (keys, value): (&str, Value)) -> NewClient {
    let client = client.set(keys, value).trusted();
    client.set("id_token_encrypted_response_alg", json!("ECDH-ES"))
}

/// An address that publishes what is put there: nothing, at first.
async fn published() -> (String, Arc<Mutex<Option<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    let keys = Arc::new(Mutex::new(None::<Value>));
    let shown = Arc::clone(&keys);
    let router = axum::Router::new().fallback(move || async move {
        match &*shown.lock().unwrap() {
            Some(keys) => (axum::http::StatusCode::OK, keys.to_string()),
            None => (axum::http::StatusCode::SERVICE_UNAVAILABLE, String::new()),
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (at, keys)
}

/// A sign-in by grantor-client.
async fn session(
    world: &World,
    client: &Client,
    build: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Session, Error> {
    let credentials = Credentials::basic(&client.id, client.secret.clone().unwrap());
    let builder = Library::builder(world.issuer(), credentials)
        .ambient(world.node().ambient().clone())
        .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
        .id_token_algorithm(Algorithm::Es256);
    let library = build(builder).discover().await?;
    let asked = library
        .authorize()
        .scope("openid email")
        .redirect_uri(CALLBACK)
        .start()
        .await?;
    let mut browser = world.browser();
    let page = browser.get(asked.url()).await;
    let page = world.flow(client).go_on(&mut browser, page).await;
    library
        .finish(&asked, page.left().query().unwrap_or_default())
        .await
}

on_each_engine! {
    /// Core §5.3.2: signed as registered, `application/jwt`, from this issuer and for this client alone; for others it stays JSON.
    async fn an_answer_about_a_person_is_signed_as_registered(world: World) {
        world.app().await;
        for algorithm in ["ES256", "EdDSA", "RS256"] {
            let app = world.client(algorithm).set("userinfo_signed_response_alg", json!(algorithm)).create().await;
            let tokens = world.flow(&app).with("scope", "openid email").tokens().await;
            let answer = world.userinfo(tokens.access()).await;
            answer.status(200).not_stored();
            assert_eq!(answer.header("content-type"), "application/jwt");
            let (used, claims) = world.verified(&answer.body).await;
            assert_eq!(used.as_str(), algorithm);
            let sub = world.claims(tokens.id()).await["sub"].clone();
            assert_eq!(claims, json!({
                "iss": world.issuer(), "aud": algorithm, "sub": sub, "email": "alice@example.com", "email_verified": claims["email_verified"],
            }));
            // A refusal is none.
            let refused = world.userinfo("x").await;
            assert_eq!(refused.status(401).header("content-type"), "application/json");
        }
    }

    /// Core §16.14: signed first, then encrypted; encrypted alone when only that is registered, and then it says of no content that it is a JWT.
    async fn an_answer_about_a_person_is_encrypted_as_registered(world: World) {
        world.app().await;
        let (key, public) = pair("for-us");
        for (id, signed) in [("signed", json!("ES256")), ("alone", Value::Null)] {
            let app = world
                .client(id)
                .set("jwks", json!({"keys": [public.clone()]}))
                .set("userinfo_signed_response_alg", signed.clone())
                .set("userinfo_encrypted_response_alg", json!("ECDH-ES"))
                .set("userinfo_encrypted_response_enc", json!("A256GCM"))
                .create()
                .await;
            let tokens = world.flow(&app).tokens().await;
            let answer = world.userinfo(tokens.access()).await;
            assert_eq!(answer.status(200).header("content-type"), "application/jwt");
            let opened = opened(&answer.body, &key).unwrap();
            assert_eq!(opened.header.kid.as_deref(), Some("for-us"));
            assert_eq!(opened.header.cty.as_deref(), signed.as_str().map(|_| "JWT"));
            let inner = text(opened);
            let claims: Value = match signed {
                Value::Null => serde_json::from_str(&inner).unwrap(),
                _ => world.claims(&inner).await,
            };
            assert_eq!(claims["sub"], world.claims(tokens.id()).await["sub"]);
        }
    }

    /// A signed answer is no other token, although the same keys sign all of them.
    async fn an_answer_about_a_person_is_no_other_token(world: World) {
        let app = world.app_with(|client| client.set("userinfo_signed_response_alg", json!("ES256"))).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let jwt = world.userinfo(tokens.access()).await.body;
        world.userinfo(&jwt).await.status(401);
        assert_eq!(app.introspect(&jwt).await, json!({"active": false}));
        let flow = world.flow(&app).with("prompt", "none").with("id_token_hint", &jwt);
        assert_eq!(flow.error(&mut browser).await, "invalid_request");
    }

    /// Core §10.2: ID tokens are signed, then encrypted, wherever they come from: a code, a refresh token, the browser.
    async fn id_tokens_are_encrypted_as_registered(world: World) {
        world.profile("openid").await;
        let (key, public) = pair("for-us");
        let app = world
            .app_with(|client| {
                encrypting(client, ("jwks", json!({"keys": [public]})))
                    .set("allow_retired_grants", json!(true))
                    .set("grant_types", json!(["authorization_code", "refresh_token", "implicit"]))
                    .set("response_types", json!(["code", "code id_token"]))
            })
            .await;
        let tokens = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent").tokens().await;
        let again = app.refreshed(tokens.refresh()).await;
        let flow = world.flow(&app).with("response_type", "code id_token");
        let page = flow.walk(&mut world.browser()).await;
        let through_the_browser = flow.response(&page)["id_token"].clone();
        for token in [tokens.id(), again.id(), &through_the_browser] {
            let opened = opened(token, &key).expect("a JWE");
            assert_eq!(opened.header.cty.as_deref(), Some("JWT"));
            let inner = text(opened);
            assert_eq!(jws::peek(&inner).unwrap().algorithm, Algorithm::Es256);
            let claims = world.claims(&inner).await;
            assert_eq!((claims["aud"].as_str(), claims["iss"].as_str()), (Some("app"), Some(world.issuer())));
        }
        // Core §3.1.2.1: what the client has decrypted is a hint again.
        let hint = text(opened(tokens.id(), &key).unwrap());
        let flow = world.flow(&app).with("prompt", "none").with("id_token_hint", &hint);
        assert_eq!(flow.error(&mut world.browser()).await, "login_required");
    }

    /// Core §10.2.1: keys at an address are fetched, kept, and fetched again when the client has rotated them.
    async fn the_key_that_encrypts_follows_the_client(world: World) {
        let (at, keys) = published().await;
        let (first, public) = pair("first");
        *keys.lock().unwrap() = Some(json!({"keys": [public]}));
        let app = world.app_with(|client| encrypting(client, ("jwks_uri", json!(at)))).await;
        let mut browser = world.browser();
        let token = world.flow(&app).tokens_in(&mut browser).await.id().to_owned();
        assert!(opened(&token, &first).is_some());
        let (second, public) = pair("second");
        *keys.lock().unwrap() = Some(json!({"keys": [public]}));
        // Those at hand are good for a while.
        let token = world.flow(&app).tokens_in(&mut browser).await.id().to_owned();
        assert!(opened(&token, &first).is_some());
        world.advance(601);
        let token = world.flow(&app).tokens_in(&mut browser).await.id().to_owned();
        assert!(opened(&token, &second).is_some() && opened(&token, &first).is_none());
    }

    /// Nothing is sent in the clear when the keys cannot be had, and nothing is used up: the code works when they are there again.
    async fn a_client_whose_keys_cannot_be_had_loses_nothing(world: World) {
        let (at, keys) = published().await;
        let app = world.app_with(|client| {
            encrypting(client, ("jwks_uri", json!(at))).set("userinfo_encrypted_response_alg", json!("ECDH-ES"))
        }).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let refused = flow.redeem(&code).await;
        assert_eq!(refused.status, 503, "{refused:?}");
        world.advance(11);
        let (key, public) = pair("late");
        *keys.lock().unwrap() = Some(json!({"keys": [public]}));
        let tokens = flow.redeem(&code).await;
        let tokens = tokens.status(200).json();
        let inner = text(opened(tokens["id_token"].as_str().unwrap(), &key).unwrap());
        assert_eq!(world.claims(&inner).await["aud"], json!("app"));
        *keys.lock().unwrap() = None;
        world.advance(200);
        let access = tokens["access_token"].as_str().unwrap();
        assert!(opened(&world.userinfo(access).await.status(200).body, &key).is_some());
    }

    /// Registration §2: what cannot work is refused when it is registered.
    async fn algorithms_of_sealed_answers_are_checked_at_registration(world: World) {
        let (_, public) = pair("for-us");
        let keys = || ("jwks", json!({"keys": [public.clone()]}));
        for kind in ["id_token", "userinfo"] {
            let (alg, enc) = (format!("{kind}_encrypted_response_alg"), format!("{kind}_encrypted_response_enc"));
            for (case, members) in [
                ("no key", vec![(&*alg, json!("ECDH-ES"))]),
                ("a key of another kind", vec![(&*alg, json!("RSA-OAEP-256")), keys()]),
                ("a shared key", vec![(&*alg, json!("dir")), keys()]),
                ("RSA1_5", vec![(&*alg, json!("RSA1_5")), keys()]),
                ("an unknown content encryption", vec![(&*alg, json!("ECDH-ES")), (&*enc, json!("A1")), keys()]),
                ("content encryption alone", vec![(&*enc, json!("A256GCM")), keys()]),
                ("a symmetric signature", vec![("userinfo_signed_response_alg", json!("HS256"))]),
                ("none", vec![("userinfo_signed_response_alg", json!("none"))]),
            ] {
                let client = members.into_iter().fold(world.client("bad"), |client, (name, value)| client.set(name, value));
                assert!(client.try_create().await.is_none(), "{kind}: {case}");
            }
        }
    }

    /// Discovery §3: the metadata name the algorithms.
    async fn the_metadata_name_the_algorithms_of_sealed_answers(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        for (member, value) in [
            ("userinfo_signing_alg_values_supported", "RS256"),
            ("userinfo_encryption_alg_values_supported", "RSA-OAEP-256"),
            ("userinfo_encryption_enc_values_supported", "A128CBC-HS256"),
            ("id_token_encryption_alg_values_supported", "ECDH-ES"),
            ("id_token_encryption_enc_values_supported", "A256GCM"),
        ] {
            let values = document[member].as_array().unwrap_or_else(|| panic!("{member}: {document}"));
            assert!(values.contains(&json!(value)) && !values.contains(&json!("none")), "{member}: {values:?}");
        }
    }

    /// The library opens and verifies what its client registered for, and takes nothing less.
    async fn the_library_takes_sealed_answers_and_nothing_less(world: World) {
        let world = world.listening().await;
        let (key, public) = pair("for-us");
        let sealed = world
            .app_with(|client| {
                encrypting(client, ("jwks", json!({"keys": [public]})))
                    .set("userinfo_signed_response_alg", json!("ES256"))
                    .set("userinfo_encrypted_response_alg", json!("ECDH-ES"))
            })
            .await;
        let plain = world.client("plain").trusted().create().await;
        let signed = world.client("signed").trusted().set("userinfo_signed_response_alg", json!("EdDSA")).create().await;
        let all = |builder: ClientBuilder| {
            builder.id_token_key(key.clone()).userinfo_algorithm(Algorithm::Es256).userinfo_key(key.clone())
        };
        let info = session(&world, &sealed, all).await.unwrap().userinfo().await.unwrap();
        assert_eq!(info.person.email.as_deref(), Some("alice@example.com"));
        let refused = session(&world, &plain, all).await.err();
        assert!(matches!(refused, Some(Error::IdToken(IdTokenError::Token(_)))), "{refused:?}");
        for (client, algorithm) in [(&plain, Algorithm::Es256), (&signed, Algorithm::Es256)] {
            let session = session(&world, client, |builder| builder.userinfo_algorithm(algorithm)).await.unwrap();
            let refused = session.userinfo().await.err();
            assert!(matches!(refused, Some(Error::Response { endpoint: "userinfo", .. })), "{refused:?}");
        }
        let session = session(&world, &signed, |builder| builder.userinfo_algorithm(Algorithm::EdDsa)).await.unwrap();
        session.userinfo().await.unwrap();
    }
}
