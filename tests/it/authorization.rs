//! The authorization endpoint: RFC 6749 §3.1 and §4.1, OpenID Connect Core §3.1.2, RFC 9207.

use serde_json::json;

use crate::harness::{World, query_of};
use crate::on_each_engine;

on_each_engine! {
    /// RFC 6749 §4.1.2 and RFC 9207 §2: code, state as it was sent, and the issuer; in OpenID requests the state of the session (Session Management §2), and
    /// nothing else.
    async fn the_response_has_code_state_and_issuer(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let page = flow.walk(&mut world.browser()).await;
        let response = flow.response(&page);
        let names: Vec<&str> = response.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "iss", "session_state", "state"]);
        page.answer.not_stored();
    }

    /// RFC 6749 §4.1.2: state only when it was sent.
    async fn without_a_state_none_comes_back(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).without("state");
        let page = flow.walk(&mut world.browser()).await;
        assert!(!flow.response(&page).contains_key("state"));
    }

    /// RFC 6749 §3.1.2: the query of the registered redirect URI is kept.
    async fn the_query_of_the_redirect_uri_is_kept(world: World) {
        let uri = "https://app.example/callback?tenant=a%20b&x=";
        let app = world.app_with(|client| client.redirects(&[uri])).await;
        let flow = world.flow(&app);
        let page = flow.walk(&mut world.browser()).await;
        let response = flow.response(&page);
        assert_eq!(response["tenant"], "a b");
        assert!(page.left().as_str().starts_with(uri), "{}", page.left());
    }

    /// RFC 6749 §4.1.2.1: an unknown client is told to the person and never redirected.
    async fn an_unknown_client_shows_a_page(world: World) {
        let app = world.app().await;
        for flow in [
            world.flow(&app).with("client_id", "unknown"),
            world.flow(&app).without("client_id"),
            world.flow(&app).with("client_id", ""),
            world.flow(&app).with("client_id", "<script>alert(1)</script>"),
        ] {
            let page = world.browser().get(&flow.url()).await;
            assert!(page.leaving.is_none(), "redirected to {:?}", page.leaving);
            assert_eq!(page.answer.status, 400);
            assert!(page.answer.header("content-type").starts_with("text/html"));
            assert!(!page.html().contains("<script>alert"));
        }
    }

    /// RFC 6749 §3.1.1 and §4.1.2.1: what is wrong with the rest of the request goes back to the client.
    async fn errors_are_sent_back(world: World) {
        let app = world.app().await;
        let table = [
            (world.flow(&app).without("response_type"), "invalid_request"),
            (world.flow(&app).with("response_type", "token"), "unsupported_response_type"),
            (world.flow(&app).with("response_type", "code token"), "unsupported_response_type"),
            (world.flow(&app).with("response_type", "nonsense"), "unsupported_response_type"),
            (world.flow(&app).with("response_mode", "nonsense"), "invalid_request"),
            (world.flow(&app).with("prompt", "none login"), "invalid_request"),
            (world.flow(&app).with("max_age", "-1"), "invalid_request"),
            (world.flow(&app).with("max_age", "soon"), "invalid_request"),
            (world.flow(&app).with("request", "eyJhbGciOiJub25lIn0.e30."), "invalid_request_object"),
            (world.flow(&app).with("request_uri", "https://app.example/request"), "invalid_request_uri"),
            (world.flow(&app).with("registration", "{}"), "registration_not_supported"),
            (world.flow(&app).with("scope", "openid \""), "invalid_scope"),
            (world.flow(&app).with("scope", "openid  email"), "invalid_scope"),
            (world.flow(&app).with("scope", "openid\temail"), "invalid_scope"),
            (world.flow(&app).with("scope", "email nonsense"), "invalid_scope"),
            (world.flow(&app).with("resource", "urn:example:nothing"), "invalid_target"),
            (world.flow(&app).with("resource", "notes"), "invalid_target"),
            (world.flow(&app).with("resource", "https://api.example/#x"), "invalid_target"),
            (world.flow(&app).with("resource", "urn:example:\u{7}"), "invalid_target"),
            (world.flow(&app).with("authorization_details", "{}"), "invalid_authorization_details"),
            (world.flow(&app).with("authorization_details", "[{\"type\":\"unknown\"}]"), "invalid_authorization_details"),
        ];
        for (flow, expected) in table {
            let error = flow.error(&mut world.browser()).await;
            assert_eq!(error, expected, "{:?}", flow.parameters);
        }
    }

    /// RFC 6749 §3.1: a parameter must not be there twice; which of the two is meant cannot be known, so nothing is sent anywhere.
    async fn a_parameter_twice_is_refused(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("prompt", "login");
        for extra in ["client_id=app", "redirect_uri=https%3A%2F%2Fapp.example%2Fcallback"] {
            let page = world.browser().get(&format!("{}&{extra}", flow.url())).await;
            assert_eq!(page.answer.status, 400, "{extra}");
            assert!(page.leaving.is_none());
        }
        for extra in ["scope=openid", "state=x", "code_challenge=x", "response_type=code", "nonce=x", "prompt=none"] {
            let page = world.browser().get(&format!("{}&{extra}", flow.url())).await;
            match &page.leaving {
                Some(url) => assert_eq!(query_of(url)["error"], "invalid_request", "{extra}"),
                None => assert_eq!(page.answer.status, 400, "{extra}"),
            }
        }
    }

    /// RFC 6749 §3.1, §4.1.2.1: the same by POST as by GET.
    async fn a_parameter_twice_is_refused_by_post_too(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let posted = |extra: (&'static str, &'static str)| {
            let mut browser = world.browser();
            let mut pairs = flow.parameters.clone().into_iter().collect::<Vec<_>>();
            pairs.push((extra.0.to_owned(), extra.1.to_owned()));
            async move {
                let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                browser.cross_site_post("/authorize", &pairs).await
            }
        };
        for extra in [("client_id", "app"), ("redirect_uri", "https://app.example/callback")] {
            let page = posted(extra).await;
            assert_eq!(page.answer.status, 400, "{extra:?}");
            assert!(page.leaving.is_none(), "{extra:?}");
        }
        for extra in [("scope", "openid"), ("code_challenge", "x"), ("nonce", "x")] {
            let page = posted(extra).await;
            assert_eq!(query_of(page.left())["error"], "invalid_request", "{extra:?}");
        }
        let page = posted(("state", "x")).await;
        assert_eq!(query_of(page.left()).get("state"), None);
    }

    /// RFC 6749 §3.1: what the server does not know is ignored.
    async fn an_unknown_parameter_is_ignored(world: World) {
        let app = world.app().await;
        world.flow(&app).with("utm_source", "somewhere").with("audience", "x").fresh_code().await;
    }

    /// RFC 6749 §3.1: the server may take POST; OpenID Connect Core §3.1.2.1 demands it. Coming from another site it has no cookie, so
    /// the browser is sent through a GET of our own.
    async fn a_post_from_the_client_works_with_the_session(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        flow.code(&mut browser).await;
        let flow = flow.with("prompt", "none");
        let pairs: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let page = browser.cross_site_post("/authorize", &pairs).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// With a session and a remembered consent nothing is asked.
    async fn the_second_time_nothing_is_asked(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        let first = flow.code(&mut browser).await;
        let page = browser.get(&flow.url()).await;
        let second = &flow.response(&page)["code"];
        assert_ne!(&first, second);
        assert_eq!(page.way.len(), 1, "{:?}", page.way);
    }

    /// OpenID Connect Core §3.1.2.1 and §3.1.2.6 `prompt=none`.
    async fn prompt_none_asks_nothing(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("prompt", "none");
        let mut browser = world.browser();
        assert_eq!(flow.error(&mut browser).await, "login_required");
        world.sign_in(&mut browser).await;
        assert_eq!(flow.error(&mut browser).await, "consent_required");
        world.flow(&app).code(&mut browser).await;
        let page = browser.get(&flow.url()).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// OpenID Connect Core §3.1.2.1 `prompt=login`: the person signs in again, and once is enough.
    async fn prompt_login_asks_for_the_password_again(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        world.advance(10);
        let flow = world.flow(&app).with("prompt", "login");
        let page = browser.get(&flow.url()).await;
        assert!(page.has("password"), "{}", page.words());
        let page = flow.go_on(&mut browser, page).await;
        let code = flow.response(&page)["code"].clone();
        let tokens = crate::harness::Tokens(flow.redeem(&code).await.json());
        let claims = world.claims(tokens.id()).await;
        assert_eq!(claims["auth_time"].as_i64(), Some(world.now()));
    }

    /// A sign-in before the request does not answer it, however short before: neither at the sign-in page nor past it.
    async fn a_sign_in_of_the_same_second_is_no_way_around(world: World) {
        let app = world.app().await;
        for (name, value) in [("prompt", "login"), ("max_age", "0"), ("prompt", "login select_account")] {
            let mut browser = world.browser();
            world.flow(&app).code(&mut browser).await;
            let flow = world.flow(&app).with(name, value);
            let page = browser.get(&flow.url()).await;
            assert!(page.has("password"), "{name}: {}", page.words());
            let interaction = query_of(&page.url)["interaction"].clone();
            for past in ["/login", "/authorize/continue", "/consent"] {
                let page = browser.get(&format!("{past}?interaction={interaction}")).await;
                assert!(page.has("password"), "{name} {past}: {}", page.words());
            }
            // Once is enough, and going back neither loops nor asks again.
            let after = flow.go_on(&mut browser, page).await;
            assert!(flow.response(&after).contains_key("code"), "{name}");
            let back = browser.get(&format!("/login?interaction={interaction}")).await;
            assert!(flow.response(&back).contains_key("code"), "{name}");
        }
    }

    /// `prompt=login` is asked anew by each request: an answered one does not answer the next.
    async fn prompt_login_is_asked_by_each_request(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let flow = world.flow(&app).with("prompt", "login");
        flow.code(&mut browser).await;
        world.advance(10);
        let page = browser.get(&flow.url()).await;
        assert!(page.has("password"));
    }

    /// OpenID Connect Core §3.1.2.1 `prompt=consent`.
    async fn prompt_consent_asks_again(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let flow = world.flow(&app).with("prompt", "consent");
        let page = browser.get(&flow.url()).await;
        assert!(page.has("allow"), "{}", page.words());
        let page = flow.go_on(&mut browser, page).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// OpenID Connect Core §3.1.2.1 `max_age`: an older sign-in is renewed, and `auth_time` is in the ID token.
    async fn max_age_renews_an_old_sign_in(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let flow = world.flow(&app).with("max_age", "600");
        flow.code(&mut browser).await;
        world.advance(599);
        let page = browser.get(&flow.url()).await;
        assert!(flow.response(&page).contains_key("code"));
        world.advance(10);
        let page = browser.get(&flow.url()).await;
        assert!(page.has("password"), "{}", page.words());
        let page = flow.go_on(&mut browser, page).await;
        let answer = flow.redeem(&flow.response(&page)["code"]).await;
        let claims = world.claims(&answer.text("id_token")).await;
        assert_eq!(claims["auth_time"].as_i64(), Some(world.now()));
    }

    /// OpenID Connect Core §3.1.2.1: `max_age=0` is `prompt=login`; with `prompt=none` it cannot be met.
    async fn max_age_zero_signs_in_again(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        world.advance(1);
        let flow = world.flow(&app).with("max_age", "0");
        let page = browser.get(&flow.url()).await;
        assert!(page.has("password"));
        let page = flow.go_on(&mut browser, page).await;
        assert!(flow.response(&page).contains_key("code"));
        world.advance(1);
        let silent = world.flow(&app).with("max_age", "0").with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// OpenID Connect Core §3.1.2.1 `login_hint`.
    async fn a_login_hint_fills_the_field(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("login_hint", "alice\"><script>");
        let page = world.browser().get(&flow.url()).await;
        let form = page.form("username");
        let name = &form.ids["username"];
        let value = form.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        assert_eq!(value, Some("alice\"><script>"));
    }

    /// OpenID Connect Core §3.1.2.2: with `prompt=none` and the ID token of somebody else, the session at hand does not answer.
    async fn the_id_token_hint_of_another_person_is_not_answered(world: World) {
        let app = world.app().await;
        world.person("bob", "correct-horse-battery").await;
        let mut browsers = [world.browser(), world.browser()];
        let alice = world.flow(&app).tokens_in(&mut browsers[0]).await;
        let page = browsers[1].get(&world.flow(&app).url()).await;
        let fields = [("username", "bob"), ("password", "correct-horse-battery")];
        let page = browsers[1].press(&page, "sign-in", &fields).await;
        world.flow(&app).go_on(&mut browsers[1], page).await;
        let flow = world.flow(&app).with("prompt", "none").with("id_token_hint", alice.id());
        let page = browsers[0].get(&flow.url()).await;
        assert!(flow.response(&page).contains_key("code"));
        assert_eq!(flow.error(&mut browsers[1]).await, "login_required");
        world.advance(86_400 / 4);
        let page = browsers[0].get(&flow.url()).await;
        assert!(flow.response(&page).contains_key("code"), "an expired hint is a hint all the same");
        let forged = world.flow(&app).with("prompt", "none").with("id_token_hint", "a.b.c");
        let error = forged.error(&mut browsers[0]).await;
        assert!(matches!(error.as_str(), "invalid_request" | "login_required"), "{error}");
    }

    /// RFC 6749 §5.2 `unauthorized_client`, sent back: the redirect URI is known to be good.
    async fn a_client_without_the_grant_is_sent_back(world: World) {
        let app = world.app_with(|client| client.grants(&["client_credentials"])).await;
        assert_eq!(world.flow(&app).error(&mut world.browser()).await, "unauthorized_client");
    }

    /// A disabled client shows a page.
    async fn a_disabled_client_shows_a_page(world: World) {
        let app = world.app_with(|client| client.set("disabled", json!(true))).await;
        let page = world.browser().get(&world.flow(&app).url()).await;
        assert!(page.leaving.is_none());
        assert_eq!(page.answer.status, 400);
    }

    /// A request that stood on the sign-in page for too long is not answered later.
    async fn a_stale_sign_in_page_is_refused(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let mut browser = world.browser();
        let page = browser.get(&flow.url()).await;
        world.advance(3601);
        let fields = [("username", "alice"), ("password", "correct-horse-battery")];
        let page = browser.press(&page, "sign-in", &fields).await;
        assert!(page.leaving.is_none());
        assert_eq!(page.answer.status, 400, "{}", page.words());
    }

    /// A request of one browser cannot be finished in another: that would sign the victim in as the attacker.
    async fn a_request_is_bound_to_its_browser(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let page = world.browser().get(&flow.url()).await;
        let mut victim = world.browser();
        let there = victim.get(page.url.as_str()).await;
        assert!(there.leaving.is_none());
        if there.has("sign-in") {
            let after = flow.go_on(&mut victim, there).await;
            assert!(after.leaving.is_none(), "finished elsewhere: {:?}", after.leaving);
        }
    }

    /// What another method gets (RFC 9110 §15.5.6).
    async fn other_methods_are_refused(world: World) {
        for method in ["PUT", "DELETE", "PATCH"] {
            let answer = world.call(method, "/authorize").send().await;
            assert_eq!(answer.status, 405, "{method}");
            assert!(!answer.header("allow").is_empty());
        }
    }
}
