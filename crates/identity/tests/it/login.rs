use db::Engine;
use http::{StatusCode, header};
use identity::interaction::{self, Page, Request};
use identity::people;

use crate::browser::{Browser, ORIGIN, PASSWORD, World};

on_both_engines!(
    a_person_signs_in_and_is_named,
    a_wrong_password_says_no_more_than_an_unknown_name,
    a_disabled_person_is_refused_like_a_wrong_password,
    signing_in_leads_back_to_what_was_begun,
    a_session_is_enough_to_go_on_at_once,
    authenticating_again_is_asked_of_a_known_person_and_goes_on,
    another_account_can_be_used_instead,
    a_password_hashed_at_another_cost_is_hashed_anew,
    signing_in_replaces_the_cookie_and_the_session_of_somebody_else,
    the_form_shows_the_application_and_the_hint_without_markup,
    an_https_issuer_has_secure_cookies_whatever_the_socket,
    a_full_password_pool_answers_503_and_when_to_try_again,
    two_sign_ins_of_one_browser_at_once_both_succeed,
);

/// Begins an interaction as an upper floor would and gives its token.
async fn begin(world: &World, browser: &mut Browser, request: Request) -> String {
    let begun = interaction::begin(&world.realm, &browser.headers(), Page::Login, request)
        .await
        .unwrap();
    if let Some(cookie) = begun.cookie {
        browser.take(&cookie.header().unwrap());
    }
    assert_eq!(begun.url, format!("/login?interaction={}", begun.token));
    begun.token
}

fn request(reauthenticate: bool) -> Request {
    Request {
        resume: "/authorize/continue".to_owned(),
        application: Some("Notes <b>".to_owned()),
        login_hint: Some(if reauthenticate { "Alice" } else { "al\"ice" }.to_owned()),
        reauthenticate,
        another: false,
        select: false,
        before: None,
        form_action: Some("https://app.example".to_owned()),
        body: "{}".to_owned(),
    }
}

async fn a_person_signs_in_and_is_named(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    let form = browser.get("/login").await;
    assert_eq!(form.status, StatusCode::OK);
    for id in ["username", "password", "sign-in"] {
        assert!(form.has(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(form.has("autocomplete=\"username\"") && form.has("autocomplete=\"current-password\""));
    let done = browser.sign_in("ALICE").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(done.location(), "/login");
    let cookie = done.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/")
    );
    let page = browser.get("/login").await;
    assert!(page.has("You are signed in") && page.has("alice") && page.has("href=\"/logout\""));
    assert_eq!(world.events("sign_in.succeeded").await, 1);
}

async fn a_wrong_password_says_no_more_than_an_unknown_name(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    let before = world.identity.passwords().verified();
    let wrong = browser
        .post(&[("username", "alice"), ("password", "wrong-password")])
        .await;
    let unknown = browser
        .post(&[("username", "nobody"), ("password", "wrong-password")])
        .await;
    let empty = browser
        .post(&[("username", "alice"), ("password", &"x".repeat(1025))])
        .await;
    let impossible = browser
        .post(&[
            ("username", &"x".repeat(5000)),
            ("password", "wrong-password"),
        ])
        .await;
    // One hash each: the time tells nothing either.
    assert_eq!(world.identity.passwords().verified() - before, 4);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.has("role=\"alert\"") && wrong.has("do not match"));
    assert_eq!(wrong.body.replace("alice", "nobody"), unknown.body);
    for page in [&unknown, &empty, &impossible] {
        assert_eq!(page.status, wrong.status);
        assert!(!page.headers.contains_key(header::SET_COOKIE));
    }
    assert_eq!(empty.body, wrong.body);
    assert_eq!(world.events("sign_in.failed").await, 4);
    assert_eq!(world.events("sign_in.succeeded").await, 0);
}

async fn a_disabled_person_is_refused_like_a_wrong_password(engine: Engine) {
    let world = World::new(engine).await;
    let alice = world.person("alice").await;
    let mut browser = world.browser();
    let wrong = browser
        .post(&[("username", "alice"), ("password", "wrong-password")])
        .await;
    people::disable(&world.realm, &alice.id, Some("test"))
        .await
        .unwrap();
    let before = world.identity.passwords().verified();
    let disabled = browser.sign_in("alice").await;
    assert_eq!(world.identity.passwords().verified() - before, 1);
    assert_eq!((disabled.status, disabled.body), (wrong.status, wrong.body));
    people::enable(&world.realm, &alice.id, None).await.unwrap();
    assert_eq!(browser.sign_in("alice").await.status, StatusCode::SEE_OTHER);
}

async fn signing_in_leads_back_to_what_was_begun(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    let token = begin(&world, &mut browser, request(false)).await;
    let wrong = browser
        .post(&[
            ("interaction", &token),
            ("username", "alice"),
            ("password", "nope"),
        ])
        .await;
    assert!(wrong.has(&token), "the form keeps the interaction");
    let done = browser
        .post(&[
            ("interaction", &token),
            ("username", "alice"),
            ("password", PASSWORD),
        ])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(
        done.location(),
        format!("/authorize/continue?interaction={token}")
    );
    assert_eq!(done.headers[header::CACHE_CONTROL], "no-store");
}

async fn a_session_is_enough_to_go_on_at_once(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    world.ambient.clock.advance(60);
    let token = begin(&world, &mut browser, request(false)).await;
    let page = browser.get(&format!("/login?interaction={token}")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(
        page.location(),
        format!("/authorize/continue?interaction={token}")
    );
}

async fn authenticating_again_is_asked_of_a_known_person_and_goes_on(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let session = |headers: http::HeaderMap| {
        let realm = world.realm.clone();
        async move {
            identity::session::current(&realm, &headers)
                .await
                .unwrap()
                .unwrap()
                .0
        }
    };
    let before = session(browser.headers()).await;
    world.ambient.clock.advance(60);
    let token = begin(&world, &mut browser, request(true)).await;
    let path = format!("/login?interaction={token}");
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.has("value=\"alice\"") && page.has("readonly") && page.has("other-account"));
    world.ambient.clock.advance(5);
    let done = browser
        .post(&[
            ("interaction", &token),
            ("fixed", "1"),
            ("username", "alice"),
            ("password", PASSWORD),
        ])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let after = session(browser.headers()).await;
    assert_eq!(after.id, before.id, "tokens keep their sid");
    assert_eq!(after.auth_time, before.auth_time + 65);
    // Going back to the form neither asks again nor loops.
    let back = browser.get(&path).await;
    assert_eq!(
        back.location(),
        format!("/authorize/continue?interaction={token}")
    );
}

async fn another_account_can_be_used_instead(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let token = begin(&world, &mut browser, request(true)).await;
    let page = browser
        .get(&format!("/login?interaction={token}&account=other"))
        .await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.has("readonly") && !page.has("value=\"alice\""));
}

async fn a_password_hashed_at_another_cost_is_hashed_anew(engine: Engine) {
    let world = World::new(engine).await;
    let alice = world.person("alice").await;
    let costly = identity::Cost {
        memory_kib: 64,
        passes: 2,
    };
    let options = identity::PoolOptions {
        cost: costly,
        ..Default::default()
    };
    let other = identity::Pool::new(options, world.ambient.entropy.clone());
    let hash = other.set("alice", PASSWORD.into()).await.unwrap();
    people::set_password(&world.realm, &alice.id, hash, people::Sessions::Keep, None)
        .await
        .unwrap();
    let stored = || async {
        let row = world
            .realm
            .db()
            .row(&HASH, db::params![&alice.id])
            .await
            .unwrap()
            .unwrap();
        row.text(0).to_owned()
    };
    assert!(stored().await.contains("m=64,t=2"));
    let mut browser = world.browser();
    assert_eq!(browser.sign_in("alice").await.status, StatusCode::SEE_OTHER);
    assert!(stored().await.contains("m=8,t=1"));
    assert_eq!(browser.sign_in("alice").await.status, StatusCode::SEE_OTHER);
}

db::statements! {
    HASH = "SELECT password_hash FROM person WHERE id = $1";
}

async fn signing_in_replaces_the_cookie_and_the_session_of_somebody_else(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    world.person("bob").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let old = browser.clone();
    let alice = identity::session::current(&world.realm, &old.headers())
        .await
        .unwrap()
        .unwrap()
        .0;
    browser.sign_in("bob").await;
    assert_ne!(old.cookies, browser.cookies);
    let gone = identity::session::current(&world.realm, &old.headers())
        .await
        .unwrap();
    assert!(gone.is_none());
    let (bob, person) = identity::session::current(&world.realm, &browser.headers())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(person.username, "bob");
    assert_ne!(bob.id, alice.id);
    assert_eq!(world.events("sign_out").await, 1);
}

async fn the_form_shows_the_application_and_the_hint_without_markup(engine: Engine) {
    let world = World::new(engine).await;
    let mut browser = world.browser();
    let token = begin(&world, &mut browser, request(false)).await;
    let page = browser.get(&format!("/login?interaction={token}")).await;
    assert!(page.has("Notes ") && !page.has("Notes <b>"));
    assert!(!page.has("al\"ice"));
    let csp = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(csp.contains("https://app.example"), "{csp}");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
}

async fn an_https_issuer_has_secure_cookies_whatever_the_socket(engine: Engine) {
    let options = identity::Options {
        trusted_origins: vec![ORIGIN.to_owned()],
        ..identity::Options::for_tests()
    };
    let world = World::at(engine, options, "https://login.example").await;
    world.person("alice").await;
    let mut browser = world.browser();
    let done = browser.sign_in("alice").await;
    let cookie = done.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-grantor-main="), "{cookie}");
    assert!(cookie.contains("; Secure") && !cookie.contains("Domain"));
    begin(&world, &mut browser, request(false)).await;
    assert!(browser.cookies.contains_key("__Host-grantor-main.browser"));
}

async fn a_full_password_pool_answers_503_and_when_to_try_again(engine: Engine) {
    let options = identity::Options {
        passwords: identity::PoolOptions {
            workers: 1,
            queue: 0,
            cost: identity::Cost {
                memory_kib: 64 * 1024,
                passes: 2,
            },
            ..identity::PoolOptions::default()
        },
        ..identity::Options::for_tests()
    };
    let world = World::with(engine, options).await;
    let (mut one, mut two) = (world.browser(), world.browser());
    let (one, two) = tokio::join!(one.sign_in("nobody"), two.sign_in("nobody"));
    let (full, done) = if one.status == StatusCode::SERVICE_UNAVAILABLE {
        (one, two)
    } else {
        (two, one)
    };
    assert_eq!(done.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(full.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(full.headers.contains_key(header::RETRY_AFTER));
}

async fn two_sign_ins_of_one_browser_at_once_both_succeed(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let (mut one, mut two) = (browser.clone(), browser);
    let (first, second) = tokio::join!(one.sign_in("alice"), two.sign_in("alice"));
    assert_eq!(
        (first.status, second.status),
        (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER)
    );
    for browser in [one, two] {
        assert!(
            identity::session::current(&world.realm, &browser.headers())
                .await
                .unwrap()
                .is_some()
        );
    }
}
