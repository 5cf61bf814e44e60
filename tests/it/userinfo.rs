//! The userinfo endpoint: OpenID Connect Core §5.3 and §5.4, and bearer tokens as RFC 6750 has them.

use serde_json::json;

use crate::harness::{World, altered};
use crate::on_each_engine;

on_each_engine! {
    /// §5.3.2: the claims of the granted scopes, and `sub` always.
    async fn the_claims_are_those_of_the_scopes(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let subject = world.claims(tokens.id()).await["sub"].clone();
        let seen = world.userinfo(tokens.access()).await;
        seen.status(200).not_stored();
        assert_eq!(seen.json(), json!({"sub": subject}));
        let tokens = world.flow(&app).with("scope", "openid profile email").tokens().await;
        let seen = world.userinfo(tokens.access()).await.json();
        assert_eq!(seen["sub"], subject);
        assert_eq!(seen["email"], json!("alice@example.com"));
        assert!(seen["email_verified"].is_boolean());
        assert_eq!(seen["preferred_username"], json!("alice"));
        assert_eq!(seen["name"], json!("Alice Example"));
    }

    /// §5.3.1: GET and POST, the token in the header or in the body (RFC 6750 §2.1 and §2.2).
    async fn a_token_comes_by_header_or_body(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        world.get("/userinfo").bearer(tokens.access()).send().await.status(200);
        world.post("/userinfo").bearer(tokens.access()).send().await.status(200);
        world.post("/userinfo").form(&[("access_token", tokens.access())]).send().await.status(200);
    }

    /// RFC 9700 §4.3.2: never in the address, where logs and histories keep it.
    async fn a_token_in_the_address_is_not_taken(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let path = format!("/userinfo?access_token={}", tokens.access());
        let answer = world.get(&path).send().await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
    }

    /// RFC 6750 §2: not by two ways at once.
    async fn two_tokens_are_refused(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let answer = world.post("/userinfo").bearer(tokens.access()).form(&[("access_token", tokens.access())]).send().await;
        answer.status(400);
        assert!(answer.header("www-authenticate").contains("invalid_request"), "{answer:?}");
    }

    /// RFC 6750 §3: without a token, a challenge without an error code.
    async fn without_a_token_there_is_a_bare_challenge(world: World) {
        let answer = world.get("/userinfo").send().await;
        answer.status(401);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
    }

    /// RFC 6750 §3.1 `invalid_token`.
    async fn a_bad_token_is_invalid_token(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let forged = altered(tokens.access(), tokens.access().len() - 9);
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", tokens.access().split('.').nth(1).unwrap());
        for token in ["x", "a.b.c", &forged, &none, tokens.id()] {
            let answer = world.userinfo(token).await;
            answer.status(401);
            assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{answer:?}");
        }
        world.advance(301);
        let answer = world.userinfo(tokens.access()).await;
        answer.status(401);
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }

    /// RFC 6749 §10.3: whatever one character is changed, the token is worth nothing.
    async fn no_character_of_a_token_can_be_changed(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        for at in 0..tokens.access().len() {
            let answer = world.userinfo(&altered(tokens.access(), at)).await;
            assert_eq!(answer.status, 401, "character {at}");
        }
        world.userinfo(tokens.access()).await.status(200);
    }

    /// RFC 6750 §3.1 `insufficient_scope`, or a token that is not for this endpoint.
    async fn a_token_without_openid_is_refused(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let tokens = world.flow(&app).with("scope", "notes.read").tokens().await;
        let answer = world.userinfo(tokens.access()).await;
        assert!(matches!(answer.status, 401 | 403), "{answer:?}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("insufficient_scope") || challenge.contains("invalid_token"), "{challenge}");
    }

    /// A malformed header is no token.
    async fn a_malformed_header_is_refused(world: World) {
        for value in ["Bearer", "Bearer a b", "Bearer  ", "Bearer ä", "Basic eDp5"] {
            let answer = world.get("/userinfo").header("authorization", value).send().await;
            assert!(matches!(answer.status, 400 | 401), "{value}: {answer:?}");
            assert!(answer.header("www-authenticate").starts_with("Bearer"), "{value}: {answer:?}");
        }
    }

    /// A person who is disabled has no claims any more.
    async fn a_disabled_person_has_no_claims(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        world.disable("alice").await;
        world.userinfo(tokens.access()).await.status(401);
    }

    /// A browser application of a registered origin may read the answer, another may not.
    async fn only_registered_origins_may_read_it(world: World) {
        let app = world.app_with(|client| client.set("allowed_origins", json!(["https://app.example"]))).await;
        let tokens = world.flow(&app).tokens().await;
        let answer = world.get("/userinfo").bearer(tokens.access()).header("origin", "https://app.example").send().await;
        assert_eq!(answer.status(200).header("access-control-allow-origin"), "https://app.example");
        let answer = world.get("/userinfo").bearer(tokens.access()).header("origin", "https://evil.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}
