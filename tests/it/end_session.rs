//! Signing out: OpenID Connect RP-Initiated Logout 1.0, in its simple form.

use serde_json::json;

use crate::harness::{World, altered};
use crate::on_each_engine;

const AFTER: &str = "https://app.example/signed-out";

on_each_engine! {
    /// §2: with the ID token of the session and a registered address, the person is signed out and sent there, state and all.
    async fn a_client_signs_its_person_out(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let path = logout(&[("id_token_hint", tokens.id()), ("post_logout_redirect_uri", AFTER), ("state", "s 1")]);
        let mut page = browser.get(&path).await;
        if page.has("sign-out") {
            page = browser.press(&page, "sign-out", &[]).await;
        }
        assert_eq!(page.left().as_str(), "https://app.example/signed-out?state=s+1");
        let silent = world.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
        world.userinfo(tokens.access()).await.status(401);
    }

    /// §2: without an ID token anybody could have sent the browser here, so the person is asked.
    async fn without_an_id_token_the_person_is_asked(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let page = browser.get("/logout").await;
        assert_eq!(page.answer.status, 200);
        let silent = world.flow(&app).with("prompt", "none");
        let still = browser.get(&silent.url()).await;
        assert!(silent.response(&still).contains_key("code"), "signed out without being asked");
        browser.press(&page, "sign-out", &[]).await;
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// §3: never to an address that is not registered, nor to one of an unknown client.
    async fn an_unregistered_address_is_not_followed(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        for uri in ["https://evil.example/", "https://app.example/signed-out/x", "javascript:alert(1)", "//evil.example"] {
            let path = logout(&[("id_token_hint", tokens.id()), ("post_logout_redirect_uri", uri)]);
            let page = browser.get(&path).await;
            assert!(page.leaving.is_none(), "{uri}: {:?}", page.leaving);
            let path = logout(&[("client_id", "app"), ("post_logout_redirect_uri", uri)]);
            let mut page = browser.get(&path).await;
            if page.has("sign-out") {
                page = browser.press(&page, "sign-out", &[]).await;
            }
            assert!(page.leaving.is_none(), "{uri}: {:?}", page.leaving);
        }
        let path = logout(&[("post_logout_redirect_uri", AFTER)]);
        let page = browser.get(&path).await;
        assert!(page.leaving.is_none(), "without a client the address means nothing");
    }

    /// A forged or foreign ID token is no permission to sign anybody out unasked.
    async fn a_forged_id_token_signs_nobody_out(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let forged = altered(tokens.id(), tokens.id().len() - 9);
        let page = browser.get(&logout(&[("id_token_hint", &forged)])).await;
        assert!(page.leaving.is_none());
        let silent = world.flow(&app).with("prompt", "none");
        let page = browser.get(&silent.url()).await;
        assert!(silent.response(&page).contains_key("code"));
    }

    /// Without a session there is nothing to ask.
    async fn without_a_session_there_is_nothing_to_do(world: World) {
        let page = world.browser().get("/logout").await;
        assert!(page.leaving.is_none());
        assert_eq!(page.answer.status, 200);
        assert!(!page.has("sign-out"));
    }

    /// §2: POST is allowed as well.
    async fn a_post_is_taken(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let pairs = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", AFTER)];
        let mut page = browser.cross_site_post("/logout", &pairs).await;
        if page.has("sign-out") {
            page = browser.press(&page, "sign-out", &[]).await;
        }
        assert_eq!(page.left().as_str(), AFTER);
        let silent = world.flow(&app).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }
}

fn logout(pairs: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("/logout?{query}")
}
