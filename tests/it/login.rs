//! Signing in: the page, the session, and who must not get in.

use crate::harness::{ALICE, World};
use crate::on_each_engine;

on_each_engine! {
    /// A wrong password and an unknown name look alike, in words and in status.
    async fn a_wrong_password_and_an_unknown_name_look_alike(world: World) {
        let app = world.app().await;
        let mut answers = Vec::new();
        for fields in [
            [("username", "alice"), ("password", "not the right password")],
            [("username", "nobody"), ("password", "not the right password")],
        ] {
            let mut browser = world.browser();
            let page = browser.get(&world.flow(&app).url()).await;
            let page = browser.press(&page, "sign-in", &fields).await;
            assert!(page.leaving.is_none());
            assert!(page.has("password"));
            answers.push((page.answer.status, page.words().replace(fields[0].1, "NAME")));
        }
        assert_eq!(answers[0], answers[1]);
    }

    /// After a mistake the request goes on where it was.
    async fn a_mistake_can_be_mended(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", "a mistake in typing")]).await;
        let page = flow.go_on(&mut browser, page).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// RFC 9700 §4.13 and session fixation: signing in makes a new cookie, and the old one is worth nothing.
    async fn signing_in_makes_a_new_session(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        flow.code(&mut browser).await;
        let before = browser.cookies().clone();
        world.advance(5);
        let again = flow.clone().with("prompt", "login");
        again.code(&mut browser).await;
        assert_ne!(&before, browser.cookies());
        let mut thief = world.browser();
        for (name, value) in &before {
            thief.set_cookie(name, value);
        }
        assert_eq!(flow.with("prompt", "none").error(&mut thief).await, "login_required");
    }

    /// A cookie that was made up is no session.
    async fn a_forged_cookie_is_no_session(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let names: Vec<String> = browser.cookies().keys().cloned().collect();
        for value in ["", "x", &"A".repeat(43), &"A".repeat(5000)] {
            let mut forger = world.browser();
            for name in &names {
                forger.set_cookie(name, value);
            }
            let flow = world.flow(&app).with("prompt", "none");
            assert_eq!(flow.error(&mut forger).await, "login_required");
        }
    }

    /// Twelve hours without use end a session, thirty days end it in any case.
    async fn a_session_ends_by_itself(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let flow = world.flow(&app);
        flow.code(&mut browser).await;
        let silent = world.flow(&app).with("prompt", "none");
        for _ in 0..70 {
            world.advance(10 * 3600);
            let page = browser.get(&silent.url()).await;
            assert!(silent.response(&page).contains_key("code"));
        }
        world.advance(10 * 3600);
        world.advance(10 * 3600);
        assert_eq!(silent.error(&mut browser).await, "login_required");
        flow.code(&mut browser).await;
        world.advance(13 * 3600);
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// A disabled person does not get in, and what looks like a wrong password is all that is said before the password is right.
    async fn a_disabled_person_does_not_get_in(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        world.disable("alice").await;
        let silent = world.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
        let page = world.flow(&app).walk(&mut world.browser()).await;
        assert!(page.leaving.is_none());
    }

    /// User names are found whatever their case.
    async fn a_user_name_has_no_case(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        for name in ["alice", "Alice", "ALICE", " alice "] {
            let mut browser = world.browser();
            let flow = world.flow(&app);
            let page = browser.get(&flow.url()).await;
            let page = browser.press(&page, "sign-in", &[("username", name), ("password", ALICE.1)]).await;
            assert!(page.leaving.is_some(), "{name:?}: {}", page.words());
        }
    }

    /// Guessing is slowed down for the address and the account together; the owner elsewhere gets in.
    async fn guessing_a_password_is_limited(world: World) {
        let world = world.limited().await;
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        let page = browser.get(&flow.url()).await;
        let mut limited = false;
        for attempt in 0..60 {
            let password = format!("the guess number {attempt}");
            let answer = browser.press(&page, "sign-in", &[("username", "alice"), ("password", &password)]).await;
            if answer.answer.status == 429 {
                assert!(!answer.answer.header("retry-after").is_empty());
                limited = true;
                break;
            }
        }
        assert!(limited, "sixty guesses at once were all answered");
        let mut owner = world.browser();
        owner.set_address("203.0.113.50");
        let page = flow.walk(&mut owner).await;
        assert!(page.leaving.is_some(), "{}", page.words());
    }

    /// With an issuer on https the cookies are `__Host-` and secure (the browser of the tests checks each one).
    async fn cookies_are_secure_on_https(world: World) {
        let world = world.another("https://id.example").await;
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        assert!(!browser.cookies().is_empty());
        assert!(browser.cookies().keys().all(|name| name.starts_with("__Host-")));
    }

    /// RFC 9700 §4.12: another site cannot sign the browser in as somebody of its choice.
    async fn another_site_cannot_sign_the_browser_in(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let page = browser.get(&world.flow(&app).url()).await;
        let form = page.form("sign-in");
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.retain(|(name, _)| !matches!(*name, "username" | "password"));
        fields.extend([("username", ALICE.0), ("password", ALICE.1)]);
        let action = page.url.join(&form.action).unwrap();
        let answer = browser.cross_site_post(action.as_str(), &fields).await;
        assert!(matches!(answer.answer.status, 400 | 403), "{}", answer.answer.status);
        let silent = world.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// After signing in, the browser goes on to this origin only.
    async fn the_sign_in_page_redirects_nowhere_else(world: World) {
        world.app().await;
        for query in ["next=https://evil.example/", "return_to=//evil.example", "interaction=forged", "resume=//evil.example"] {
            let mut browser = world.browser();
            let page = browser.get(&format!("/login?{query}")).await;
            assert!(page.leaving.is_none(), "{query}");
            if page.has("sign-in") {
                let page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
                assert!(page.leaving.is_none(), "{query}: {:?}", page.leaving);
            }
        }
    }
}
