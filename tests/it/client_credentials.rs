//! The client credentials grant: RFC 6749 §4.4.

use serde_json::json;

use crate::harness::{ALICE, START, World};
use crate::on_each_engine;

on_each_engine! {
    /// RFC 6749 §4.4.3: a token, and no refresh token.
    async fn a_client_gets_a_token_of_its_own(world: World) {
        let service = world.service().await;
        let answer = service.client_credentials("notes.read").await;
        answer.status(200).not_stored();
        let body = answer.json();
        assert_eq!(body["token_type"], json!("Bearer"));
        assert_eq!(body["expires_in"], json!(300));
        assert_eq!(body["scope"], json!("notes.read"));
        assert_eq!(body.get("refresh_token"), None);
        assert_eq!(body.get("id_token"), None);
        let claims = world.claims(body["access_token"].as_str().unwrap()).await;
        assert_eq!(claims["iss"], json!(world.issuer()));
        assert_eq!(claims["sub"], json!("service"), "RFC 9068 §2.2: without a person, the client is the subject");
        assert_eq!(claims["client_id"], json!("service"));
        assert_eq!(claims["aud"], json!("urn:example:notes"));
        assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(START), Some(START + 300)));
    }

    /// RFC 9700 §4.15: not even a client whose identifier is a person's is taken for that person, by whichever endpoint its token is shown to.
    async fn a_client_that_is_named_like_a_person_is_not_that_person(world: World) {
        let alice = world.person(ALICE.0, ALICE.1).await;
        world.notes().await;
        let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        let twin = world.client(&alice).grants(&["client_credentials", exchange]).redirects(&[]).scope("openid profile notes.read").create().await;
        let api = world.api("urn:example:notes").await;
        for scope in ["openid", "openid notes.read", "profile"] {
            twin.client_credentials(scope).await.refused(400, "invalid_scope");
        }
        let answer = twin.client_credentials("notes.read").await;
        let token = answer.text("access_token");
        world.userinfo(&token).await.status(403);
        let seen = api.introspect(&token).await;
        assert_eq!((&seen["sub"], &seen["client_id"]), (&json!(alice), &json!(alice)));
        for member in ["username", "auth_time", "acr", "amr", "name"] {
            assert!(seen.get(member).is_none(), "{member}: {seen}");
        }
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        let form = [("grant_type", exchange), ("subject_token", token.as_str()), ("subject_token_type", kind), ("scope", "openid")];
        assert!(twin.token(&form).await.status >= 400);
        // What ends alice's tokens is not what ends the client's.
        world.disable(ALICE.0).await;
        world.sync().await;
        twin.client_credentials("notes.read").await.status(200);
    }

    /// RFC 6749 §3.3: without `scope`, the client's default scopes.
    async fn without_a_scope_the_defaults_are_granted(world: World) {
        world.notes().await;
        let service = world
            .client("service")
            .grants(&["client_credentials"])
            .scope("notes.read notes.write")
            .default_scope("notes.write")
            .create()
            .await;
        let answer = service.client_credentials("").await;
        answer.status(200);
        assert_eq!(answer.text("scope"), "notes.write");
    }

    /// RFC 6749 §5.2 `invalid_scope`: unknown, not allowed to this client, malformed, or of OpenID Connect, which needs a person.
    async fn a_scope_that_it_may_not_have_is_invalid_scope(world: World) {
        let service = world.service().await;
        for scope in ["unknown", "notes.read unknown", "notes.write", "a\"b", "notes.read\tnotes.write", "openid"] {
            service.client_credentials(scope).await.refused(400, "invalid_scope");
        }
    }

    /// RFC 6749 §4.4: "MUST only be used by confidential clients".
    async fn a_public_client_gets_none(world: World) {
        world.notes().await;
        let app = world.client("app").public().grants(&["client_credentials"]).scope("notes.read").try_create().await;
        if let Some(app) = app {
            let answer = app.client_credentials("notes.read").await;
            assert!(matches!(answer.text("error").as_str(), "unauthorized_client" | "invalid_client"), "{answer:?}");
        }
    }

    /// RFC 6749 §5.2 `unauthorized_client`.
    async fn a_client_without_the_grant_is_refused(world: World) {
        let app = world.client("app").create().await;
        app.client_credentials("").await.refused(400, "unauthorized_client");
    }

    /// RFC 8707 §2: `resource` must be one that the server knows.
    async fn an_unknown_resource_is_invalid_target(world: World) {
        let service = world.service().await;
        for resource in ["urn:example:unknown", "not a uri", "https://api.example/#fragment"] {
            let form = [("grant_type", "client_credentials"), ("resource", resource)];
            service.token(&form).await.refused(400, "invalid_target");
        }
    }

    /// Issuing a token for a client writes nothing, so it works as often as one likes, and every token is another.
    async fn every_token_is_another(world: World) {
        let service = world.service().await;
        let first = service.client_credentials("notes.read").await.text("access_token");
        let second = service.client_credentials("notes.read").await.text("access_token");
        let (first, second) = (world.claims(&first).await, world.claims(&second).await);
        assert_ne!(first["jti"], second["jti"]);
    }
}
