//! OpenID Connect Back-Channel Logout 1.0: clients are told when a session ends, however it ends.

mod cost;
pub mod delivery;
mod endings;

use serde_json::{Value, json};

use crate::harness::{ALICE, Browser, Client, HANGS, Receiver, Tokens, World, set};
use crate::on_each_engine;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A client that is told at this address.
pub async fn told(world: &World, id: &str, uri: &str) -> Client {
    let client = world.client(id).trusted();
    let client = client.scope("openid profile offline_access");
    client
        .set("backchannel_logout_uri", json!(uri))
        .create()
        .await
}

/// alice, and a client that is told at the receiver.
async fn app(world: &World, receiver: &Receiver) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    told(world, "app", &receiver.url).await
}

/// What happens in the background: what has ended becomes notices, and these are delivered.
pub async fn settle(world: &World) {
    for _ in 0..3 {
        world.sync().await;
    }
}

/// The logout tokens that were received, their signatures verified.
async fn tokens(world: &World, receiver: &Receiver) -> Vec<Value> {
    let mut all = Vec::new();
    for heard in receiver.heard() {
        assert_eq!(heard.content_type, "application/x-www-form-urlencoded");
        all.push(world.claims(&heard.form("logout_token")).await);
    }
    all
}

/// The session of an ID token.
async fn sid(world: &World, tokens: &Tokens) -> String {
    let claims = world.claims(tokens.id()).await;
    claims["sid"].as_str().unwrap().to_owned()
}

on_each_engine! {
    /// §2.4 and §2.5: one token for each client at which the session was used, by POST, and no token for others.
    async fn each_client_of_the_session_is_told_once(world: World) {
        let (one, two, none) = (Receiver::new().await, Receiver::new().await, Receiver::new().await);
        let app = app(&world, &one).await;
        let other = told(&world, "other", &two.url).await;
        told(&world, "unused", &none.url).await;
        let silent = world.client("silent").trusted().create().await;
        let mut browser = world.browser();
        let first = world.flow(&app).tokens_in(&mut browser).await;
        for client in [&app, &other, &silent, &app] {
            world.flow(client).tokens_in(&mut browser).await;
        }
        world.sign_out(&mut browser).await;
        assert!(one.heard().is_empty(), "it is queued");
        settle(&world).await;
        let heard = one.heard();
        assert_eq!(heard.len(), 1);
        let text = heard[0].form("logout_token");
        let header = jose::jws::peek(&text).unwrap();
        assert_eq!(header.header.typ.as_deref(), Some("logout+jwt"));
        let claims = world.claims(&text).await;
        let known = world.claims(first.id()).await;
        assert_eq!(claims["iss"], world.issuer());
        assert_eq!(claims["aud"], "app");
        assert_eq!((&claims["sub"], &claims["sid"]), (&known["sub"], &known["sid"]));
        assert_eq!(claims["events"], json!({ EVENT: {} }));
        assert_eq!(claims["iat"], world.now());
        assert_eq!(claims["exp"], world.now() + 120);
        let names = set(["iss", "sub", "aud", "iat", "exp", "jti", "events", "sid"]);
        assert_eq!(set(claims.as_object().unwrap().keys().map(String::as_str)), names);
        let others = tokens(&world, &two).await;
        assert_eq!(others.len(), 1);
        assert_ne!(others[0]["jti"], claims["jti"]);
        assert!(none.heard().is_empty());
        settle(&world).await;
        assert!(one.heard().is_empty() && two.heard().is_empty(), "told once");
    }

    /// A logout token is no other token of ours: not a hint, not an ID token, not an access token.
    async fn a_logout_token_is_good_for_nothing_else(world: World) {
        let receiver = Receiver::new().await;
        let app = app(&world, &receiver).await;
        let mut browser = world.browser();
        world.flow(&app).tokens_in(&mut browser).await;
        world.sign_out(&mut browser).await;
        settle(&world).await;
        let token = receiver.heard()[0].form("logout_token");
        world.userinfo(&token).await.status(401);
        world.flow(&app).tokens_in(&mut browser).await;
        let page = browser.get(&format!("/logout?id_token_hint={token}")).await;
        assert!(page.has("sign-out"), "it is no hint: {}", page.words());
        let hinted = world.flow(&app).with("prompt", "none").with("id_token_hint", &token);
        assert_eq!(hinted.error(&mut browser).await, "invalid_request");
    }

    /// Discovery says so (§2.1), and a client registers for it (§2.2).
    async fn it_is_in_the_metadata(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["backchannel_logout_supported"], true);
        assert_eq!(document["backchannel_logout_session_supported"], true);
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let mut metadata = json!({
            "redirect_uris": ["https://app.example/callback"],
            "backchannel_logout_uri": "https://app.example/out?tenant=1",
            "backchannel_logout_session_required": true,
        });
        let register = async |metadata: &Value| world.post("/register").json(metadata).send().await;
        let made = register(&metadata).await;
        made.status(201);
        assert_eq!(made.json()["backchannel_logout_uri"], metadata["backchannel_logout_uri"]);
        assert_eq!(made.json()["backchannel_logout_session_required"], true);
        for uri in ["http://app.example/out", "https://app.example/out#x", "ftp://app.example/", "/out", "javascript:alert(1)"] {
            metadata["backchannel_logout_uri"] = json!(uri);
            register(&metadata).await.refused(400, "invalid_client_metadata");
        }
    }

    /// §2.4: the person has the name by which the client knows them, and the token is encrypted where ID tokens are.
    async fn a_logout_token_speaks_and_hides_as_id_tokens_do(world: World) {
        let receiver = Receiver::new().await;
        let mut key = serde_json::to_value(jose::SigningKey::generate(jose::Algorithm::Es256).unwrap().jwk()).unwrap();
        key.as_object_mut().unwrap().remove("alg");
        key["use"] = json!("enc");
        let private = jose::Jwk::from_value(key.clone()).unwrap();
        key.as_object_mut().unwrap().remove("d");
        let open = |token: &str| {
            let accepted = jose::jwe::Accepted {
                key_management: &[jose::jwe::KeyManagement::EcdhEs],
                content: &jose::jwe::ContentEncryption::ALL,
            };
            let opened = jose::jwe::decrypt(token, &private, &accepted).unwrap();
            String::from_utf8(opened.plaintext).unwrap()
        };
        world.person(ALICE.0, ALICE.1).await;
        let client = world.client("app").trusted().set("backchannel_logout_uri", json!(receiver.url));
        let client = client.set("subject_type", json!("pairwise")).set("jwks", json!({ "keys": [key] }));
        let app = client.set("id_token_encrypted_response_alg", json!("ECDH-ES")).create().await;
        let mut browser = world.browser();
        let known = world.flow(&app).tokens_in(&mut browser).await;
        let known = world.claims(&open(known.id())).await;
        world.sign_out(&mut browser).await;
        settle(&world).await;
        let heard = receiver.heard()[0].form("logout_token");
        let heard = world.claims(&open(&heard)).await;
        assert_eq!((&heard["sub"], &heard["sid"]), (&known["sub"], &known["sid"]));
        assert_eq!(heard["events"], json!({ EVENT: {} }));
    }
}
