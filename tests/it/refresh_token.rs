//! Refresh tokens: RFC 6749 §6, RFC 9700 §4.14, and rotation with a grace for lost responses.

use serde_json::json;

use crate::harness::{Flow, Tokens, World, altered};
use crate::on_each_engine;

const DAY: i64 = 86_400;

/// Tokens with a refresh token, of a fresh sign-in.
async fn offline(world: &World) -> (Flow, Tokens) {
    let app = world.app().await;
    let flow = world
        .flow(&app)
        .with("scope", "openid email offline_access")
        .with("prompt", "consent");
    let tokens = flow.tokens().await;
    (flow, tokens)
}

on_each_engine! {
    /// RFC 6749 §6 and §5.1: new access token, same scope, and a successor.
    async fn a_refresh_gives_new_tokens(world: World) {
        let (flow, tokens) = offline(&world).await;
        world.advance(200);
        let next = flow.client.refreshed(tokens.refresh()).await;
        assert_ne!(next.access(), tokens.access());
        assert_ne!(next.refresh(), tokens.refresh());
        assert_eq!(next.scope(), "openid email offline_access");
        assert_eq!(next.0["token_type"], json!("Bearer"));
        world.userinfo(next.access()).await.status(200);
    }

    /// RFC 9700 §4.14.2: rotation. Long after the successor was used, the old token betrays a theft and the family ends.
    async fn an_old_token_ends_the_family(world: World) {
        let (flow, first) = offline(&world).await;
        let app = &flow.client;
        world.advance(120);
        let second = app.refreshed(first.refresh()).await;
        world.advance(120);
        let third = app.refreshed(second.refresh()).await;
        app.refresh(first.refresh()).await.refused(400, "invalid_grant");
        app.refresh(third.refresh()).await.refused(400, "invalid_grant");
        world.userinfo(third.access()).await.status(401);
    }

    /// The preceding token, after the grace, is a replay as well.
    async fn the_preceding_token_after_the_grace_ends_the_family(world: World) {
        let (flow, first) = offline(&world).await;
        let app = &flow.client;
        let second = app.refreshed(first.refresh()).await;
        world.advance(61);
        app.refresh(first.refresh()).await.refused(400, "invalid_grant");
        app.refresh(second.refresh()).await.refused(400, "invalid_grant");
    }

    /// A response that got lost must not sign a person out: within a minute the same request gets the same successor.
    async fn a_lost_response_is_given_again(world: World) {
        let (flow, first) = offline(&world).await;
        let app = &flow.client;
        let second = app.refreshed(first.refresh()).await;
        world.advance(59);
        let again = app.refreshed(first.refresh()).await;
        assert_eq!(again.refresh(), second.refresh());
        let third = app.refreshed(second.refresh()).await;
        assert_ne!(third.refresh(), second.refresh());
    }

    /// Two steps back is never a lost response, however soon.
    async fn two_steps_back_ends_the_family_at_once(world: World) {
        let (flow, first) = offline(&world).await;
        let app = &flow.client;
        let second = app.refreshed(first.refresh()).await;
        let third = app.refreshed(second.refresh()).await;
        app.refresh(first.refresh()).await.refused(400, "invalid_grant");
        app.refresh(third.refresh()).await.refused(400, "invalid_grant");
    }

    /// Racing refreshes get one successor, never two: the family does not fork.
    async fn racing_refreshes_get_one_successor(world: World) {
        let (flow, first) = offline(&world).await;
        let racers: Vec<_> = (0..8)
            .map(|_| {
                let (app, token) = (flow.client.clone(), first.refresh().to_owned());
                tokio::spawn(async move { app.refreshed(&token).await })
            })
            .collect();
        let mut successors = std::collections::BTreeSet::new();
        for racer in racers {
            successors.insert(racer.await.unwrap().refresh().to_owned());
        }
        assert_eq!(successors.len(), 1);
    }

    /// RFC 6749 §6: the scope may narrow for one access token; the grant keeps its own.
    async fn a_scope_narrows_for_one_token(world: World) {
        let (flow, tokens) = offline(&world).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "openid")];
        let answer = flow.client.token(&form).await;
        answer.status(200);
        let narrow = Tokens(answer.json());
        assert_eq!(narrow.scope(), "openid");
        let wide = flow.client.refreshed(narrow.refresh()).await;
        assert_eq!(wide.scope(), "openid email offline_access");
    }

    /// RFC 6749 §6: "MUST NOT include any scope not originally granted". The refusal does not use the token up.
    async fn a_scope_never_widens(world: World) {
        let (flow, tokens) = offline(&world).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "openid phone")];
        flow.client.token(&form).await.refused(400, "invalid_scope");
        flow.client.refreshed(tokens.refresh()).await;
    }

    /// RFC 6749 §6 and §10.4: bound to the client; the thief learns nothing and spoils nothing.
    async fn a_refresh_token_is_bound_to_its_client(world: World) {
        let (flow, tokens) = offline(&world).await;
        let other = world.client("other").create().await;
        other.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        flow.client.refreshed(tokens.refresh()).await;
    }

    /// OpenID Connect Core §11: an OpenID request gets one only with `offline_access`.
    async fn an_openid_request_needs_offline_access(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).with("scope", "openid email").tokens().await;
        assert_eq!(tokens.0.get("refresh_token"), None);
    }

    /// A plain OAuth request gets one when the client is registered for the grant.
    async fn a_plain_request_gets_one_by_registration(world: World) {
        world.notes().await;
        let scope = "openid notes.read";
        let app = world.app_with(|client| client.scope(scope)).await;
        let tokens = world.flow(&app).with("scope", "notes.read").tokens().await;
        assert!(tokens.0["refresh_token"].is_string());
        let without = world
            .client("without")
            .scope(scope)
            .grants(&["authorization_code"])
            .create()
            .await;
        let tokens = world.flow(&without).with("scope", "notes.read").tokens().await;
        assert_eq!(tokens.0.get("refresh_token"), None);
    }

    /// RFC 9700 §4.14.2: refresh tokens expire when they are not used: 30 days.
    async fn an_unused_token_expires(world: World) {
        let (flow, tokens) = offline(&world).await;
        world.advance(29 * DAY);
        let next = flow.client.refreshed(tokens.refresh()).await;
        world.advance(31 * DAY);
        flow.client.refresh(next.refresh()).await.refused(400, "invalid_grant");
    }

    /// The family ends 180 days after it began, however often it is used.
    async fn a_family_has_an_absolute_end(world: World) {
        let (flow, mut tokens) = offline(&world).await;
        for _ in 0..8 {
            world.advance(22 * DAY);
            tokens = flow.client.refreshed(tokens.refresh()).await;
        }
        world.advance(5 * DAY);
        flow.client.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
    }

    /// Without `offline_access` a refresh token ends with the session that it came from.
    async fn a_refresh_token_of_a_session_ends_with_it(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).with("scope", "notes.read").tokens_in(&mut browser).await;
        world.sign_out(&mut browser).await;
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
    }

    /// OpenID Connect Core §11: offline access outlives the session.
    async fn an_offline_token_outlives_the_session(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let mut browser = world.browser();
        let tokens = flow.tokens_in(&mut browser).await;
        world.sign_out(&mut browser).await;
        app.refreshed(tokens.refresh()).await;
    }

    /// OpenID Connect Core §12.2: the ID token of a refresh keeps iss, sub, aud and auth_time, and has its own iat.
    async fn the_id_token_of_a_refresh_keeps_who_and_when(world: World) {
        let (flow, tokens) = offline(&world).await;
        let before = world.claims(tokens.id()).await;
        world.advance(1000);
        let next = flow.client.refreshed(tokens.refresh()).await;
        let after = world.claims(next.id()).await;
        for name in ["iss", "sub", "aud", "auth_time"] {
            assert_eq!(before[name], after[name], "{name}");
        }
        assert_eq!(after["iat"].as_i64(), Some(world.now()));
        assert!(after.get("nonce").is_none_or(|nonce| nonce == &before["nonce"]));
    }

    /// RFC 6749 §5.2: what is no refresh token.
    async fn garbage_is_invalid_grant(world: World) {
        let (flow, tokens) = offline(&world).await;
        let broken = altered(tokens.refresh(), tokens.refresh().len() - 9);
        let cut = &tokens.refresh()[..tokens.refresh().len() - 8];
        for token in ["grt_", "unknown", "grt_a.b.c", "ä", cut, &broken, tokens.access()] {
            flow.client.refresh(token).await.refused(400, "invalid_grant");
        }
        flow.client.refreshed(tokens.refresh()).await;
        flow.client.token(&[("grant_type", "refresh_token")]).await.refused(400, "invalid_request");
    }

    /// A person who is disabled keeps nothing.
    async fn a_disabled_person_refreshes_nothing(world: World) {
        let (flow, tokens) = offline(&world).await;
        world.disable("alice").await;
        flow.client.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
    }
}
