//! Entities hear of the end of sessions as registered clients do, although nothing of them is stored (OpenID Connect Back-Channel Logout, Front-Channel Logout).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::federation;
use crate::harness::{Browser, Federation, Receiver, Tokens, World};
use crate::on_each_engine;

const FRONT: &str = "https://rp.example/front";

/// The browser of somebody who is signed in at the application, which wants to be told: with the claims of the ID token.
async fn signed_in(it: &Federation, receiver: &Receiver) -> (Browser, Value) {
    let world = &it.world;
    it.describe(told(receiver));
    let mut browser = world.browser();
    let code = it.code_in(&mut browser, &it.object(&json!({}))).await;
    let tokens = Tokens(it.redeem(&code).await.json());
    let known = world.claims(tokens.id()).await;
    (browser, known)
}

fn told(receiver: &Receiver) -> Value {
    json!({"backchannel_logout_uri": receiver.url, "backchannel_logout_session_required": true, "frontchannel_logout_uri": FRONT, "frontchannel_logout_session_required": true})
}

async fn settle(world: &World) {
    for _ in 0..3 {
        world.sync().await;
    }
}

async fn hours(world: &World, hours: i64) {
    for _ in 0..hours * 60 {
        world.advance(60);
        settle(world).await;
    }
}

async fn sign_out(world: &World, browser: &mut Browser) -> String {
    let page = browser.get("/logout").await;
    let page = browser.press(&page, "sign-out", &[]).await;
    settle(world).await;
    page.html().to_owned()
}

/// What the application heard, verified.
async fn heard(world: &World, receiver: &Receiver) -> Vec<Value> {
    let mut all = Vec::new();
    for one in receiver.heard() {
        all.push(world.claims(&one.form("logout_token")).await);
    }
    all
}

on_each_engine! {
    /// Once, as those above it say of it by then, also when what was in memory counts no more.
    async fn an_entity_is_told_of_the_end_of_a_session(world: World) {
        let it = federation(&world).await;
        for later in [0, 20_000] {
            let receiver = Receiver::new().await;
            let (mut browser, known) = signed_in(&it, &receiver).await;
            world.advance(later);
            let page = sign_out(&world, &mut browser).await;
            assert!(page.contains(FRONT), "in a frame of the page: {page}");
            let heard_of = heard(&world, &receiver).await;
            assert_eq!(heard_of.len(), 1, "{heard_of:?}");
            let said = &heard_of[0];
            assert_eq!((&said["aud"], &said["sub"], &said["sid"]), (&json!(it.id("leaf")), &known["sub"], &known["sid"]));
            assert!(said["sid"].is_string());
            settle(&world).await;
            assert!(receiver.heard().is_empty());
        }
    }

    /// A node that has never seen it finds it out.
    async fn another_node_tells_an_entity_too(world: World) {
        let (it, receiver) = (federation(&world).await, Receiver::new().await);
        let (mut browser, _) = signed_in(&it, &receiver).await;
        let other = world.beside().await;
        let page = browser.get("/logout").await;
        browser.press(&page, "sign-out", &[]).await;
        settle(&other).await;
        settle(&world).await;
        assert_eq!(heard(&world, &receiver).await.len(), 1);
    }

    /// One whose whole site was down for an hour is told once, when it is back.
    async fn an_entity_that_was_down_for_an_hour_is_told_once(world: World) {
        let (it, receiver) = (federation(&world).await, Receiver::new().await);
        let (mut browser, _) = signed_in(&it, &receiver).await;
        world.advance(20_000);
        it.fail("leaf", Some(503));
        sign_out(&world, &mut browser).await;
        hours(&world, 1).await;
        assert!(receiver.heard().is_empty(), "nobody knows where it is");
        it.fail("leaf", None);
        receiver.answers(&[503, 500]);
        hours(&world, 6).await;
        let heard_of = heard(&world, &receiver).await;
        let names: BTreeSet<String> = heard_of.iter().map(|one| one["jti"].to_string()).collect();
        assert_eq!((heard_of.len(), names.len()), (3, 1), "until it said that it has heard");
    }

    /// Whom nobody vouches for any more, or who wants to hear nothing, is not called.
    async fn who_is_no_entity_any_more_is_not_told(world: World) {
        let (it, receiver) = (federation(&world).await, Receiver::new().await);
        let (mut browser, _) = signed_in(&it, &receiver).await;
        world.advance(20_000);
        it.vouch("middle", "leaf", json!({"exp": world.now() - 100}));
        sign_out(&world, &mut browser).await;
        hours(&world, 2).await;
        assert!(receiver.heard().is_empty());
        it.vouch("middle", "leaf", json!({}));
        world.advance(10);
        let (mut browser, _) = signed_in(&it, &receiver).await;
        it.describe(json!({}));
        world.advance(20_000);
        sign_out(&world, &mut browser).await;
        hours(&world, 2).await;
        assert!(receiver.heard().is_empty());
    }
}
