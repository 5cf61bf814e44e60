//! Signing out: OpenID Connect RP-Initiated Logout 1.0, with everything that a client may send.

use jose::jwe::{ContentEncryption, KeyManagement};
use serde_json::json;

use crate::harness::{ALICE, World, altered};
use crate::on_each_engine;
use crate::request_object::encrypted::{encrypt, published};

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

    /// §2: an ID token that has expired is a good hint, as long as the session goes on; also one that the client encrypted to us.
    async fn an_expired_hint_counts(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let key = published(&world, "/jwks").await;
        for encrypted in [false, true] {
            let mut browser = world.browser();
            let tokens = world.flow(&app).tokens_in(&mut browser).await;
            world.advance(2 * 3600);
            let hint = match encrypted {
                true => encrypt(tokens.id(), &key, KeyManagement::EcdhEsA256Kw, ContentEncryption::A128CbcHs256),
                false => tokens.id().to_owned(),
            };
            let page = browser.get(&logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER)])).await;
            assert_eq!(page.left().as_str(), AFTER);
            let silent = world.flow(&app).with("prompt", "none");
            assert_eq!(silent.error(&mut browser).await, "login_required");
        }
    }

    /// §2: the ID token of another session, of another person's, or a hint at somebody else ends nothing unasked.
    async fn a_hint_of_another_session_makes_it_a_question(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let mut browser = world.browser();
        let own = world.flow(&app).tokens_in(&mut browser).await;
        let elsewhere = world.flow(&app).tokens_in(&mut world.browser()).await;
        let asked = [
            vec![("id_token_hint", elsewhere.id())],
            vec![("id_token_hint", own.id()), ("logout_hint", "bob")],
            vec![("logout_hint", ALICE.0)],
            vec![("client_id", "app"), ("state", "s"), ("ui_locales", "de fr")],
        ];
        for mut pairs in asked {
            pairs.push(("post_logout_redirect_uri", AFTER));
            let named = pairs.iter().any(|(name, _)| *name == "client_id" || *name == "id_token_hint");
            if !named {
                pairs.push(("client_id", "app"));
            }
            let page = browser.get(&logout(&pairs)).await;
            assert!(page.has("sign-out") && page.leaving.is_none(), "{pairs:?}: {}", page.words());
        }
        let silent = world.flow(&app).with("prompt", "none");
        let page = browser.get(&silent.url()).await;
        assert!(silent.response(&page).contains_key("code"));
        let pairs = [("id_token_hint", own.id()), ("logout_hint", ALICE.0), ("ui_locales", "de"), ("client_id", "app")];
        let page = browser.get(&logout(&pairs)).await;
        assert!(page.has("signed-out"), "{}", page.words());
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// §2: `client_id` names the client of the ID token, or the request is refused and nobody is signed out.
    async fn a_client_id_is_that_of_the_hint(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        world.client("other").set("post_logout_redirect_uris", json!(["https://other.example/"])).create().await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        for pairs in [
            vec![("client_id", "other"), ("id_token_hint", tokens.id())],
            vec![("client_id", "other"), ("id_token_hint", tokens.id()), ("post_logout_redirect_uri", "https://other.example/")],
            vec![("id_token_hint", tokens.id()), ("post_logout_redirect_uri", "https://other.example/")],
            vec![("client_id", "nobody"), ("post_logout_redirect_uri", AFTER)],
        ] {
            let page = browser.get(&logout(&pairs)).await;
            assert_eq!((page.answer.status, page.leaving), (400, None), "{pairs:?}");
        }
        let silent = world.flow(&app).with("prompt", "none");
        let page = browser.get(&silent.url()).await;
        assert!(silent.response(&page).contains_key("code"));
    }

    /// §3: where nobody is signed in nobody is asked; then only who has had a session here sends the browser on by itself.
    async fn a_link_to_us_leads_nowhere_by_itself(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        let tokens = world.flow(&app).tokens().await;
        let mut browser = world.browser();
        let pairs = [("client_id", "app"), ("post_logout_redirect_uri", AFTER), ("state", "s")];
        let page = browser.get(&logout(&pairs)).await;
        assert!(page.leaving.is_none() && page.has("signed-out"));
        assert!(page.html().contains("https://app.example/signed-out?state=s"), "{}", page.html());
        assert!(!page.html().contains("<script") && !page.html().contains("http-equiv"));
        let page = browser.get(&logout(&[("id_token_hint", tokens.id()), ("post_logout_redirect_uri", AFTER)])).await;
        assert_eq!(page.left().as_str(), AFTER);
    }

    /// RFC 9700 §4.11.2: the page that asks about signing out does not lead on by itself to a site that nobody vouches for, which may look like this one.
    async fn signing_out_leads_by_hand_to_a_site_that_registered_itself(world: World) {
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let evil = "https://evil.example/login";
        let stated = json!({"redirect_uris": ["https://evil.example/cb"], "post_logout_redirect_uris": [evil], "client_name": "Example Bank",
            "token_endpoint_auth_method": "none"});
        let told = world.post("/register").json(&stated).send().await.status(201).json();
        let pairs = [("client_id", told["client_id"].as_str().unwrap()), ("post_logout_redirect_uri", evil)];
        let page = browser.get(&logout(&pairs)).await;
        let page = browser.press(&page, "sign-out", &[]).await;
        assert!(page.leaving.is_none() && page.has("signed-out"), "{}", page.html());
        assert!(page.html().contains("evil.example") && !page.html().contains("<script"));
    }

    /// Another site cannot answer the question, and cannot sign anybody out by a form of its own.
    async fn another_site_signs_nobody_out(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let page = browser.cross_site_post("/logout/confirm", &[("everywhere", "yes")]).await;
        assert_eq!(page.answer.status, 403);
        browser.cross_site_post("/logout", &[("everywhere", "yes")]).await;
        let silent = world.flow(&app).with("prompt", "none");
        let page = browser.get(&silent.url()).await;
        assert!(silent.response(&page).contains_key("code"));
    }
}

fn logout(pairs: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("/logout?{query}")
}
