//! grantor-resource asks the server about opaque tokens, over a real socket and at realms that want more than a secret (RFC 7662, RFC 9701, FAPI 2.0).

use axum::Router;
use axum::routing::get;
use fetch::{ClientIdentity, Fetch, FetchOptions};
use grantor_client::{Client, Credentials, TokenSource};
use grantor_resource::{AccessToken, Builder, Caller, Verifier};
use jose::{Algorithm, Jwk, SigningKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::World;
use crate::harness::authority::identity;
use crate::on_each_engine;

const API: &str = "urn:example:sealed";
const FAPI: [&str; 2] = ["fapi2-security", "fapi2-message-signing"];
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ps256];

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// An API whose tokens are opaque.
async fn sealed(world: &World) {
    let document = json!({
        "id": API, "name": "Sealed", "token_format": "opaque", "scopes": [{"name": "sealed.read", "description": "Read"}],
    });
    world.resource_document(document).await;
}

/// A client without a secret, which registers these members.
async fn register(world: &World, id: &str, members: &[(&str, Value)]) {
    let client = world
        .client(id)
        .public()
        .redirects(&[])
        .grants(&["client_credentials"]);
    let client = client.scope("sealed.read").default_scope("sealed.read");
    let client = members.iter().fold(client, |client, (name, value)| {
        client.set(name, value.clone())
    });
    client.create().await;
}

/// The client that is the API, which has this key and registers these members too.
async fn api(world: &World, key: &SigningKey, more: &[(&str, Value)]) {
    let own = [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("jwks", json!({"keys": [key.public_jwk().unwrap()]})),
        ("introspects", json!([API])),
    ];
    register(world, "api", &[own.as_slice(), more].concat()).await;
}

/// A service that has tokens for the API, bound to a key.
async fn service(world: &World) -> TokenSource {
    let key = key();
    let members = [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("jwks", json!({"keys": [key.public_jwk().unwrap()]})),
    ];
    register(world, "service", &members).await;
    let client = Client::builder(
        world.issuer(),
        Credentials::signing_key("service", key).unwrap(),
    )
    .ambient(world.node().ambient().clone())
    .fetch(Fetch::new(FetchOptions::loopback()).unwrap())
    .dpop(self::key())
    .discover()
    .await
    .unwrap();
    client.service().scope("sealed.read").tokens().unwrap()
}

/// The API, served with such a verifier; hands back the address of what it protects.
async fn served(world: &World, change: impl FnOnce(Builder) -> Builder) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let builder = Verifier::builder(world.issuer(), API)
        .clock(world.node().ambient().clock.clone())
        .fetch(FetchOptions::loopback())
        .dpop(&address);
    let verifier = change(builder).build().unwrap();
    let read = async |token: AccessToken| format!("{} reads", token.client_id);
    let router = Router::new()
        .route("/read", get(read))
        .layer(verifier.require("sealed.read"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("{address}/read")
}

async fn status(tokens: &TokenSource, address: &str) -> u16 {
    tokens.get(address).await.unwrap().status.as_u16()
}

on_each_engine! {
    /// FAPI 2.0 Security Profile §5.3.2.1, Message Signing §5.5: an API that proves its key is told, and what it is told is signed for it alone.
    async fn an_api_asks_at_a_realm_of_fapi(world: World) {
        for profile in FAPI {
            let world = world.listening().await;
            world.profile(profile).await;
            sealed(&world).await;
            let (own, stranger) = (key(), key());
            api(&world, &own, &[]).await;
            let service = service(&world).await;
            assert!(service.access_token().await.unwrap().as_str().starts_with("gat_"));
            let jwk = serde_json::to_string(&own.jwk()).unwrap();
            let caller = || Caller::private_key_jwt("api", &jwk).unwrap();

            let signed = served(&world, |builder| builder.introspect_by(caller(), 30).signed_introspection(&ALGORITHMS)).await;
            let answer = service.get(&signed).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.text().unwrap()), (200, "service reads"), "{profile}");
            // Whoever does not ask for a signature verifies one all the same.
            let any = served(&world, |builder| builder.introspect_by(caller(), 30)).await;
            assert_eq!(status(&service, &any).await, 200);
            // By no algorithm that the API does not take, with no key that the server does not know, and with no secret.
            let picky = served(&world, |builder| builder.introspect_by(caller(), 30).signed_introspection(&[Algorithm::Es512])).await;
            assert_eq!(status(&service, &picky).await, 503);
            let false_key = Caller::signing_key("api", stranger).unwrap();
            let unknown = served(&world, |builder| builder.introspect_by(false_key, 30)).await;
            assert_eq!(status(&service, &unknown).await, 503);
            let secret = served(&world, |builder| builder.introspect_as("api", "a secret of nobody", 30)).await;
            assert_eq!(status(&service, &secret).await, 503);
        }
    }

    /// RFC 9701 §5: an answer that is encrypted for the API; and an API that has a key for that takes no other.
    async fn an_api_opens_answers_that_are_encrypted_for_it(world: World) {
        let world = world.listening().await;
        world.profile(FAPI[1]).await;
        sealed(&world).await;
        let (own, opens) = (key(), key().jwk());
        let meant = |key: &Jwk| {
            let mut value = key.to_value();
            value["use"] = json!("enc");
            value["kid"] = json!("to-encrypt");
            value.as_object_mut().unwrap().remove("alg");
            value
        };
        let keys = json!({"keys": [own.public_jwk().unwrap(), meant(&opens.public().unwrap())]});
        let encrypted = [("jwks", keys), ("introspection_encrypted_response_alg", json!("ECDH-ES+A128KW"))];
        api(&world, &own, &encrypted).await;
        let plain = [
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("jwks", json!({"keys": [own.public_jwk().unwrap()]})),
            ("introspects", json!([API])),
        ];
        register(&world, "plain", &plain).await;
        let service = service(&world).await;
        let opens = Jwk::from_value(meant(&opens)).unwrap();
        let jwk = serde_json::to_string(&own.jwk()).unwrap();
        let caller = |id: &str| Caller::private_key_jwt(id, &jwk).unwrap();
        let with_key = served(&world, |builder| builder.introspect_by(caller("api"), 30).introspection_key(opens.clone())).await;
        assert_eq!(status(&service, &with_key).await, 200);
        let without = served(&world, |builder| builder.introspect_by(caller("api"), 30)).await;
        assert_eq!(status(&service, &without).await, 503);
        let not_encrypted = served(&world, |builder| builder.introspect_by(caller("plain"), 30).introspection_key(opens)).await;
        assert_eq!(status(&service, &not_encrypted).await, 503);
    }

    /// RFC 8705 §2: an API that shows its certificate where the server asks for it.
    async fn an_api_shows_its_certificate_to_ask(world: World) {
        let (world, pem) = world.listening_with_tls().await;
        world.profile(FAPI[1]).await;
        sealed(&world).await;
        let members = [
            ("token_endpoint_auth_method", json!("tls_client_auth")),
            ("tls_client_auth_san_dns", json!("service.example")),
            ("introspects", json!([API])),
        ];
        register(&world, "api", &members).await;
        let (_, own) = identity();
        let options = |identity: Option<&str>| FetchOptions {
            extra_roots: vec![pem.clone()],
            identity: identity.map(ClientIdentity::from_pem),
            ..FetchOptions::loopback()
        };
        let (certificate, _) = identity();
        let form = [("grant_type", "client_credentials"), ("client_id", "api"), ("scope", "sealed.read")];
        let token = world.post("/token").certificate(&certificate).form(&form).send().await;
        let token = token.text("access_token");
        for (identity, known) in [(Some(own.as_str()), true), (None, false)] {
            let verifier = Verifier::builder(world.issuer(), API)
                .clock(world.node().ambient().clock.clone())
                .fetch(options(identity))
                .introspect_by(Caller::certificate("api"), 30)
                .signed_introspection(&ALGORITHMS)
                .build()
                .unwrap();
            let refused = verifier.verify(&token).await.unwrap_err();
            // It is bound to the certificate: known, and no bearer token.
            assert_eq!(matches!(refused, grantor_resource::Refusal::Bound), known, "{refused}");
        }
    }
}

/// Neither a public key nor one that anybody shares proves who asks.
#[test]
fn only_a_private_key_asks_about_tokens() {
    let public = serde_json::to_string(&key().public_jwk().unwrap()).unwrap();
    assert!(Caller::private_key_jwt("api", &public).is_err());
    assert!(Caller::private_key_jwt("api", "{}").is_err());
    let shared = SigningKey::from_jwk(
        &Jwk::symmetric(&[7; 32]).unwrap().with_kid("k"),
        Algorithm::Hs256,
    );
    assert!(Caller::signing_key("api", shared.unwrap()).is_err());
    let caller = Caller::basic("api", "a very secret secret");
    assert!(!format!("{caller:?}").contains("secret"));
}
