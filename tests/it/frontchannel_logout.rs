//! OpenID Connect Front-Channel Logout 1.0: the page that signs out opens a frame of each client that is told through the browser.

use serde_json::json;

use crate::harness::{ALICE, Client, Page, Receiver, World};
use crate::on_each_engine;

const AFTER: &str = "https://app.example/signed-out";

async fn framed(world: &World, id: &str, host: &str) -> Client {
    let client = world
        .client(id)
        .trusted()
        .redirects(&[&format!("https://{host}/callback")]);
    client
        .set(
            "frontchannel_logout_uri",
            json!(format!("https://{host}/out?tenant=1")),
        )
        .set("post_logout_redirect_uris", json!([AFTER]))
        .create()
        .await
}

/// The addresses of the frames.
fn frames(page: &Page) -> Vec<String> {
    let parts = page.html().split("<iframe ").skip(1);
    let source = |part: &str| {
        part.split("src=\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&")
    };
    parts.map(source).collect()
}

/// The policy's list of what may be framed.
fn framable(page: &Page) -> Vec<String> {
    let policy = page.answer.header("content-security-policy").to_owned();
    let list = policy
        .split("; ")
        .find_map(|directive| directive.strip_prefix("frame-src "));
    list.map_or(Vec::new(), |list| {
        list.split(' ').map(str::to_owned).collect()
    })
}

on_each_engine! {
    /// §3: a frame for each client of the session, with `iss` and `sid`; only their origins may be framed, and then the browser goes on.
    async fn the_page_opens_a_frame_of_each_client(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let (one, two) = (framed(&world, "one", "one.example").await, framed(&world, "two", "two.example").await);
        framed(&world, "unused", "unused.example").await;
        let mut browser = world.browser();
        let tokens = world.flow(&one).tokens_in(&mut browser).await;
        world.flow(&two).tokens_in(&mut browser).await;
        let sid = world.claims(tokens.id()).await["sid"].as_str().unwrap().to_owned();
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("id_token_hint", tokens.id()), ("post_logout_redirect_uri", AFTER), ("state", "s&1")])
            .finish();
        let page = browser.get(&format!("/logout?{query}")).await;
        assert_eq!(page.answer.status, 200);
        let issuer: String = url::form_urlencoded::byte_serialize(world.issuer().as_bytes()).collect();
        let mut found = frames(&page);
        found.sort();
        let expected = ["one", "two"].map(|host| format!("https://{host}.example/out?tenant=1&iss={issuer}&sid={sid}"));
        assert_eq!(found, expected);
        assert_eq!(framable(&page), ["https://one.example", "https://two.example"]);
        assert!(page.html().contains("https://app.example/signed-out?state=s%261"), "{}", page.html());
        let script = page.html().split("<script src=\"").nth(1).and_then(|rest| rest.split('"').next());
        world.get(script.expect("a script")).send().await.status(200);
        let silent = world.flow(&one).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
        // Once.
        let page = browser.get("/logout").await;
        assert!(frames(&page).is_empty() && framable(&page).is_empty());
    }

    /// However many there are, the page opens some of them; and those are told by the back channel who want that too.
    async fn a_page_opens_a_bounded_number_of_frames(world: World) {
        let receiver = Receiver::new().await;
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        for i in 0..25 {
            let host = format!("h{i}.example");
            let client = world.client(&format!("c{i}")).trusted().redirects(&[&format!("https://{host}/callback")]);
            let client = client.set("frontchannel_logout_uri", json!(format!("https://{host}/out")));
            let client = client.set("backchannel_logout_uri", json!(receiver.url)).create().await;
            world.flow(&client).code(&mut browser).await;
        }
        let page = browser.get("/logout").await;
        let page = browser.press(&page, "sign-out", &[]).await;
        assert_eq!(frames(&page).len(), 20);
        for _ in 0..4 {
            world.sync().await;
        }
        assert_eq!(receiver.heard().len(), 25);
    }

    /// §2: scheme, host and port are those of a redirect URI; and discovery says that it is there.
    async fn a_client_registers_a_frame_of_its_own(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["frontchannel_logout_supported"], true);
        assert_eq!(document["frontchannel_logout_session_supported"], true);
        for (uri, fits) in [("https://app.example/out", true), ("https://evil.example/out", false), ("https://app.example:8443/out", false), ("javascript:alert(1)", false)] {
            let client = world.client(&format!("c{}", uri.len())).set("frontchannel_logout_uri", json!(uri));
            assert_eq!(client.try_create().await.is_some(), fits, "{uri}");
        }
    }

    /// Who finds no room on the page and has no back channel is not told: that is written down.
    async fn clients_that_are_not_told_are_named(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        for i in 0..22 {
            let client = framed(&world, &format!("c{i:02}"), &format!("h{i}.example")).await;
            world.flow(&client).code(&mut browser).await;
            world.advance(1);
        }
        let page = browser.get("/logout").await;
        let page = browser.press(&page, "sign-out", &[]).await;
        assert_eq!(frames(&page).len(), 20);
        let events = realm::events::list(world.realm(), "", 100).await.unwrap();
        let mut events = events.iter().map(|stored| &stored.event);
        let untold = events.find(|event| event.kind == "logout.untold").expect("an event");
        // The latest ones are on the page.
        assert_eq!(untold.detail["clients"], json!(["c01", "c00"]));
    }
}
