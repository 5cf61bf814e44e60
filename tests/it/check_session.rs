//! OpenID Connect Session Management 1.0: `session_state`, and the frame that compares it with the browser's state.

use aws_lc_rs::digest::{SHA256, digest};

use crate::harness::{ALICE, World, WorldOptions};
use crate::on_each_engine;

const COOKIE: &str = "grantor-main.state";

/// What the frame computes (`crates/web/assets/check_session.js`).
fn computed(client: &str, origin: &str, state: &str, salt: &str) -> String {
    let text = format!("{client} {origin} {state} {salt}");
    let hash = jose::base64url::encode(digest(&SHA256, text.as_bytes()));
    format!("{hash}.{salt}")
}

on_each_engine! {
    /// §2 and §3.1: the hash of client, origin, the browser's state and a salt; another one each time, and only of this client and origin.
    async fn the_response_says_the_state_of_the_session(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let mut browser = world.browser();
        let flow = world.flow(&app);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let page = flow.walk(&mut browser).await;
            let said = flow.response(&page)["session_state"].clone();
            let salt = said.split_once('.').unwrap().1.to_owned();
            let state = &browser.cookies()[COOKIE];
            assert_eq!(said, computed("app", "https://app.example", state, &salt));
            assert!(!seen.contains(&said));
            seen.push(said);
        }
        // OAuth without OpenID has no such thing.
        world.notes().await;
        let other = world.client("other").trusted().scope("notes.read").create().await;
        let plain = world.flow(&other).with("scope", "notes.read");
        let page = plain.walk(&mut browser).await;
        assert!(!plain.response(&page).contains_key("session_state"));
    }

    /// The state changes with the session, and with nothing else; it is no key to it.
    async fn the_state_changes_with_the_session(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        world.person("bob", "bobs-good-password").await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let state = |browser: &crate::harness::Browser| browser.cookies().get(COOKIE).cloned();
        let first = state(&browser).unwrap();
        world.advance(5);
        world.flow(&app).with("prompt", "login").code(&mut browser).await;
        assert_eq!(state(&browser), Some(first.clone()), "the same session");
        let page = browser.get("/login?account=other").await;
        let fields = [("username", "bob"), ("password", "bobs-good-password")];
        browser.press(&page, "sign-in", &fields).await;
        let second = state(&browser).unwrap();
        assert_ne!(second, first);
        // Lost, and given again.
        let mut names = browser.cookies().clone();
        names.remove(COOKIE);
        let mut forgetful = world.browser();
        for (name, value) in &names {
            forgetful.set_cookie(name, value);
        }
        world.flow(&app).code(&mut forgetful).await;
        assert_eq!(state(&forgetful), Some(second.clone()));
        world.sign_out(&mut browser).await;
        assert_eq!(state(&browser), None);
        let mut thief = world.browser();
        thief.set_cookie(COOKIE, &second);
        thief.set_cookie("grantor-main", &second);
        assert_eq!(world.flow(&app).with("prompt", "none").error(&mut thief).await, "login_required");
    }

    /// §4: a session that ended elsewhere is forgotten here as soon as the browser comes with it, so that the frame says so; a request without its cookie, as from
    /// a frame of another site, proves nothing.
    async fn a_session_that_ended_elsewhere_is_forgotten_here(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let silent = world.flow(&app).with("prompt", "none").url();
        let login = world.flow(&app).url();
        for address in [silent.as_str(), login.as_str(), "/logout"] {
            let mut browser = world.browser();
            world.flow(&app).code(&mut browser).await;
            let had = browser.cookies().clone();
            assert!(had.contains_key(COOKIE));
            browser.get(&silent).await;
            assert_eq!(browser.cookies()[COOKIE], had[COOKIE], "it lives");
            let mut elsewhere = world.browser();
            world.flow(&app).code(&mut elsewhere).await;
            let page = elsewhere.get("/logout").await;
            elsewhere.press(&page, "sign-out", &[("everywhere", "yes")]).await;
            let mut framed = world.browser();
            framed.set_cookie(COOKIE, &had[COOKIE]);
            framed.get(address).await;
            assert_eq!(framed.cookies().get(COOKIE), had.get(COOKIE), "{address}");
            browser.get(address).await;
            for name in [COOKIE, "grantor-main"] {
                assert_eq!(browser.cookies().get(name), None, "{address} {name}");
            }
            world.advance(2);
        }
    }

    /// §3.2: a page that anybody may frame, with one script of ours and a policy of its own.
    async fn the_frame_can_be_framed_and_does_nothing_else(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["check_session_iframe"], format!("{}/check_session", world.issuer()));
        let page = world.get("/check_session").send().await;
        page.status(200);
        let policy = page.header("content-security-policy");
        assert_eq!(policy, "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'");
        assert!(!page.headers.contains_key("x-frame-options"));
        assert!(page.body.contains("data-cookie=\"grantor-main.state\""));
        let script = page.body.split("<script src=\"").nth(1).and_then(|rest| rest.split('"').next());
        let script = world.get(script.expect("a script")).send().await;
        script.status(200);
        assert!(script.header("content-type").starts_with("text/javascript"));
        for word in ["innerHTML", "eval", "\"*\""] {
            assert!(!script.body.contains(word), "{word}");
        }
    }
}

/// Over https the cookie is there in frames of other sites: which the browser of the tests asserts of it, and of no other cookie.
#[tokio::test]
async fn over_https_the_state_can_be_read_in_frames() {
    let options = WorldOptions {
        issuer: "https://login.example".to_owned(),
        seed: 1,
        start: crate::harness::START,
        limits: false,
        requests: server::RequestRates::none(),
        mailer: mail::Mailer::none(),
        proxies: web::address::TrustedProxies::default(),
        outbound: None,
        certificates: None,
    };
    let world = World::with(crate::harness::Engine::Sqlite, options).await;
    world.person(ALICE.0, ALICE.1).await;
    let app = world.client("app").trusted().create().await;
    let mut browser = world.browser();
    world.flow(&app).code(&mut browser).await;
    assert!(browser.cookies().contains_key("__Host-grantor-main.state"));
}
