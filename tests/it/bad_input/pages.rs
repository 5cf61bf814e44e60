//! The pages: a person is in front of them, so what is wrong becomes a page that says so, or the page that comes before it; nobody is sent elsewhere, and nothing is allowed.

use serde_json::json;

use super::row::FORM;
use crate::ciba::{ask_alice, asking};
use crate::harness::{ALICE, Answer, Browser, CALLBACK, Call, Client, World, altered, call};
use crate::on_each_engine;

/// The pages whose forms change something, and those that a person has to be signed in for.
const FORMS: &[&str] = &[
    "/login",
    "/consent",
    "/consent/applications",
    "/logout/confirm",
    "/device",
    "/device/continue",
    "/account/approvals",
    "/account/approvals/code",
];
const FOR_WHO_IS_SIGNED_IN: &[&str] = &[
    "/consent/applications",
    "/account/approvals",
    "/account/approvals/code",
];

/// What a browser with these cookies posts from one of our own pages.
fn post(world: &World, path: &str, browser: &Browser) -> Call {
    let cookies: Vec<String> = browser
        .cookies()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let call = world
        .post(path)
        .header("origin", world.issuer())
        .header("sec-fetch-site", "same-origin");
    match cookies.is_empty() {
        true => call,
        false => call.header("cookie", &cookies.join("; ")),
    }
}

/// A page for people that nobody stores, and no way to somewhere else.
#[track_caller]
fn is_page(case: &str, answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{case}: {answer:?}");
    assert!(
        answer.header("content-type").starts_with("text/html"),
        "{case}: {answer:?}"
    );
    assert!(answer.header("location").is_empty(), "{case}: {answer:?}");
    assert!(
        answer
            .header("content-security-policy")
            .contains("frame-ancestors 'none'"),
        "{case}"
    );
    answer.not_stored();
}

/// alice, an application, and her browser at the question whether it may have access; the interaction of that question.
async fn asked(world: &World) -> (Client, Browser, String) {
    let app = world.app().await;
    let mut browser = world.browser();
    let page = world.flow(&app).consent_in(&mut browser).await;
    let fields = page.form("allow").fields;
    let token = fields
        .into_iter()
        .find(|(name, _)| name == "interaction")
        .expect("an interaction")
        .1;
    (app, browser, token)
}

/// Whether she has allowed it anything.
async fn is_allowed(world: &World, browser: &mut Browser, app: &Client) -> bool {
    let page = browser
        .get(&world.flow(app).with("prompt", "none").url())
        .await;
    world.flow(app).response(&page).contains_key("code")
}

on_each_engine! {
    /// RFC 6749 §3.2's rules hold for our own forms as well; other methods are 405, and other sites press no button.
    async fn what_is_no_form_is_refused_at_every_page(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let long = format!("x={}", "x".repeat(70_000));
        for path in FORMS {
            for (case, kind, body, at_login) in [
                ("JSON", "application/json", "{}", 415),
                ("no type", "", "decision=allow", 415),
                ("several parts", "multipart/form-data; boundary=x", "--x--", 415),
                ("U+0000 in a value", FORM, "x=%00", 400),
                ("U+0000 in a name", FORM, "%00=x", 400),
                ("no UTF-8", FORM, "x=%FF", 400),
                ("twice", FORM, "x=1&x=1", 400),
                ("an interaction twice", FORM, "interaction=a&interaction=b&decision=allow", 400),
                ("too long", FORM, &long, 413),
            ] {
                let answer = post(&world, path, &browser).body(kind, body.as_bytes()).send().await;
                let login = *path == "/login";
                is_page(&format!("{path}: {case}"), &answer, if login { at_login } else { 400 });
                assert!(login || answer.body.contains("invalid_request"), "{path}: {case}");
            }
            for method in ["PUT", "PATCH", "DELETE"] {
                let answer = world.call(method, path).header("origin", world.issuer()).header("sec-fetch-site", "same-origin").send().await;
                assert_eq!(answer.status, 405, "{method} {path}: {answer:?}");
                assert!(answer.header("allow").contains("POST"), "{method} {path}: {answer:?}");
            }
            for (name, value) in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")] {
                let answer = world.post(path).header(name, value).form(&[("decision", "allow"), ("username", ALICE.0), ("password", ALICE.1)]).send().await;
                assert_eq!(answer.status, 403, "{path} {name} {value}: {answer:?}");
            }
        }
    }

    /// A query that is none, at the pages that read one.
    async fn what_is_no_query_is_refused_at_every_page(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        for path in ["/login", "/consent", "/authorize/continue", "/device", "/device/continue", "/account/approvals"] {
            for query in ["x=%00", "%00=x", "x=%FF", "interaction=a&interaction=b", "x=1&x=1"] {
                let page = browser.get(&format!("{path}?{query}")).await;
                is_page(&format!("{path}?{query}"), &page.answer, 400);
                assert!(page.leaving.is_none(), "{path}?{query}");
            }
            let long = format!("{path}?x={}", "x".repeat(60_000));
            let answer = world.get(&long).send().await;
            assert!(matches!(answer.status, 200 | 303 | 400 | 414), "{path}: {}", answer.status);
        }
    }

    /// What the browser was in the middle of: missing, made up, altered, too old, another browser's or another tenant's.
    async fn what_was_not_begun_here_is_not_gone_on_with(world: World) {
        let (app, mut browser, token) = asked(&world).await;
        world.add_realm("acme").await;
        let long = "x".repeat(20_000);
        let changed = altered(&token, token.len() - 9);
        let stranger = world.browser();
        let strange = [("nothing", ""), ("text", "x"), ("sealed by nobody", "s.x"), ("huge", long.as_str()), ("altered", changed.as_str()), ("signs", "\u{202e}<script>")];
        for (case, token) in strange {
            let form = [("interaction", token), ("decision", "allow")];
            for path in ["/consent", "/device/continue"] {
                is_page(&format!("POST {path}: {case}"), &post(&world, path, &browser).form(&form).send().await, 400);
            }
            let query = call::encode(&[("interaction", token)]);
            for path in ["/consent", "/authorize/continue", "/device/continue", "/login"] {
                let page = browser.get(&format!("{path}?{query}")).await;
                // Without one /login is the page of whoever is signed in.
                let status = if path == "/login" && token.is_empty() { 200 } else { 400 };
                is_page(&format!("GET {path}: {case}"), &page.answer, status);
                assert!(!page.html().contains("<script>"), "{path}: {case}");
            }
        }
        let query = call::encode(&[("interaction", &token)]);
        let form = [("interaction", token.as_str()), ("decision", "allow")];
        for path in ["/consent", "/authorize/continue", "/login"] {
            let answer = world.get(&format!("{path}?{query}")).send().await;
            is_page(&format!("{path}: another browser"), &answer, 400);
            let answer = world.get(&format!("/realms/acme{path}?{query}")).send().await;
            is_page(&format!("{path}: another tenant"), &answer, 400);
        }
        is_page("another browser", &post(&world, "/consent", &stranger).form(&form).send().await, 400);
        is_page("another tenant", &post(&world, "/realms/acme/consent", &browser).form(&form).send().await, 400);
        is_page("another question", &post(&world, "/device/continue", &browser).form(&form).send().await, 400);
        assert!(!is_allowed(&world, &mut browser, &app).await);
        world.advance(3601);
        is_page("too late", &post(&world, "/consent", &browser).form(&form).send().await, 400);
        is_page("too late", &browser.get(&format!("/authorize/continue?{query}")).await.answer, 400);
    }

    /// /consent: an answer that is none allows nothing, and one for another person or scope not more than was asked of them.
    async fn an_answer_that_is_none_allows_nothing(world: World) {
        let (app, mut browser, token) = asked(&world).await;
        let good = ("interaction", token.as_str());
        for (case, fields) in [
            ("no decision", &[("scope", "openid")][..]),
            ("an empty decision", &[("decision", "")]),
            ("another decision", &[("decision", "maybe")]),
            ("Allow", &[("decision", "ALLOW")]),
            ("a scope that is none", &[("decision", "allow"), ("scope", "a\\b")]),
            ("a scope with control characters", &[("decision", "allow"), ("scope", "openid\u{7}")]),
        ] {
            let mut form = vec![good];
            form.extend_from_slice(fields);
            is_page(case, &post(&world, "/consent", &browser).form(&form).send().await, 400);
            assert!(!is_allowed(&world, &mut browser, &app).await, "{case}");
        }
        for (case, fields) in [
            ("nobody", &[("decision", "allow"), ("scope", "openid")][..]),
            ("an empty person", &[("decision", "allow"), ("scope", "openid"), ("person", "")]),
            ("somebody else", &[("decision", "allow"), ("scope", "openid"), ("person", "prs_somebody")]),
        ] {
            let mut form = vec![good];
            form.extend_from_slice(fields);
            let answer = post(&world, "/consent", &browser).form(&form).send().await;
            assert_eq!(answer.status, 303, "{case}: {answer:?}");
            assert!(answer.header("location").starts_with("/consent?"), "{case}: {answer:?}");
            assert!(!is_allowed(&world, &mut browser, &app).await, "{case}");
        }
    }

    /// /consent/applications: what was never allowed is not taken back, and what is another person's stays theirs.
    async fn nothing_is_taken_back_that_was_not_given(world: World) {
        let app = world.app().await;
        world.person("bob", ALICE.1).await;
        let mut browser = world.browser();
        world.flow(&app).tokens_in(&mut browser).await;
        let mut bobs = world.browser();
        let page = bobs.get("/login").await;
        bobs.press(&page, "sign-in", &[("username", "bob"), ("password", ALICE.1)]).await;
        world.client("other").create().await;
        let long = "x".repeat(30_000);
        for (case, is_hers, form) in [
            ("no client", true, &[][..]),
            ("an empty client", true, &[("client_id", "")]),
            ("an unknown client", true, &[("client_id", "nobody")]),
            ("a client that was allowed nothing", true, &[("client_id", "other")]),
            ("a pattern", true, &[("client_id", "%")]),
            ("a huge client", true, &[("client_id", &long)]),
            ("what somebody else allowed", false, &[("client_id", "app")]),
            ("for somebody else", false, &[("client_id", "app"), ("person", "alice")]),
        ] {
            let answer = post(&world, "/consent/applications", if is_hers { &browser } else { &bobs }).form(form).send().await;
            assert_eq!((answer.status, answer.header("location")), (303, "/consent/applications"), "{case}");
            assert!(is_allowed(&world, &mut browser, &app).await, "{case}");
        }
        for query in ["?x=%FF", "?client_id=app", "?x=1&x=2"] {
            assert_eq!(browser.get(&format!("/consent/applications{query}")).await.answer.status, 200, "{query}");
        }
        let answer = post(&world, "/consent/applications", &browser).form(&[("client_id", "app")]).send().await;
        assert_eq!(answer.status, 303);
        assert!(!is_allowed(&world, &mut browser, &app).await);
    }

    /// /account/approvals: whatever is sent that is not an answer to what was shown, the request waits on.
    async fn an_approval_that_is_none_approves_nothing(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        world.notes().await;
        let agent = asking(&world, "agent").create().await;
        let request = ask_alice(&agent, "openid").await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get("/account/approvals").await;
        let sealed = page.form("allow").fields.into_iter().find(|(name, _)| name == "approval").unwrap().1;
        let changed = altered(&sealed, sealed.len() - 9);
        let long = "x".repeat(30_000);
        world.advance(10);
        for (case, form) in [
            ("nothing", &[][..]),
            ("no question", &[("decision", "allow")]),
            ("no decision", &[("approval", sealed.as_str())]),
            ("another decision", &[("approval", &sealed), ("decision", "maybe")]),
            ("Allow", &[("approval", &sealed), ("decision", "ALLOW")]),
            ("the name of the request", &[("approval", &request), ("decision", "allow")]),
            ("an altered question", &[("approval", &changed), ("decision", "allow")]),
            ("a huge question", &[("approval", &long), ("decision", "allow")]),
            ("an altered question denied", &[("approval", &changed), ("decision", "deny")]),
        ] {
            let answer = post(&world, "/account/approvals", &browser).form(form).send().await;
            assert_eq!((answer.status, answer.header("location")), (303, "/account/approvals"), "{case}");
            let grant = [("grant_type", "urn:openid:params:grant-type:ciba"), ("auth_req_id", request.as_str())];
            agent.token(&grant).await.refused(400, "authorization_pending");
            world.advance(6);
        }
        // What an address says was done is no more than words of ours.
        for done in ["<script>", "allowed%00", "x"] {
            let page = browser.get(&format!("/account/approvals?done={done}")).await;
            assert!(!page.has("allowed") && !page.html().contains("<script>"), "{done}");
        }
        let answer = post(&world, "/account/approvals", &browser).form(&[("approval", &sealed), ("decision", "deny")]).send().await;
        assert_eq!(answer.header("location"), "/account/approvals?done=denied");
    }

    /// /account/approvals/code: a code that cannot be typed is not set, and the form says so.
    async fn a_user_code_that_is_none_is_not_set(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let long = "7".repeat(33);
        for code in ["", " ", "123", "12 34", "12\u{7}34", "\u{200b}", &long, "    1   "] {
            let answer = post(&world, "/account/approvals/code", &browser).form(&[("new_code", code)]).send().await;
            is_page(code, &answer, 422);
        }
        is_page("no code", &post(&world, "/account/approvals/code", &browser).form(&[]).send().await, 422);
        assert!(!browser.get("/account/approvals/code").await.html().contains("value=\"remove\""));
    }

    /// Whoever is not signed in is sent to sign in, whatever they send, and not back with it.
    async fn a_page_of_ones_own_is_for_who_is_signed_in(world: World) {
        let app = world.app().await;
        let nobody = world.browser();
        for path in FOR_WHO_IS_SIGNED_IN {
            for answer in [
                world.get(path).send().await,
                post(&world, path, &nobody).form(&[("decision", "allow"), ("client_id", &app.id), ("approval", "x"), ("new_code", "1234")]).send().await,
                world.get(path).header("cookie", "grantor-main=x").send().await,
            ] {
                assert_eq!(answer.status, 303, "{path}: {answer:?}");
                assert!(answer.header("location").starts_with("/login"), "{path}: {answer:?}");
            }
        }
    }

    /// /login: what is no name or no password is said on the form, alike for everybody; nothing of it is a script.
    async fn a_sign_in_that_is_none_is_said_on_the_form(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let browser = world.browser();
        let long = "x".repeat(30_000);
        let mut words = std::collections::BTreeSet::new();
        for (username, password) in [
            (ALICE.0, "wrong"), ("nobody", ALICE.1), ("\u{202e}ecila", ALICE.1), ("al\r\nice", ALICE.1), ("ALICE\u{7}", ALICE.1), ("<script>alert(1)</script>", "x"),
            ("' OR 1=1 --", "x"), ("*", "*"), (&long, ALICE.1), (ALICE.0, &long), (ALICE.0, "correct-horse-battery "), ("alice@", "x"),
        ] {
            let answer = post(&world, "/login", &browser).form(&[("username", username), ("password", password)]).send().await;
            assert_eq!(answer.status, 422, "{username:.40}: {answer:?}");
            assert!(!answer.body.contains("<script>") && answer.body.len() < 20_000, "{username:.40}");
            assert!(answer.headers.get_all("set-cookie").iter().count() == 0, "{username:.40}: {answer:?}");
            words.insert(answer.body.contains("do not match"));
        }
        assert_eq!(words.into_iter().collect::<Vec<_>>(), [true]);
        for form in [&[][..], &[("username", ALICE.0)], &[("password", ALICE.1)], &[("username", ""), ("password", "")], &[("username", " "), ("password", "x")]] {
            let answer = post(&world, "/login", &browser).form(form).send().await;
            assert_eq!(answer.status, 422, "{form:?}: {answer:?}");
        }
    }

    /// /consent/logo: a picture of a client that an operator made, or nothing.
    async fn a_logo_that_is_none_is_nothing(world: World) {
        world.client("off").set("disabled", json!(true)).set("logo_uri", json!("https://app.example/logo.png")).create().await;
        world.client("plain").redirects(&[CALLBACK]).create().await;
        for query in ["", "?", "?client_id=", "?client_id=nobody", "?client_id=off", "?client_id=plain", "?client_id=%00", "?client_id=%FF", "?client_id=plain&client_id=plain",
            "?client_id=https%3A%2F%2Fevil.example%2Fclient.json", "?client_id=..%2f..%2fetc%2fpasswd"] {
            let answer = world.get(&format!("/consent/logo{query}")).send().await;
            assert_eq!(answer.status, 404, "{query}: {answer:?}");
        }
        for method in ["PUT", "PATCH", "DELETE"] {
            assert_eq!(world.call(method, "/consent/logo?client_id=plain").send().await.status, 405, "{method}");
        }
    }
}
