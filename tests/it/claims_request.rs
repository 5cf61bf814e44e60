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

    /// RFC 6749 §6, §5.5: what the operator takes from a client's registration it does not keep by having asked for single claims.
    async fn a_claim_ends_with_the_registration_for_its_scope(world: World) {
        let app = world.app_with(|client| client.scope("openid offline_access email profile")).await;
        let claims = asked(&json!({"userinfo": {"email": null, "name": null}, "id_token": {"email": null, "name": null}}));
        let flow = world.flow(&app).with("scope", "openid offline_access").with("claims", &claims);
        let tokens = flow.tokens().await;
        assert_eq!(world.userinfo(tokens.access()).await.json()["email"], json!("alice@example.com"));
        let mut stored = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        stored.scope = "openid offline_access profile".parse().unwrap();
        realm::clients::update(world.realm(), stored, realm::clients::SecretChange::Keep, "test").await.unwrap();
        let tokens = app.refreshed(tokens.refresh()).await;
        for told in [world.userinfo(tokens.access()).await.json(), world.claims(tokens.id()).await] {
            assert_eq!((told.get("email"), &told["name"]), (None, &json!("Alice Example")), "{told}");
        }
    }

    /// §5.5.1, §3.1.2.1: a hint and a wished `sub` that name different people are about nobody; of several values, each is good, at both places.
    async fn whoever_is_named_twice_is_one_person(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        world.person("bob", "bobs-good-password").await;
        let (mut alices, mut bobs) = (world.browser(), world.browser());
        let hint = world.flow(&app).tokens_in(&mut alices).await;
        let alice = world.claims(hint.id()).await["sub"].clone();
        let page = bobs.get(&world.flow(&app).url()).await;
        bobs.press(&page, "sign-in", &[("username", "bob"), ("password", "bobs-good-password")]).await;
        let tokens = world.flow(&app).tokens_in(&mut bobs).await;
        let bob = world.claims(tokens.id()).await["sub"].clone();
        let flow = |claims: Value| world.flow(&app).with("prompt", "none").with("claims", &asked(&claims));
        let about_bob = flow(json!({"id_token": {"sub": {"value": bob}}})).with("id_token_hint", hint.id());
        for browser in [&mut alices, &mut bobs] {
            assert_eq!(about_bob.error(browser).await, "login_required");
        }
        let about_alice = flow(json!({"id_token": {"sub": {"value": alice}}})).with("id_token_hint", hint.id());
        assert!(!about_alice.code(&mut alices).await.is_empty());
        let either = flow(json!({"id_token": {"sub": {"values": ["somebody", alice, bob]}}}));
        for browser in [&mut alices, &mut bobs] {
            assert!(!either.code(browser).await.is_empty());
        }
        let both = flow(json!({"id_token": {"sub": {"values": [alice, bob]}}, "userinfo": {"sub": {"value": bob}}}));
        assert_eq!(both.error(&mut alices).await, "login_required");
        assert!(!both.code(&mut bobs).await.is_empty());
    }
}
