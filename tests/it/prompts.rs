//! What a request may ask of the sign-in, in all combinations: OpenID Connect Core §3.1.2.1, §5.5, §5.5.1.1.

use jose::jwe::{ContentEncryption, KeyManagement};
use serde_json::json;

use crate::harness::{ALICE, Browser, Flow, Tokens, World, altered, query_of};
use crate::on_each_engine;
use crate::request_object::encrypted::{encrypt, published};

/// What the first answer to a request is: a code, an error, or a page.
async fn outcome(flow: &Flow, browser: &mut Browser) -> String {
    let page = browser.get(&flow.url()).await;
    if page.leaving.is_none() {
        return ["password", "allow", "continue"]
            .into_iter()
            .find(|id| page.has(id))
            .unwrap_or("page")
            .to_owned();
    }
    let response = flow.response(&page);
    match response.get("error") {
        Some(error) => error.clone(),
        None if response.contains_key("code") => "code".to_owned(),
        None => "nothing".to_owned(),
    }
}

on_each_engine! {
    /// §3.1.2.1, §3.1.2.6: each value and combination, for nobody, for somebody who is signed in, and for somebody who has agreed before.
    async fn each_prompt_asks_what_it_says(world: World) {
        const TABLE: [(&str, [&str; 3]); 18] = [
            ("", ["password", "allow", "code"]),
            ("none", ["login_required", "consent_required", "code"]),
            (" none ", ["login_required", "consent_required", "code"]),
            ("login", ["password", "password", "password"]),
            ("consent", ["password", "allow", "allow"]),
            ("select_account", ["password", "continue", "continue"]),
            ("login consent", ["password", "password", "password"]),
            ("consent login", ["password", "password", "password"]),
            ("consent select_account", ["password", "continue", "continue"]),
            ("login select_account consent", ["password", "password", "password"]),
            ("login login", ["password", "password", "password"]),
            ("none login", ["invalid_request", "invalid_request", "invalid_request"]),
            ("consent none", ["invalid_request", "invalid_request", "invalid_request"]),
            ("select_account none", ["invalid_request", "invalid_request", "invalid_request"]),
            ("create", ["invalid_request", "invalid_request", "invalid_request"]),
            ("LOGIN", ["invalid_request", "invalid_request", "invalid_request"]),
            ("login,consent", ["invalid_request", "invalid_request", "invalid_request"]),
            ("login\u{a0}consent", ["invalid_request", "invalid_request", "invalid_request"]),
        ];
        let app = world.app().await;
        let stranger = world.client("stranger").create().await;
        let mut nobody = world.browser();
        let mut alice = world.browser();
        world.flow(&app).code(&mut alice).await;
        for (prompt, expected) in TABLE {
            let of = |client| world.flow(client).with("prompt", prompt);
            let seen = [
                outcome(&of(&app), &mut nobody).await,
                outcome(&of(&stranger), &mut alice).await,
                outcome(&of(&app), &mut alice).await,
            ];
            assert_eq!(seen, expected, "{prompt}");
        }
    }

    /// Asked for both, a person does both, and then goes on.
    async fn who_is_asked_for_both_does_both(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        world.advance(5);
        for prompt in ["login consent", "consent select_account"] {
            let flow = world.flow(&app).with("prompt", prompt);
            let mut page = flow.seen_in(&mut browser).await;
            if page.has("continue") {
                page = browser.press(&page, "continue", &[]).await;
            }
            assert!(page.has("allow"), "{prompt}: {}", page.words());
            let page = browser.press(&page, "allow", &[]).await;
            assert!(flow.response(&page).contains_key("code"), "{prompt}");
        }
    }

    /// §3.1.2.1 `select_account`: who is signed in goes on with one press and no password, or somebody else signs in.
    async fn a_person_chooses_with_which_account_to_go_on(world: World) {
        let app = world.app().await;
        world.person("bob", "bobs-good-password").await;
        let bobs = [("username", "bob"), ("password", "bobs-good-password")];
        let mut browser = world.browser();
        let before = world.claims(world.flow(&app).tokens_in(&mut browser).await.id()).await;
        world.advance(60);
        let flow = world.flow(&app).with("prompt", "select_account");
        let page = browser.get(&flow.url()).await;
        assert!(page.has("continue") && page.has("other-account") && !page.has("password"), "{}", page.html());
        assert!(page.says("alice"), "{}", page.words());
        // What was not chosen is not gone on with, whatever address is opened.
        let interaction = query_of(&page.url)["interaction"].clone();
        for past in ["/login", "/authorize/continue", "/consent"] {
            let seen = browser.get(&format!("{past}?interaction={interaction}")).await;
            assert!(seen.has("continue"), "{past}: {}", seen.words());
        }
        let stolen = browser.cross_site_post("/login", &[("interaction", interaction.as_str()), ("choose", "1")]).await;
        assert_eq!(stolen.answer.status, 403);
        let done = browser.press(&page, "continue", &[]).await;
        let tokens = Tokens(flow.redeem(&flow.response(&done)["code"]).await.json());
        let after = world.claims(tokens.id()).await;
        assert_eq!((&after["sub"], &after["auth_time"]), (&before["sub"], &before["auth_time"]), "nobody signed in again");
        // Another one.
        let page = browser.get(&flow.url()).await;
        let page = browser.get(&format!("/login?interaction={}&account=other", query_of(&page.url)["interaction"])).await;
        let page = browser.press(&page, "sign-in", &bobs).await;
        assert!(page.has("allow"), "{}", page.words());
        let page = browser.press(&page, "allow", &[]).await;
        assert!(flow.response(&page).contains_key("code"));
        // Who was chosen is not whoever came since.
        let asked = browser.get(&flow.url()).await;
        assert!(asked.says("bob"));
        let other = browser.get("/login?account=other").await;
        browser.press(&other, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
        let page = browser.press(&asked, "continue", &[]).await;
        assert!(page.leaving.is_none() && page.has("continue") && page.says("alice"), "{}", page.words());
        // A hint at somebody else fills their name in where another account is used.
        let page = browser.get(&flow.clone().with("login_hint", "bob").url()).await;
        assert!(page.has("continue"));
        let page = browser.get(&format!("/login?interaction={}&account=other", query_of(&page.url)["interaction"])).await;
        assert!(page.html().contains("value=\"bob\""), "{}", page.html());
        for (name, value) in [("max_age", "0"), ("prompt", "login select_account")] {
            let page = browser.get(&flow.clone().with(name, value).url()).await;
            assert!(page.has("password"), "{name}={value}");
        }
    }

    /// §3.1.2.1 `id_token_hint`: one's own, an old one too, goes on; another person's asks, or is refused where nothing may be asked; what is no ID token of ours is
    /// none.
    async fn each_hint_is_taken_for_what_it_is(world: World) {
        let app = world.app().await;
        let other = world.client("other").create().await;
        world.person("bob", "correct-horse-battery").await;
        let (mut alice, mut bob, mut nobody) = (world.browser(), world.browser(), world.browser());
        let tokens = world.flow(&app).tokens_in(&mut alice).await;
        let elsewhere = world.flow(&other).tokens_in(&mut alice).await;
        let page = bob.get(&world.flow(&app).url()).await;
        let page = bob.press(&page, "sign-in", &[("username", "bob"), ("password", "correct-horse-battery")]).await;
        world.flow(&app).go_on(&mut bob, page).await;
        world.advance(4000);
        let expired = tokens.id();
        let forged = altered(expired, expired.len() - 9);
        let unsigned = format!("{}.{}.", jose::base64url::encode("{\"alg\":\"none\"}"), expired.split('.').nth(1).unwrap());
        // What a client was sent encrypted it may send back encrypted to us.
        let key = published(&world, "/jwks").await;
        let sealed = |token: &str| encrypt(token, &key, KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        let twisted = sealed(expired);
        for (hint, prompt, expected) in [
            (expired, "none", ["code", "login_required", "login_required"]),
            (expired, "", ["code", "password", "password"]),
            (expired, "login", ["password", "password", "password"]),
            (expired, "consent", ["allow", "password", "password"]),
            (expired, "select_account", ["continue", "password", "password"]),
            (expired, "login consent", ["password", "password", "password"]),
            (expired, "consent select_account", ["continue", "password", "password"]),
            (expired, "none login", ["invalid_request"; 3]),
            (&sealed(expired), "none", ["code", "login_required", "login_required"]),
            (&sealed(expired), "", ["code", "password", "password"]),
            (&sealed(expired), "consent", ["allow", "password", "password"]),
            (&sealed(tokens.access()), "none", ["invalid_request"; 3]),
            (&sealed(&forged), "none", ["invalid_request"; 3]),
            (&sealed(&sealed(expired)), "none", ["invalid_request"; 3]),
            (&altered(&twisted, twisted.len() - 9), "none", ["invalid_request"; 3]),
            ("a.b.c.d.e", "none", ["invalid_request"; 3]),
            (elsewhere.id(), "none", ["code", "login_required", "login_required"]),
            (tokens.access(), "none", ["invalid_request"; 3]),
            (&forged, "none", ["invalid_request"; 3]),
            (&unsigned, "", ["invalid_request"; 3]),
            ("a.b.c", "", ["invalid_request"; 3]),
        ] {
            let flow = world.flow(&app).with("id_token_hint", hint).with("prompt", prompt);
            let seen = [
                outcome(&flow, &mut alice).await,
                outcome(&flow, &mut bob).await,
                outcome(&flow, &mut nobody).await,
            ];
            assert_eq!(seen, expected, "{prompt:?} {hint}");
        }
    }

    /// §5.5, §5.5.1: values that are wished for are wishes; only a `sub` binds, and an `acr` where the realm names strengths; languages and hints change nothing.
    async fn a_wished_sub_and_acr_bind_and_other_wishes_do_not(world: World) {
        let named = json!([{"value": "low", "amr": ["pwd"]}, {"value": "high", "amr": ["pwd", "otp"]}]);
        world.settings(|settings| settings.acr = serde_json::from_value(named).unwrap()).await;
        let app = world.app_with(|client| client.trusted()).await;
        let mut alice = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut alice).await;
        let sub = world.claims(tokens.id()).await["sub"].clone();
        let unmet = "unmet_authentication_requirements";
        for (claims, expected) in [
            (json!({"id_token": {"acr": {"essential": true, "values": ["low"]}}}), "code"),
            (json!({"id_token": {"acr": {"essential": true, "values": ["high", "low"]}}}), "code"),
            (json!({"id_token": {"acr": {"essential": true, "value": "high"}}}), unmet),
            (json!({"id_token": {"acr": {"essential": true, "value": "unheard"}}}), unmet),
            (json!({"id_token": {"acr": {"essential": true}}}), "code"),
            (json!({"id_token": {"sub": {"value": sub}}}), "code"),
            (json!({"userinfo": {"sub": {"value": sub}}}), "code"),
            (json!({"id_token": {"sub": {"value": "somebody else"}}}), "login_required"),
            (json!({"id_token": {"email": {"essential": true, "value": "other@example.com"}}}), "code"),
            (json!({"id_token": {"auth_time": {"essential": true}, "unheard": {"essential": true}}}), "code"),
            (json!({"id_token": {"acr": null, "sub": null}}), "code"),
            (json!({"id_token": {"acr": true}}), "invalid_request"),
            (json!([]), "invalid_request"),
        ] {
            let flow = world.flow(&app).with("prompt", "none").with("claims", &claims.to_string());
            assert_eq!(outcome(&flow, &mut alice).await, expected, "{claims}");
        }
        for (name, value, expected) in [
            ("claims_locales", "fr-CA fr", "code"),
            ("claims_locales", "'\"<>", "code"),
            ("ui_locales", "not_a_language <script>", "code"),
            ("login_hint", "bob", "code"),
            ("display", "popup", "code"),
            ("max_age", "100000", "code"),
            ("max_age", "0", "login_required"),
            ("max_age", "-1", "invalid_request"),
            ("max_age", "soon", "invalid_request"),
            ("acr_values", "unheard", unmet),
            ("acr_values", "low", "code"),
        ] {
            let flow = world.flow(&app).with("prompt", "none").with(name, value);
            assert_eq!(outcome(&flow, &mut alice).await, expected, "{name}={value}");
        }
    }

    /// §3.1.2.1: where a hint means somebody else than who is signed in, the form is for that one.
    async fn a_form_for_somebody_else_is_not_filled_with_who_is_there(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        world.person("bob", "bobs-good-password").await;
        let (mut alice, mut bob) = (world.browser(), world.browser());
        world.flow(&app).code(&mut alice).await;
        let page = bob.get(&world.flow(&app).url()).await;
        bob.press(&page, "sign-in", &[("username", "bob"), ("password", "bobs-good-password")]).await;
        let bobs = world.flow(&app).tokens_in(&mut bob).await;
        for (name, value, filled) in [
            ("login_hint", "bob", "value=\"bob\""),
            ("login_hint", "ALICE@example.com", "value=\"alice\""),
            ("id_token_hint", bobs.id(), "value=\"\""),
            ("display", "page", "value=\"alice\""),
        ] {
            let page = alice.get(&world.flow(&app).with("prompt", "login").with(name, value).url()).await;
            let is_fixed = page.html().contains(" readonly");
            assert!(page.html().contains(filled) && is_fixed == (filled == "value=\"alice\""), "{name}={value}: {}", page.html());
        }
        let hinted = world.flow(&app).with("id_token_hint", bobs.id());
        let page = alice.get(&hinted.url()).await;
        let page = alice.press(&page, "sign-in", &[("username", "bob"), ("password", "bobs-good-password")]).await;
        assert!(hinted.response(&page).contains_key("code"));
    }
}
