use db::Engine;
use http::{HeaderMap, StatusCode};
use identity::Error;
use identity::interaction::{self, Begun, OpenError, Page, Request};

use crate::browser::{Browser, PASSWORD, World};

on_both_engines!(
    an_interaction_comes_back_as_it_was_given,
    a_large_interaction_is_stored_and_a_huge_one_refused,
    an_interaction_of_another_browser_is_refused,
    an_expired_interaction_is_refused,
    a_changed_interaction_is_refused,
    an_interaction_never_leads_off_the_origin,
);

fn request(body: &str) -> Request {
    Request {
        resume: "/authorize/continue".to_owned(),
        body: body.to_owned(),
        ..Request::default()
    }
}

async fn begin(world: &World, browser: &mut Browser, request: Request) -> Begun {
    let begun = interaction::begin(&world.realm, &browser.headers(), Page::Consent, request)
        .await
        .unwrap();
    if let Some(cookie) = &begun.cookie {
        browser.take(&cookie.header().unwrap());
    }
    begun
}

async fn an_interaction_comes_back_as_it_was_given(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let given = Request {
        login_hint: Some("alice".to_owned()),
        reauthenticate: true,
        another: false,
        ..request("{\"client_id\":\"demo\"}")
    };
    let begun = begin(&world, &mut browser, given.clone()).await;
    assert!(begun.cookie.is_some());
    assert_eq!(begun.url, format!("/consent?interaction={}", begun.token));
    let opened = interaction::open(&world.realm, &browser.headers(), &begun.token)
        .await
        .unwrap();
    assert_eq!(opened.request, given);
    assert_eq!(opened.issued_at, world.realm.now());
    // The browser keeps its cookie.
    assert!(begin(&world, &mut browser, given).await.cookie.is_none());
}

async fn a_large_interaction_is_stored_and_a_huge_one_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let large = request(&"x".repeat(20_000));
    let begun = begin(&world, &mut browser, large.clone()).await;
    assert!(begun.token.len() < 64, "{}", begun.token.len());
    let opened = interaction::open(&world.realm, &browser.headers(), &begun.token)
        .await
        .unwrap();
    assert_eq!(opened.request, large);
    let huge = request(&"x".repeat(70_000));
    let refused = interaction::begin(&world.realm, &browser.headers(), Page::Login, huge).await;
    assert!(matches!(refused, Err(Error::BadInteraction)));
}

async fn an_interaction_of_another_browser_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut attacker = world.browser();
    for body in ["{}".to_owned(), "x".repeat(20_000)] {
        let token = begin(&world, &mut attacker, request(&body)).await.token;
        let mut victim = world.browser();
        begin(&world, &mut victim, request("{}")).await;
        for headers in [victim.headers(), HeaderMap::new()] {
            let opened = interaction::open(&world.realm, &headers, &token).await;
            assert!(matches!(opened, Err(OpenError::OtherBrowser)));
        }
        let page = victim.get(&format!("/login?interaction={token}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        let page = victim
            .post(&[
                ("interaction", &token),
                ("username", "alice"),
                ("password", PASSWORD),
            ])
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(world.events("sign_in.succeeded").await, 0);
}

async fn an_expired_interaction_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let small = begin(&world, &mut browser, request("{}")).await.token;
    let large = begin(&world, &mut browser, request(&"x".repeat(20_000)))
        .await
        .token;
    let lifetime = world.realm.settings().lifetimes.authorization_request;
    world.ambient.clock.advance(lifetime - 1);
    for token in [&small, &large] {
        assert!(
            interaction::open(&world.realm, &browser.headers(), token)
                .await
                .is_ok()
        );
    }
    world.ambient.clock.advance(1);
    for token in [&small, &large] {
        let opened = interaction::open(&world.realm, &browser.headers(), token).await;
        assert!(matches!(opened, Err(OpenError::Expired)));
    }
    let page = browser.get(&format!("/login?interaction={small}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.has("expired"));
}

async fn a_changed_interaction_is_refused(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let token = begin(&world, &mut browser, request("{}")).await.token;
    let mut changed = token.clone().into_bytes();
    for at in (0..changed.len()).step_by(7) {
        let before = changed[at];
        changed[at] = if before == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(changed.clone()).unwrap();
        let opened = interaction::open(&world.realm, &browser.headers(), &text).await;
        assert!(matches!(opened, Err(OpenError::Unknown)), "{at}");
        changed[at] = before;
    }
    for cut in [&token[..token.len() - 1], &token[1..], ""] {
        let opened = interaction::open(&world.realm, &browser.headers(), cut).await;
        assert!(matches!(opened, Err(OpenError::Unknown)));
    }
}

async fn an_interaction_never_leads_off_the_origin(engine: Engine) {
    let world = World::new(engine).await;
    for resume in [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "",
        "/a\r\nSet-Cookie: x=y",
    ] {
        let request = Request {
            resume: resume.to_owned(),
            ..request("{}")
        };
        let refused =
            interaction::begin(&world.realm, &HeaderMap::new(), Page::Login, request).await;
        assert!(matches!(refused, Err(Error::BadInteraction)), "{resume:?}");
    }
}
