//! The authorization code grant at the token endpoint: RFC 6749 §4.1.3 and §4.1.4, RFC 9700 §2.1 and §4.5.

use serde_json::json;

use crate::harness::{CALLBACK, World};
use crate::on_each_engine;

on_each_engine! {
    /// RFC 6749 §4.1.4 and §5.1.
    async fn a_code_becomes_tokens(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid email offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        let answer = flow.redeem(&code).await;
        answer.status(200).not_stored();
        let body = answer.json();
        assert_eq!(body["token_type"], json!("Bearer"));
        assert_eq!(body["expires_in"], json!(300));
        assert_eq!(body["scope"], json!("openid email offline_access"));
        for member in ["access_token", "refresh_token", "id_token"] {
            assert!(body[member].is_string(), "{member}: {body}");
        }
    }

    /// RFC 6749 §4.1.2: a code is used once.
    async fn a_code_is_redeemed_once(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        flow.redeem(&code).await.refused(400, "invalid_grant");
    }

    /// RFC 6749 §4.1.2 and §10.5: a second redemption revokes what the first one issued.
    async fn a_replay_revokes_what_the_code_issued(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        let tokens = flow.redeem(&code).await.json();
        let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        world.userinfo(access).await.status(200);
        flow.redeem(&code).await.refused(400, "invalid_grant");
        world.userinfo(access).await.status(401);
        app.refresh(refresh).await.refused(400, "invalid_grant");
    }

    /// What a refresh issued from the grant falls with it.
    async fn a_replay_revokes_what_was_refreshed_since(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let code = flow.fresh_code().await;
        let tokens = flow.redeem(&code).await.json();
        world.advance(30);
        let next = app.refreshed(tokens["refresh_token"].as_str().unwrap()).await;
        world.userinfo(next.access()).await.status(200);
        flow.redeem(&code).await.refused(400, "invalid_grant");
        world.userinfo(next.access()).await.status(401);
        app.refresh(next.refresh()).await.refused(400, "invalid_grant");
    }

    /// A replay is noticed after the code has expired, too.
    async fn a_late_replay_revokes_too(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let tokens = flow.redeem(&code).await.json();
        world.advance(120);
        flow.redeem(&code).await.refused(400, "invalid_grant");
        world.userinfo(tokens["access_token"].as_str().unwrap()).await.status(401);
    }

    /// Single use holds when the requests race.
    async fn of_racing_redemptions_one_wins(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let racers = (0..8).map(|_| {
            let (flow, code) = (flow.clone(), code.clone());
            tokio::spawn(async move { flow.redeem(&code).await })
        });
        let mut won = 0;
        for racer in racers.collect::<Vec<_>>() {
            let answer = racer.await.unwrap();
            if answer.status == 200 {
                won += 1;
            } else {
                answer.refused(400, "invalid_grant");
            }
        }
        assert_eq!(won, 1);
    }

    /// RFC 6749 §4.1.2: short-lived. 60 seconds.
    async fn a_code_lasts_a_minute(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        world.advance(59);
        flow.redeem(&code).await.status(200);
        let code = flow.fresh_code().await;
        world.advance(61);
        flow.redeem(&code).await.refused(400, "invalid_grant");
    }

    /// RFC 6749 §4.1.3 and §5.2: issued to another client. The attempt says nothing about the code, and does not use it up for its owner.
    async fn a_code_is_bound_to_its_client(world: World) {
        let app = world.app().await;
        let other = world.client("other").create().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let mut stolen = flow.clone();
        stolen.client = other;
        stolen.redeem(&code).await.refused(400, "invalid_grant");
        flow.redeem(&code).await.status(200);
    }

    /// RFC 6749 §4.1.3: the redirect URI of the authorization request, when one is sent, must be the same.
    async fn a_code_is_bound_to_its_redirect_uri(world: World) {
        let second = "https://app.example/second";
        let app = world.app_with(|client| client.redirects(&[CALLBACK, second])).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem_with(&code, &[("redirect_uri", second)]).await.refused(400, "invalid_grant");
    }

    /// RFC 6749 §4.1.3: REQUIRED when the authorization request had it, and only then.
    async fn the_redirect_uri_must_be_repeated(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let answer = flow.redeem_with(&code, &[("redirect_uri", "")]).await;
        assert_eq!(answer.status, 400);
        assert!(matches!(answer.text("error").as_str(), "invalid_grant" | "invalid_request"));
        let flow = world.flow(&app).with("scope", "notes.read").without("redirect_uri");
        let page = flow.walk(&mut world.browser()).await;
        let code = crate::harness::query_of(page.left())["code"].clone();
        flow.redeem(&code).await.status(200);
    }

    /// RFC 6749 §5.2.
    async fn an_unknown_code_is_invalid_grant(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        for code in ["unknown", &"a".repeat(43), "ä", "a code with spaces"] {
            flow.redeem(code).await.refused(400, "invalid_grant");
        }
    }

    /// RFC 6749 §5.2: a required parameter is missing; empty counts as missing (§3.1).
    async fn a_missing_code_is_invalid_request(world: World) {
        let app = world.app().await;
        app.token(&[("grant_type", "authorization_code")]).await.refused(400, "invalid_request");
        app.token(&[("grant_type", "authorization_code"), ("code", "")]).await.refused(400, "invalid_request");
    }

    /// RFC 6749 §5.2 `unauthorized_client`.
    async fn a_client_without_the_grant_is_refused(world: World) {
        let service = world.client("service").grants(&["client_credentials"]).create().await;
        let form = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", CALLBACK)];
        service.token(&form).await.refused(400, "unauthorized_client");
    }

    /// RFC 6749 §3.2.1: a public client identifies itself, and the code is still bound to it.
    async fn a_public_client_redeems_its_code(world: World) {
        let app = world.app_with(|client| client.public()).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
    }

    /// Signing out everywhere between the authorization and the redemption leaves nothing to redeem.
    async fn a_code_of_an_ended_session_is_refused(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        let code = flow.code(&mut browser).await;
        world.sign_out(&mut browser).await;
        flow.redeem(&code).await.refused(400, "invalid_grant");
    }

    /// RFC 8707 §2.2: the token of a request that names an API is for that API.
    async fn the_resource_parameter_chooses_the_audience(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read notes.write")).await;
        let flow = world.flow(&app).with("scope", "notes.read").with("resource", "urn:example:notes");
        let tokens = flow.tokens().await;
        let claims = world.claims(tokens.access()).await;
        assert_eq!(claims["aud"], json!("urn:example:notes"));
        assert_eq!(claims["scope"], json!("notes.read"));
    }
}
