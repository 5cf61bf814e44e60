//! Consent: what a person is told, what is remembered, and how it is withdrawn.

use crate::harness::{ALICE, World};
use crate::on_each_engine;

on_each_engine! {
    /// The page names the application, its site, the host it returns to and each scope in words.
    async fn the_page_says_who_wants_what(world: World) {
        world.notes().await;
        let app = world
            .app_with(|client| {
                client
                    .scope("openid email notes.read")
                    .set("client_uri", serde_json::json!("https://about.example/app"))
            })
            .await;
        let flow = world.flow(&app).with("scope", "openid email notes.read");
        let page = to_consent(&world, &flow).await.1;
        for text in ["The app app", "about.example", "app.example", "Read your notes"] {
            assert!(page.says(text) || page.html().contains(text), "no {text:?}: {}", page.words());
        }
        assert!(!page.says("notes.read notes.write"));
        assert!(page.has("allow") && page.has("deny"));
    }

    /// RFC 6749 §4.1.2.1 `access_denied`.
    async fn a_denial_is_sent_back(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let (mut browser, page) = to_consent(&world, &flow).await;
        let page = browser.press(&page, "deny", &[]).await;
        let response = flow.response(&page);
        assert_eq!(response["error"], "access_denied");
        assert!(!response.contains_key("code"));
        let again = browser.get(&flow.url()).await;
        assert!(again.has("allow"), "a denial is not remembered as consent");
    }

    /// Remembered per client and scope: the second time, only what is new is asked for.
    async fn only_what_is_new_is_asked_for(world: World) {
        let app = world.app().await;
        let (mut browser, page) = to_consent(&world, &world.flow(&app).with("scope", "openid email")).await;
        let page = world.flow(&app).go_on(&mut browser, page).await;
        assert!(page.leaving.is_some());
        let more = world.flow(&app).with("scope", "openid email phone");
        let page = browser.get(&more.url()).await;
        assert!(page.has("allow"), "{}", page.words());
        let page = more.go_on(&mut browser, page).await;
        assert!(more.response(&page).contains_key("code"));
        for scope in ["openid", "openid email", "openid phone", "openid email phone"] {
            let flow = world.flow(&app).with("scope", scope);
            let page = browser.get(&flow.url()).await;
            assert!(flow.response(&page).contains_key("code"), "{scope}");
        }
    }

    /// The consent of one person, or to one client, is nobody else's.
    async fn consent_is_of_one_person_to_one_client(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).code(&mut browser).await;
        let other = world.client("other").create().await;
        let page = browser.get(&world.flow(&other).url()).await;
        assert!(page.has("allow"));
        world.person("bob", "correct-horse-battery").await;
        let mut second = world.browser();
        let page = second.get(&world.flow(&app).url()).await;
        let page = second.press(&page, "sign-in", &[("username", "bob"), ("password", "correct-horse-battery")]).await;
        assert!(page.has("allow"));
    }

    /// A client that the operator trusts asks nobody.
    async fn a_trusted_client_asks_nobody(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let mut browser = world.browser();
        let flow = world.flow(&app);
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
        assert!(flow.response(&page).contains_key("code"));
    }

    /// OpenID Connect Core §11: a consent to offline access is not given in passing.
    async fn the_page_says_that_access_goes_on(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let (_, page) = to_consent(&world, &flow).await;
        assert!(page.has("allow"));
        assert!(!page.says("offline_access"), "each scope is in words: {}", page.words());
    }

    /// Withdrawn consent is one row that ends everything that came of it, and the next request asks again.
    async fn withdrawn_consent_ends_what_came_of_it(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let tokens = flow.tokens_in(&mut browser).await;
        world.userinfo(tokens.access()).await.status(200);
        let page = browser.get("/consent/applications").await;
        assert!(page.says("The app app"), "{}", page.words());
        world.advance(1);
        let form = page.form_to("/consent/applications");
        let page = browser.send(&page, form, &[]).await;
        assert!(!page.says("The app app"), "{}", page.words());
        world.userinfo(tokens.access()).await.status(401);
        app.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        let page = browser.get(&world.flow(&app).url()).await;
        assert!(page.has("allow"), "{}", page.words());
    }

    /// The list of applications is for whoever is signed in.
    async fn nobody_sees_the_applications_of_another(world: World) {
        world.app().await;
        let page = world.browser().get("/consent/applications").await;
        assert!(page.has("password"), "{} {}", page.answer.status, page.words());
    }

    /// What the form sends back cannot widen what was asked, nor consent for somebody else.
    async fn the_form_cannot_be_widened(world: World) {
        world.person("bob", "correct-horse-battery").await;
        let app = world.app().await;
        let flow = world.flow(&app).with("scope", "openid");
        let (mut browser, page) = to_consent(&world, &flow).await;
        let page = browser.press(&page, "allow", &[("scope", "openid email phone")]).await;
        if page.leaving.is_some() {
            let code = flow.response(&page)["code"].clone();
            let answer = flow.redeem(&code).await;
            assert_eq!(answer.text("scope"), "openid");
        }
        let more = world.flow(&app).with("scope", "openid email");
        let page = browser.get(&more.url()).await;
        assert!(page.has("allow"), "the form consented to more than was asked");
        let page = browser.press(&page, "allow", &[("person", "somebody-else")]).await;
        assert!(page.leaving.is_none(), "consented for somebody else");
    }

    /// The names of clients are text, whatever they hold.
    async fn a_client_name_is_text(world: World) {
        let app = world
            .app_with(|client| client.set("client_name", serde_json::json!("<script>alert(1)</script>&\"'")))
            .await;
        let (_, page) = to_consent(&world, &world.flow(&app)).await;
        assert!(page.says("<script>alert(1)</script>&\"'"), "{}", page.words());
        assert!(!page.html().contains("<script>alert"));
    }

    /// The answer of another site to the page is not taken: it is a request forged across sites.
    async fn another_site_cannot_answer(world: World) {
        let app = world.app().await;
        let (mut browser, page) = to_consent(&world, &world.flow(&app)).await;
        let form = page.form("allow");
        let mut fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let button = form.buttons.iter().find(|(id, ..)| id == "allow").unwrap();
        fields.push((&button.1, &button.2));
        let action = page.url.join(&form.action).unwrap();
        let answer = browser.cross_site_post(action.as_str(), &fields).await;
        assert!(answer.leaving.is_none(), "{:?}", answer.leaving);
        assert!(matches!(answer.answer.status, 400 | 403), "{}", answer.answer.status);
    }
}

/// Signs alice in and stops at the consent page.
async fn to_consent(
    world: &World,
    flow: &crate::harness::Flow,
) -> (crate::harness::Browser, crate::harness::Page) {
    let mut browser = world.browser();
    let page = browser.get(&flow.url()).await;
    let fields = [("username", ALICE.0), ("password", ALICE.1)];
    let page = browser.press(&page, "sign-in", &fields).await;
    assert!(page.has("allow"), "{}", page.words());
    (browser, page)
}
