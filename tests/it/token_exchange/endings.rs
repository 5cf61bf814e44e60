//! What ends a token ends what was exchanged from it, at once and on every node.

use serde_json::json;

use super::{
    ACCESS, FILES, ID, Parties, exchange, exchange_of, exchanger, parties, parties_with, tokens,
};
use crate::harness::{ALICE, Client, Tokens, World};
use crate::on_each_engine;

/// A token for `files` by way of `notes`, and one by way of `second` from that.
async fn chain(world: &World, notes: &Client, token: &str) -> [String; 2] {
    let second = exchanger(world, "second", json!({})).await;
    let first = exchange(notes, token, &[FILES]).await.text("access_token");
    let next = exchange(&second, &first, &[]).await.text("access_token");
    [first, next]
}

async fn all_dead(notes: &Client, tokens: &[String]) {
    for token in tokens {
        assert!(!notes.sees_active(token).await);
        exchange(notes, token, &[])
            .await
            .refused(400, "invalid_request");
    }
}

async fn all_live(notes: &Client, tokens: &[String]) {
    for token in tokens {
        assert!(notes.sees_active(token).await);
    }
}

on_each_engine! {
    /// The person signs out: the session ends.
    async fn the_end_of_the_session_ends_it(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let mut browser = world.browser();
        let alice = world.flow(&app).with("scope", "notes.read").tokens_in(&mut browser).await;
        let exchanged = chain(&world, &notes, alice.access()).await;
        all_live(&notes, &exchanged).await;
        world.sign_out(&mut browser).await;
        all_dead(&notes, &exchanged).await;
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
        let beside = world.beside().await;
        all_dead(&notes.at(&beside), &exchanged).await;
    }

    /// Nor is the ID token of a session that has ended worth anything, though it does not name the session.
    async fn an_id_token_of_an_ended_session_is_worth_nothing(world: World) {
        let policy = json!({"subject_clients": ["app"], "scopes": {"files.read": ["openid"]}});
        let Parties { app, notes } = parties_with(&world, policy).await;
        let mut browser = world.browser();
        let alice = world.flow(&app).with("scope", "openid notes.read").tokens_in(&mut browser).await;
        assert_eq!(world.claims(alice.id()).await.get("sid"), None);
        exchange_of(&notes, (alice.id(), ID), &[FILES]).await.status(200);
        world.sign_out(&mut browser).await;
        exchange_of(&notes, (alice.id(), ID), &[FILES]).await.refused(400, "invalid_request");
    }

    /// RFC 7009: the refresh token, and with it the grant; the access token alone.
    async fn revoking_the_grant_or_the_token_ends_it(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "openid offline_access notes.read").await;
        let exchanged = chain(&world, &notes, alice.access()).await;
        app.revoke(alice.refresh()).await.status(200);
        all_dead(&notes, &exchanged).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let exchanged = exchange(&notes, alice.access(), &[FILES]).await.text("access_token");
        app.revoke(alice.access()).await.status(200);
        all_dead(&notes, &[exchanged]).await;
    }

    /// The ID token names its grant too.
    async fn an_id_token_of_a_revoked_grant_is_worth_nothing(world: World) {
        let policy = json!({"subject_clients": ["app"], "scopes": {"files.read": ["openid"]}});
        let Parties { app, notes } = parties_with(&world, policy).await;
        let alice: Tokens = tokens(&world, &app, "openid offline_access notes.read").await;
        let exchanged = exchange_of(&notes, (alice.id(), ID), &[FILES]).await.text("access_token");
        app.revoke(alice.refresh()).await.status(200);
        exchange_of(&notes, (alice.id(), ID), &[FILES]).await.refused(400, "invalid_request");
        all_dead(&notes, &[exchanged]).await;
    }

    /// Consent is withdrawn from the application that it began with, not from the one that holds the token now.
    async fn withdrawn_consent_ends_it(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let mut browser = world.browser();
        let alice = world.flow(&app).with("scope", "notes.read").tokens_in(&mut browser).await;
        let exchanged = chain(&world, &notes, alice.access()).await;
        world.advance(1);
        let page = browser.get("/consent/applications").await;
        let form = page.form_to("/consent/applications");
        browser.send(&page, form, &[]).await;
        all_dead(&notes, &exchanged).await;
    }

    /// The application that it began with is switched off, or one in between.
    async fn switching_off_a_client_on_the_way_ends_it(world: World) {
        for off in ["app", "notes"] {
            let world = world.another(&format!("https://without-{off}.example")).await;
            let Parties { app, notes } = parties(&world).await;
            let alice = tokens(&world, &app, "notes.read").await;
            let exchanged = chain(&world, &notes, alice.access()).await;
            let mut client = realm::clients::find(world.realm(), off).await.unwrap().unwrap();
            client.disabled = true;
            realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
            let files = exchanger(&world, "files", json!({})).await;
            all_dead(&files, &exchanged).await;
        }
    }

    /// The person is disabled.
    async fn disabling_the_person_ends_it(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let exchanged = chain(&world, &notes, alice.access()).await;
        world.advance(1);
        world.disable(ALICE.0).await;
        all_dead(&notes, &exchanged).await;
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
    }

    /// Whoever acts loses what it acts with when its own token is revoked.
    async fn the_end_of_the_actors_token_ends_it(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let own = notes.client_credentials("notes.read").await.text("access_token");
        let more = [FILES, ("actor_token", own.as_str()), ("actor_token_type", ACCESS)];
        let exchanged = exchange(&notes, alice.access(), &more).await.text("access_token");
        assert!(notes.sees_active(&exchanged).await);
        notes.revoke(&own).await.status(200);
        all_dead(&notes, &[exchanged]).await;
        exchange(&notes, alice.access(), &more).await.refused(400, "invalid_request");
    }
}
