//! Clients that describe themselves hear of the end of sessions as others do, on their own site alone.

use serde_json::{Value, json};

use super::site::Site;
use super::world_and_site;
use crate::harness::{Browser, Flow, Receiver, World};
use crate::on_each_engine;

/// Members about logout, at these addresses.
fn told(back: &str, front: &str) -> Value {
    json!({"backchannel_logout_uri": back, "backchannel_logout_session_required": true, "frontchannel_logout_uri": front})
}

/// An address on the site of the document.
fn at_home(site: &Site, path: &str) -> String {
    site.id.replace("/client.json", path)
}

/// A flow that ends on the site itself, where a frame of it must be too (Front-Channel Logout §2).
fn flow(world: &World, site: &Site) -> Flow {
    let home = at_home(site, "/callback");
    world.flow(&site.client(world, &home))
}

fn publish(site: &Site, members: Value) {
    let mut document = json!({"redirect_uris": [at_home(site, "/callback")]});
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    site.publish(document);
}

async fn settle(world: &World) {
    for _ in 0..3 {
        world.sync().await;
    }
}

/// What was posted to the site, verified.
async fn heard(world: &World, site: &Site) -> Vec<Value> {
    let mut all = Vec::new();
    for body in site.posted() {
        let token = body.strip_prefix("logout_token=").expect("a logout token");
        all.push(world.claims(token).await);
    }
    all
}

async fn sign_out(world: &World, browser: &mut Browser) -> String {
    let page = browser.get("/logout").await;
    let page = browser.press(&page, "sign-out", &[]).await;
    settle(world).await;
    page.html().to_owned()
}

on_each_engine! {
    /// Back-Channel Logout §2.5: once, at the address that the document names, also by a node that has never seen it or not for long.
    async fn a_client_by_document_is_told_of_the_end_of_a_session(world: World) {
        let (world, site) = world_and_site(world).await;
        publish(&site, told(&at_home(&site, "/back"), &at_home(&site, "/front")));
        let mut browser = world.browser();
        let tokens = flow(&world, &site).tokens_in(&mut browser).await;
        let known = world.claims(tokens.id()).await;
        world.advance(20_000);
        let page = sign_out(&world, &mut browser).await;
        assert!(page.contains(&at_home(&site, "/front")), "in a frame of the page: {page}");
        let heard_of = heard(&world, &site).await;
        assert_eq!(heard_of.len(), 1, "{heard_of:?}");
        assert_eq!((&heard_of[0]["aud"], &heard_of[0]["sub"], &heard_of[0]["sid"]), (&json!(site.id), &known["sub"], &known["sid"]));
        settle(&world).await;
        assert!(site.posted().is_empty());
    }

    /// A document that cannot be had is asked for again, until what is to be said is said; what it says by then counts.
    async fn a_client_whose_site_was_down_is_told_later(world: World) {
        let (world, site) = world_and_site(world).await;
        let (before, after) = (at_home(&site, "/before"), at_home(&site, "/after"));
        publish(&site, told(&before, &before));
        let mut browser = world.browser();
        flow(&world, &site).tokens_in(&mut browser).await;
        world.advance(20_000);
        site.say(503, Vec::new(), Vec::new());
        sign_out(&world, &mut browser).await;
        assert!(site.posted().is_empty());
        publish(&site, told(&after, &after));
        for _ in 0..60 {
            world.advance(60);
            settle(&world).await;
        }
        assert_eq!(heard(&world, &site).await.len(), 1);
        // Whoever wants to hear nothing any more hears nothing.
        let mut browser = world.browser();
        flow(&world, &site).tokens_in(&mut browser).await;
        publish(&site, json!({}));
        world.advance(20_000);
        sign_out(&world, &mut browser).await;
        assert!(site.posted().is_empty());
    }

    /// Nobody is called, and nobody framed, because somebody else's document says so.
    async fn a_document_has_nobody_else_called(world: World) {
        let (world, site) = world_and_site(world).await;
        let victim = Receiver::new().await;
        let elsewhere = at_home(&site, "/front").replace("127.0.0.1", "localhost");
        publish(&site, told(&victim.url, &at_home(&site, "/front")));
        let mut browser = world.browser();
        flow(&world, &site).tokens_in(&mut browser).await;
        let page = sign_out(&world, &mut browser).await;
        assert!(page.contains("<iframe"), "{page}");
        assert!(victim.heard().is_empty() && site.posted().is_empty());
        let both = json!([at_home(&site, "/callback"), elsewhere]);
        let mut members = told(&at_home(&site, "/back"), &elsewhere);
        members["redirect_uris"] = both;
        publish(&site, members);
        world.advance(90_000);
        let mut browser = world.browser();
        flow(&world, &site).tokens_in(&mut browser).await;
        let page = sign_out(&world, &mut browser).await;
        assert!(!page.contains("<iframe") && heard(&world, &site).await.len() == 1, "{page}");
    }

    /// Where a realm takes no such clients any more, none of them is called either.
    async fn a_realm_that_takes_no_documents_asks_for_none(world: World) {
        let (world, site) = world_and_site(world).await;
        publish(&site, told(&at_home(&site, "/back"), &at_home(&site, "/front")));
        let mut browser = world.browser();
        flow(&world, &site).tokens_in(&mut browser).await;
        world.settings(|settings| settings.client_id_documents.allowed = false).await;
        let before = site.requests();
        sign_out(&world, &mut browser).await;
        assert!(site.posted().is_empty());
        assert_eq!(site.requests(), before);
    }
}
