//! Token introspection: RFC 7662.

use serde_json::json;

use crate::harness::{START, World, altered};
use crate::on_each_engine;

on_each_engine! {
    /// §2.2: what an API learns about a token meant for it.
    async fn an_api_sees_a_token_meant_for_it(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let api = world.api("urn:example:notes").await;
        let seen = api.introspect(&token).await;
        assert_eq!(seen["active"], json!(true));
        assert_eq!(seen["scope"], json!("notes.read"));
        assert_eq!(seen["client_id"], json!("service"));
        assert_eq!(seen["token_type"], json!("Bearer"));
        assert_eq!(seen["sub"], json!("service"));
        assert_eq!(seen["aud"], json!("urn:example:notes"));
        assert_eq!(seen["iss"], json!(world.issuer()));
        assert_eq!((&seen["iat"], &seen["exp"]), (&json!(START), &json!(START + 300)));
        assert!(seen["jti"].is_string());
    }

    /// §2.2 and §4: about a token of somebody else it learns nothing but `active: false`.
    async fn a_token_for_somebody_else_is_inactive(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let document = json!({"id": "urn:example:other", "name": "Other", "scopes": [{"name": "other.read", "description": "Read"}]});
        world.resource_document(document).await;
        let other = world.api("urn:example:other").await;
        assert_eq!(other.introspect(&token).await, json!({"active": false}));
    }

    /// §2.2: "MUST NOT include any additional information about an inactive token".
    async fn an_inactive_token_tells_nothing(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let api = world.api("urn:example:notes").await;
        let forged = altered(&token, token.len() - 9);
        for token in ["unknown", "a.b.c", "ä", "gat_x", "grt_x.1.y", &forged] {
            assert_eq!(api.introspect(token).await, json!({"active": false}), "{token}");
        }
        world.advance(301);
        assert_eq!(api.introspect(&token).await, json!({"active": false}));
    }

    /// §2.1: the caller authenticates; a public client is nobody.
    async fn a_stranger_learns_nothing(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let answer = world.post("/introspect").form(&[("token", &token)]).send().await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        assert!(!answer.body.contains("active"));
        let answer = world.post("/introspect").basic("service", "not the right secret").form(&[("token", &token)]).send().await;
        answer.refused(401, "invalid_client");
        let app = world.client("public").public().create().await;
        let answer = app.post("/introspect", &[("token", &token)]).await;
        assert!(matches!(answer.status, 400 | 401 | 403), "{answer:?}");
        assert!(!answer.body.contains("active"));
    }

    /// §2.1: `token` is required; a hint that is wrong or unknown does not matter.
    async fn a_hint_is_only_a_hint(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let api = world.api("urn:example:notes").await;
        api.post("/introspect", &[]).await.refused(400, "invalid_request");
        for hint in ["access_token", "refresh_token", "nonsense"] {
            let answer = api.post("/introspect", &[("token", &token), ("token_type_hint", hint)]).await;
            assert_eq!(answer.status(200).json()["active"], json!(true), "{hint}");
        }
    }

    /// A client may ask about its own refresh token, and nobody else about it.
    async fn a_refresh_token_is_seen_by_its_client(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        let seen = app.introspect(tokens.refresh()).await;
        assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!("app")));
        let other = world.client("other").create().await;
        assert_eq!(other.introspect(tokens.refresh()).await, json!({"active": false}));
        app.refreshed(tokens.refresh()).await;
        world.advance(61);
        assert!(!app.sees_active(tokens.refresh()).await, "it has been rotated");
    }

    /// An ID token is no access token.
    async fn an_id_token_is_not_active(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        assert_eq!(app.introspect(tokens.id()).await, json!({"active": false}));
    }

    /// The token of a person who signed out, or is disabled, is not active.
    async fn a_token_ends_with_its_session(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let api = world.api("urn:example:notes").await;
        let mut browser = world.browser();
        let flow = world.flow(&app).with("scope", "notes.read");
        let tokens = flow.tokens_in(&mut browser).await;
        assert!(api.sees_active(tokens.access()).await);
        world.sign_out(&mut browser).await;
        assert!(!api.sees_active(tokens.access()).await);
        let tokens = flow.tokens().await;
        assert!(api.sees_active(tokens.access()).await);
        world.disable("alice").await;
        assert!(!api.sees_active(tokens.access()).await);
    }
}
