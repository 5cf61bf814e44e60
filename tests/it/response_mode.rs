//! How the answer of the authorization endpoint travels: OAuth 2.0 Multiple Response Type Encoding Practices §2.1 and OAuth 2.0 Form Post Response Mode.

use crate::harness::{CALLBACK, Page, World, query_of};
use crate::on_each_engine;

/// What would break out of an attribute, an element, a script or a header.
const HOSTILE: &[&str] = &[
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</form><form action=https://evil.example>",
    "&quot;&#34;&amp;lt;",
    "javascript:alert(1)",
    "%22%3E%0d%0aSet-Cookie:x=1",
    "{{7*7}}{% raw %}",
    "\u{202e}\u{2028}ünïcödé 🦀",
];

/// The pairs that the page's form posts.
#[track_caller]
fn posted(page: &Page) -> std::collections::BTreeMap<String, String> {
    assert_eq!(page.answer.status, 200, "{:?} {:?}", page.way, page.leaving);
    let form = page.form("continue");
    assert_eq!(
        (form.action.as_str(), form.method.as_str()),
        (CALLBACK, "post")
    );
    let count = form.fields.len();
    let fields: std::collections::BTreeMap<_, _> = form.fields.into_iter().collect();
    assert_eq!(fields.len(), count, "a field twice");
    fields
}

on_each_engine! {
    /// Multiple Response Types §2.1: `fragment` puts everything into the fragment and nothing into the query, what was registered there stays.
    async fn a_fragment_carries_the_answer_and_the_query_nothing(world: World) {
        let uri = "https://app.example/callback?tenant=a%20b";
        let app = world.app_with(|client| client.redirects(&[uri])).await;
        let flow = world.flow(&app).with("response_mode", "fragment");
        let page = flow.walk(&mut world.browser()).await;
        assert_eq!(page.left().query(), Some("tenant=a%20b"));
        assert!(!page.left().as_str().split('#').next().unwrap().contains("code"));
        let response = flow.response(&page);
        let names: Vec<&str> = response.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "iss", "session_state", "state"]);
        page.answer.not_stored();
        flow.redeem(&response["code"]).await.status(200);
    }

    /// Form Post Response Mode §2: a form that submits itself by a script of ours, or by its button; the page may lead to the registered URI and to no other
    /// place, and is kept by nobody.
    async fn form_post_answers_with_a_form(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let flow = world.flow(&app).with("response_mode", "form_post");
        let page = flow.walk(&mut world.browser()).await;
        let fields = posted(&page);
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["code", "iss", "session_state", "state"]);
        assert_eq!((fields["iss"].as_str(), fields["state"].as_str()), (world.issuer(), "a state & more"));
        let policy = page.answer.header("content-security-policy");
        let directives: Vec<&str> = policy.split("; ").collect();
        assert!(directives.contains(&"form-action 'self' https://app.example"), "{policy}");
        assert!(directives.contains(&"script-src 'self'"), "{policy}");
        assert_eq!(page.answer.header("referrer-policy"), "same-origin");
        page.answer.not_stored();
        let script = page.html().split("<script src=\"").nth(1).and_then(|rest| rest.split('"').next());
        let script = world.get(script.expect("a script")).send().await;
        script.status(200);
        assert!(script.header("content-type").starts_with("text/javascript"));
        flow.redeem(&fields["code"]).await.status(200);
    }

    /// RFC 6749 §4.1.2.1: a refusal travels as the answer would, also the person's own.
    async fn a_refusal_travels_like_the_answer(world: World) {
        let app = world.app().await;
        for (name, value, error) in [
            ("prompt", "none", "login_required"),
            ("max_age", "soon", "invalid_request"),
            ("scope", "openid \"", "invalid_scope"),
        ] {
            for mode in ["query", "fragment"] {
                let flow = world.flow(&app).with(name, value).with("response_mode", mode);
                let page = world.browser().get(&flow.url()).await;
                assert_eq!(page.left().fragment().is_some(), mode == "fragment", "{mode}");
                assert_eq!(flow.response(&page)["error"], error);
            }
            let flow = world.flow(&app).with(name, value).with("response_mode", "form_post");
            let page = world.browser().get(&flow.url()).await;
            assert_eq!(posted(&page)["error"], error);
        }
        let flow = world.flow(&app).with("response_mode", "form_post");
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "deny", &[]).await;
        assert_eq!(posted(&page)["error"], "access_denied");
    }

    /// Multiple Response Types §2.1: a mode that there is not is an error, sent by the usual way. Nothing like a mode is one.
    async fn an_unknown_mode_is_refused_by_the_usual_one(world: World) {
        let app = world.app().await;
        for mode in ["nonsense", "Fragment", "fragment ", "query,fragment", "form_post\u{0}x", "web_message", "query fragment"] {
            let flow = world.flow(&app).with("response_mode", mode);
            let page = world.browser().get(&flow.url()).await;
            match &page.leaving {
                Some(url) => {
                    assert_eq!(url.fragment(), None, "{mode}");
                    assert_eq!(flow.response(&page)["error"], "invalid_request", "{mode}");
                }
                None => assert_eq!(page.answer.status, 400, "{mode}"),
            }
        }
    }

    /// Two modes at once: nobody can say which is meant, so nothing is sent anywhere.
    async fn two_modes_are_answered_by_a_page(world: World) {
        let app = world.app().await;
        for (first, second) in [("query", "fragment"), ("form_post", "query"), ("query.jwt", "query"), ("jwt", "jwt")] {
            let flow = world.flow(&app).with("response_mode", first);
            let page = world.browser().get(&format!("{}&response_mode={second}", flow.url())).await;
            assert!(page.leaving.is_none());
            assert_eq!(page.answer.status, 400);
            assert!(!page.has("continue"));
        }
    }

    /// Cross-site scripting: whatever the request sends to be echoed is a value in the form and nothing else on the page.
    async fn what_is_echoed_breaks_out_of_no_form(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let mut browser = world.browser();
        for state in HOSTILE {
            let flow = world.flow(&app).with("response_mode", "form_post").with("state", state);
            let page = flow.walk(&mut browser).await;
            assert_eq!(posted(&page)["state"], *state);
            for broken in ["<script>", "<img src=x", "evil.example>", "onerror=alert(1)>"] {
                assert!(!page.html().contains(broken), "{broken} in {}", page.html());
            }
            assert_eq!(page.html().matches("<form").count(), 1);
            assert_eq!(page.answer.headers.get_all("set-cookie").iter().count(), 0);
            // The same in the other carriers.
            for mode in ["query", "fragment"] {
                let flow = flow.clone().with("response_mode", mode);
                let page = browser.get(&flow.url()).await;
                assert_eq!(flow.response(&page)["state"], *state);
            }
        }
    }

    /// No open redirector: a form, too, leads to a registered URI or nowhere (RFC 6749 §10.15).
    async fn a_form_leads_to_registered_places_alone(world: World) {
        let app = world.app().await;
        for uri in [
            "https://evil.example/",
            "https://app.example.evil.example/callback",
            "https://app.example/callback#fragment",
            "javascript:alert(1)//",
            "https://app.example/callback\"><script>",
        ] {
            for mode in ["form_post", "fragment", "form_post.jwt"] {
                let flow = world.flow(&app).with("response_mode", mode).with("redirect_uri", uri);
                let page = world.browser().get(&flow.url()).await;
                assert!(page.leaving.is_none(), "{uri}");
                assert_eq!(page.answer.status, 400, "{uri}");
                assert!(!page.has("continue") && !page.html().contains("<script"), "{}", page.html());
                assert!(page.answer.header("content-security-policy").ends_with("form-action 'self'"));
            }
        }
    }

    /// OpenID Connect Core §3.1.2.1: by POST as by GET, and the mode lasts while the person signs in and decides.
    async fn the_mode_lasts_over_the_pages(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("response_mode", "form_post");
        let pairs: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let mut browser = world.browser();
        let page = browser.cross_site_post("/authorize", &pairs).await;
        let page = flow.go_on(&mut browser, page).await;
        flow.redeem(&posted(&page)["code"]).await.status(200);
        let flow = world.flow(&app).with("response_mode", "fragment").with("prompt", "login");
        let page = flow.walk(&mut browser).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// A parameter twice is refused in the mode that was asked for.
    async fn a_parameter_twice_is_told_in_the_mode(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("response_mode", "fragment");
        let page = world.browser().get(&format!("{}&nonce=x", flow.url())).await;
        assert_eq!(page.left().query(), None);
        assert_eq!(flow.response(&page)["error"], "invalid_request");
        let flow = world.flow(&app).with("response_type", "token");
        let page = world.browser().get(&flow.url()).await;
        assert!(query_of(page.left()).is_empty());
        assert_eq!(flow.response(&page)["error"], "unsupported_response_type");
    }
}
