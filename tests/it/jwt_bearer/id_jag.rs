//! ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant): issued by one grantor, accepted by another.

use serde_json::{Value, json};

use super::{GRANT, IDP, Issuer, alice, hand_in, jwks, realm_person, sign};
use crate::dpop::{self, Key};
use crate::harness::{ALICE, Answer, Client, Tokens, World};
use crate::on_each_engine;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const TYP: &str = "oauth-id-jag+jwt";
const CHAT: &str = "https://chat.example";

/// The identity provider's side: the application `wiki`, which chat.example calls `wiki-at-chat`.
async fn wiki(world: &World) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    let known = json!([{"audience": CHAT, "client_id": "wiki-at-chat", "scope": "chat.read chat.write", "resources": ["https://api.chat.example"]}]);
    world
        .client("wiki")
        .grants(&["authorization_code", "refresh_token", EXCHANGE])
        .scope("openid email offline_access")
        .set("token_exchange", json!({"identity_assertions": known}))
        .create()
        .await
}

async fn signed_in(world: &World, wiki: &Client) -> Tokens {
    let flow = world
        .flow(wiki)
        .with("scope", "openid offline_access")
        .with("prompt", "consent");
    flow.tokens().await
}

async fn ask(client: &Client, (token, kind): (&str, &str), more: &[(&str, &str)]) -> Answer {
    let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
    let mut form = vec![
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("subject_token", token),
        ("subject_token_type", kind.as_str()),
    ];
    form.extend_from_slice(more);
    client.token(&form).await
}

const FOR_CHAT: (&str, &str) = ("audience", CHAT);

/// The other side: the application `wiki-at-chat`, and the rule for what the identity provider says about people.
async fn chat(world: &World, idp: &str, keys: Value) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    world
        .resource(
            "https://api.chat.example",
            &[
                ("chat.read", "Read your chats"),
                ("chat.write", "Write in your name"),
            ],
        )
        .await;
    let document = json!({"issuer": idp, "jwks": keys, "rules": [{"condition": "true", "subject": {"person": {"claim": "email", "by": "email"}},
        "clients": ["wiki-at-chat"], "scope": "chat.read chat.write"}]});
    realm::issuers::put(
        world.realm(),
        serde_json::from_value(document).unwrap(),
        "test",
    )
    .await
    .unwrap();
    world
        .client("wiki-at-chat")
        .redirects(&[])
        .grants(&[GRANT])
        .scope("chat.read chat.write")
        .create()
        .await
}

on_each_engine! {
    /// §4.3: what is issued, for whom, and how it is told apart.
    async fn an_identity_provider_issues_it(world: World) {
        let wiki = wiki(&world).await;
        let tokens = signed_in(&world, &wiki).await;
        for (token, kind) in [(tokens.id(), "id_token"), (tokens.refresh(), "refresh_token")] {
            let answer = ask(&wiki, (token, kind), &[FOR_CHAT, ("scope", "chat.read"), ("resource", "https://api.chat.example")]).await;
            answer.status(200).not_stored();
            let body = answer.json();
            assert_eq!((&body["token_type"], &body["issued_token_type"]), (&json!("N_A"), &json!(ID_JAG)));
            assert_eq!((&body["scope"], body.get("refresh_token")), (&json!("chat.read"), None));
            let text = body["access_token"].as_str().unwrap();
            assert_eq!(jose::jws::peek(text).unwrap().header.typ.as_deref(), Some(TYP));
            let claims = world.claims(text).await;
            assert_eq!((&claims["aud"], &claims["client_id"]), (&json!(CHAT), &json!("wiki-at-chat")));
            assert_eq!((&claims["scope"], &claims["resource"]), (&json!("chat.read"), &json!("https://api.chat.example")));
            assert_eq!(claims["sub"].as_str().unwrap(), realm_person(&world).await);
            assert_eq!((&claims["email"], &claims["amr"]), (&json!("alice@example.com"), &json!(["pwd"])));
            assert!(claims["exp"].as_i64().unwrap() <= world.now() + 300 && claims["jti"].is_string());
            // No access token of ours.
            world.userinfo(text).await.status(401);
            assert!(!wiki.sees_active(text).await);
            ask(&wiki, (text, "jwt"), &[FOR_CHAT]).await.refused(400, "invalid_request");
        }
        let metadata = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(metadata["identity_chaining_requested_token_types_supported"], json!([ID_JAG]));
        assert_eq!(metadata["authorization_grant_profiles_supported"], json!(["urn:ietf:params:oauth:grant-profile:id-jag"]));
    }

    /// §4.3: only the application that the person signed in to, only for whom the operator named, only what was named.
    async fn it_is_issued_to_nobody_else_and_for_nothing_else(world: World) {
        let wiki = wiki(&world).await;
        let tokens = signed_in(&world, &wiki).await;
        let id = (tokens.id(), "id_token");
        for (more, error) in [
            (&[][..], "invalid_target"),
            (&[("audience", "https://evil.example")], "invalid_target"),
            (&[("audience", "https://chat.example/")], "invalid_target"),
            (&[FOR_CHAT, ("audience", "https://evil.example")], "invalid_target"),
            (&[FOR_CHAT, ("resource", "https://api.evil.example")], "invalid_target"),
            (&[FOR_CHAT, ("scope", "chat.admin")], "invalid_scope"),
            (&[FOR_CHAT, ("authorization_details", "[{\"type\":\"payment\"}]")], "invalid_authorization_details"),
        ] {
            ask(&wiki, id, more).await.refused(400, error);
        }
        ask(&wiki, (tokens.access(), "access_token"), &[FOR_CHAT]).await.refused(400, "invalid_request");
        let other = world
            .client("other")
            .grants(&["authorization_code", EXCHANGE])
            .set("token_exchange", json!({"subject_clients": ["wiki"], "identity_assertions": [{"audience": CHAT, "client_id": "other"}]}))
            .create()
            .await;
        ask(&other, id, &[FOR_CHAT]).await.refused(400, "invalid_request");
        wiki.revoke(tokens.refresh()).await.status(200);
        ask(&wiki, id, &[FOR_CHAT]).await.refused(400, "invalid_request");
        ask(&wiki, (tokens.refresh(), "refresh_token"), &[FOR_CHAT]).await.refused(400, "invalid_request");
    }

    /// §4.4: the whole way, from one grantor to the other.
    async fn another_authorization_server_takes_it(world: World) {
        let wiki = wiki(&world).await;
        let tokens = signed_in(&world, &wiki).await;
        let chat_world = world.another(CHAT).await;
        let keys = world.get("/jwks").send().await.json();
        let at_chat = chat(&chat_world, world.issuer(), keys).await;
        let assertion = ask(&wiki, (tokens.id(), "id_token"), &[FOR_CHAT, ("scope", "chat.read")]).await.text("access_token");
        let answer = hand_in(&at_chat, &assertion, &[]).await;
        answer.status(200);
        assert_eq!((answer.text("scope").as_str(), answer.json().get("refresh_token")), ("chat.read", None));
        let claims = chat_world.claims(&answer.text("access_token")).await;
        assert_eq!(claims["sub"].as_str().unwrap(), realm_person(&chat_world).await, "who alice is there");
        assert_eq!((&claims["aud"], &claims["client_id"]), (&json!("https://api.chat.example"), &json!("wiki-at-chat")));
        hand_in(&at_chat, &assertion, &[]).await.refused(400, "invalid_grant");
        let assertion = ask(&wiki, (tokens.id(), "id_token"), &[FOR_CHAT, ("scope", "chat.read")]).await.text("access_token");
        hand_in(&at_chat, &assertion, &[("scope", "chat.write")]).await.refused(400, "invalid_scope");
    }

    /// §4.4.1: `client_id` is who presents it, `aud` this issuer and nothing else, and it counts once whatever the issuer is otherwise trusted for.
    async fn client_id_and_audience_are_checked(world: World) {
        let idp = Issuer::new(&world, IDP);
        let at_chat = chat(&world, IDP, idp.jwks()).await;
        let says = |more: Value| {
            let mut said = alice();
            said["client_id"] = json!("wiki-at-chat");
            for (name, value) in more.as_object().unwrap() {
                said[name] = value.clone();
            }
            sign(&world, &idp.key, TYP, &idp.claims("00u1", said))
        };
        hand_in(&at_chat, &says(json!({})), &[]).await.status(200);
        let token = format!("{}/token", world.issuer());
        for wrong in [
            json!({"client_id": "wiki"}),
            json!({"client_id": null}),
            json!({"client_id": ["wiki-at-chat"]}),
            json!({"aud": token}),
            json!({"aud": [world.issuer(), token]}),
            json!({"aud": "https://evil.example"}),
            json!({"jti": null}),
            json!({"exp": world.now() - 60}),
        ] {
            let answer = hand_in(&at_chat, &says(wrong.clone()), &[]).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_grant"), "{wrong}");
        }
        let other = world.client("other").redirects(&[]).grants(&[GRANT]).scope("chat.read").create().await;
        hand_in(&other, &says(json!({})), &[]).await.refused(400, "invalid_grant");
        // What it says of resources and scope narrows what is had.
        hand_in(&at_chat, &says(json!({"resource": "https://api.evil.example"})), &[]).await.refused(400, "invalid_target");
        let narrowed = hand_in(&at_chat, &says(json!({"scope": "chat.read admin"})), &[]).await;
        assert_eq!(narrowed.text("scope"), "chat.read");
        // It authenticates no client.
        let form = [("grant_type", GRANT), ("assertion", &says(json!({})))];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        let stranger = Issuer::new(&world, IDP);
        let forged = sign(&world, &stranger.key, TYP, &idp.claims("00u1", json!({"client_id": "wiki-at-chat"})));
        hand_in(&at_chat, &forged, &[]).await.refused(400, "invalid_grant");
        assert_ne!(stranger.jwks(), jwks(&[&idp.key]));
    }

    /// One that was made for a proof is handed in with that key.
    async fn a_bound_one_needs_its_key(world: World) {
        let wiki = wiki(&world).await;
        let tokens = signed_in(&world, &wiki).await;
        let key = Key::new();
        let kind = "urn:ietf:params:oauth:token-type:id_token";
        let form = [("grant_type", EXCHANGE), ("requested_token_type", ID_JAG), ("subject_token", tokens.id()), ("subject_token_type", kind), FOR_CHAT];
        let issued = dpop::ask(&world, &wiki, &form, &[&key.proof(&world)]).await;
        assert_eq!(world.claims(&issued.text("access_token")).await["cnf"], json!({"jkt": key.jkt()}));
        let chat_world = world.another(CHAT).await;
        let keys = world.get("/jwks").send().await.json();
        let at_chat = chat(&chat_world, world.issuer(), keys).await;
        let assertion = issued.text("access_token");
        let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        dpop::ask(&chat_world, &at_chat, &form, &[]).await.refused(400, "invalid_grant");
        let other = Key::new();
        dpop::ask(&chat_world, &at_chat, &form, &[&other.proof(&chat_world)]).await.refused(400, "invalid_grant");
        let answer = dpop::ask(&chat_world, &at_chat, &form, &[&key.proof(&chat_world)]).await;
        assert_eq!(answer.text("token_type"), "DPoP");
    }
}
