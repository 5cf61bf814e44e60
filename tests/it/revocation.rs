//! Token revocation: RFC 7009.

use crate::harness::{Tokens, World};
use crate::on_each_engine;

/// Tokens of `app`, with a refresh token.
async fn tokens(world: &World) -> (crate::harness::Client, Tokens) {
    let app = world.app().await;
    let flow = world
        .flow(&app)
        .with("scope", "openid offline_access")
        .with("prompt", "consent");
    let tokens = flow.tokens().await;
    (app, tokens)
}

on_each_engine! {
    /// §2.1: with the refresh token everything of its grant falls.
    async fn a_revoked_refresh_token_takes_its_access_tokens_along(world: World) {
        let (app, tokens) = tokens(&world).await;
        world.userinfo(tokens.access()).await.status(200);
        app.revoke(tokens.refresh()).await.status(200);
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        world.userinfo(tokens.access()).await.status(401);
    }

    /// §2.1.
    async fn a_revoked_access_token_is_worth_nothing(world: World) {
        let (app, tokens) = tokens(&world).await;
        app.revoke(tokens.access()).await.status(200);
        world.userinfo(tokens.access()).await.status(401);
    }

    /// §2.2: a token that is unknown, malformed or revoked already is answered as if it had been revoked now.
    async fn an_unknown_token_is_answered_alike(world: World) {
        let (app, tokens) = tokens(&world).await;
        for token in ["unknown", "a.b.c", "grt_x.y.z", "ä"] {
            app.revoke(token).await.status(200);
        }
        app.revoke(tokens.refresh()).await.status(200);
        app.revoke(tokens.refresh()).await.status(200);
    }

    /// §2.1: a client revokes its own tokens only; another's stay as they are.
    async fn another_client_revokes_nothing(world: World) {
        let (app, tokens) = tokens(&world).await;
        let other = world.client("other").create().await;
        for token in [tokens.refresh(), tokens.access()] {
            let answer = other.revoke(token).await;
            assert!(matches!(answer.status, 200 | 400), "{answer:?}");
        }
        world.userinfo(tokens.access()).await.status(200);
        app.refreshed(tokens.refresh()).await;
    }

    /// §2.1: `token` is required; §2.2.1: errors as at the token endpoint.
    async fn errors_are_those_of_the_token_endpoint(world: World) {
        let (app, tokens) = tokens(&world).await;
        app.post("/revoke", &[]).await.refused(400, "invalid_request");
        app.with_secret("not the right secret").revoke(tokens.refresh()).await.refused(401, "invalid_client");
        app.refreshed(tokens.refresh()).await;
    }

    /// §2.1: a wrong hint makes the server look further; an unknown one is ignored.
    async fn a_wrong_hint_does_not_matter(world: World) {
        for hint in ["access_token", "nonsense"] {
            let (app, tokens) = tokens(&world.another(world.issuer()).await).await;
            let answer = app.post("/revoke", &[("token", tokens.refresh()), ("token_type_hint", hint)]).await;
            answer.status(200);
            app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        }
    }

    /// §2.1: a public client revokes by its identifier.
    async fn a_public_client_revokes_its_token(world: World) {
        let app = world.app_with(|client| client.public()).await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens().await;
        app.revoke(tokens.refresh()).await.status(200);
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
    }

    /// A rotated token still names its family: revoking it ends the family.
    async fn revoking_a_rotated_token_ends_the_family(world: World) {
        let (app, tokens) = tokens(&world).await;
        let next = app.refreshed(tokens.refresh()).await;
        app.revoke(tokens.refresh()).await.status(200);
        app.refresh(next.refresh()).await.refused(400, "invalid_grant");
    }

    /// What one sign-in was granted does not fall with another.
    async fn other_grants_stay(world: World) {
        let (app, first) = tokens(&world).await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let second = flow.tokens().await;
        app.revoke(first.refresh()).await.status(200);
        app.refreshed(second.refresh()).await;
        world.userinfo(second.access()).await.status(200);
    }
}
