//! Single claims that a client asks for: OpenID Connect Core §5.5.

use serde_json::{Value, json};

use crate::harness::World;
use crate::on_each_engine;

/// The parameter.
fn asked(claims: &Value) -> String {
    claims.to_string()
}

on_each_engine! {
    /// §5.5: what was asked for is told where it was asked for, and nothing else of its scope.
    async fn a_claim_is_told_where_it_was_asked_for(world: World) {
        let app = world.app().await;
        let claims = asked(&json!({"userinfo": {"name": {"essential": true}, "nobody_knows": null}, "id_token": {"email": null}}));
        let tokens = world.flow(&app).with("claims", &claims).tokens().await;
        let id = world.claims(tokens.id()).await;
        assert_eq!((&id["email"], id.get("name"), id.get("email_verified")), (&json!("alice@example.com"), None, None));
        let seen = world.userinfo(tokens.access()).await.json();
        assert_eq!(seen, json!({"sub": id["sub"], "name": "Alice Example"}));
        assert_eq!(world.claims(tokens.access()).await["scope"], json!("openid"), "the token is good for no more elsewhere");
    }

    /// §5.5, RFC 6749 §6: a refreshed token tells the same.
    async fn what_was_allowed_outlives_a_refresh(world: World) {
        let app = world.app().await;
        let claims = asked(&json!({"userinfo": {"name": null}, "id_token": {"email": null}}));
        let flow = world.flow(&app).with("scope", "openid offline_access").with("claims", &claims);
        let tokens = app.refreshed(flow.tokens().await.refresh()).await;
        assert_eq!(world.userinfo(tokens.access()).await.json()["name"], json!("Alice Example"));
        assert_eq!(world.claims(tokens.id()).await["email"], json!("alice@example.com"));
    }

    /// §5.5.1, §3.1.2.4: the person is asked as for the scope that stands for the claim; a claim cannot be had by going round that.
    async fn the_person_is_asked_for_the_scope_of_the_claim(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).walk(&mut browser).await;
        assert!(!world.flow(&app).asks_in(&mut browser).await, "openid alone was allowed");
        let claims = asked(&json!({"userinfo": {"email": null}}));
        let flow = world.flow(&app).with("claims", &claims);
        assert!(flow.asks_in(&mut browser).await);
        assert_eq!(world.flow(&app).with("claims", &claims).with("prompt", "none").error(&mut browser).await, "consent_required");
        let page = flow.consent_in(&mut browser).await;
        // Somebody who takes the scope out of the form allows only what is left.
        let page = browser.press(&page, "allow", &[("scope", "openid")]).await;
        let code = flow.response(&page)["code"].clone();
        let answer = flow.redeem(&code).await;
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(world.userinfo(&token).await.json().get("email"), None);
    }

    /// A client that may not ask for a scope cannot have its claims either.
    async fn a_client_gets_no_claims_beyond_its_scopes(world: World) {
        let app = world.app_with(|client| client.scope("openid email")).await;
        let claims = asked(&json!({"userinfo": {"email": null, "name": {"essential": true}}}));
        let tokens = world.flow(&app).with("claims", &claims).tokens().await;
        let seen = world.userinfo(tokens.access()).await.json();
        assert_eq!(seen["email"], json!("alice@example.com"));
        assert_eq!(seen.get("name"), None);
    }

    /// §5.5.1: a `sub` with a value is about that person and nobody else.
    async fn a_wished_subject_is_the_only_one(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let alice = world.claims(tokens.id()).await["sub"].clone();
        let about = |sub: &Value| asked(&json!({"id_token": {"sub": {"value": sub}}}));
        let flow = world.flow(&app).with("prompt", "none");
        assert!(!flow.code(&mut browser).await.is_empty());
        let flow = world.flow(&app).with("prompt", "none").with("claims", &about(&alice));
        assert!(!flow.code(&mut browser).await.is_empty());
        let flow = world.flow(&app).with("prompt", "none").with("claims", &about(&json!("somebody else")));
        assert_eq!(flow.error(&mut browser).await, "login_required");
    }

    /// §5.5, §3.1.2.6: what is no such object is refused, and says so to the client.
    async fn a_malformed_wish_is_refused(world: World) {
        let app = world.app().await;
        let long = format!(r#"{{"userinfo":{{"{}":null}}}}"#, "x".repeat(9000));
        for wrong in ["[]", "name", r#"{"userinfo":["name"]}"#, r#"{"id_token":{"name":1}}"#, &long] {
            let flow = world.flow(&app).with("claims", wrong);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_request", "{wrong:.40}");
        }
    }
}
