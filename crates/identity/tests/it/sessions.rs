use db::{Batch, Engine};
use identity::{Session, people, session};
use realm::Mark;

use crate::browser::{Browser, World};

on_both_engines!(
    a_session_that_is_not_used_ends,
    a_session_that_is_used_ends_all_the_same,
    a_session_costs_no_write_within_a_few_minutes,
    signing_out_everywhere_ends_every_session_and_token,
    disabling_or_deleting_a_person_ends_their_sessions,
    a_new_password_ends_the_sessions_unless_told_otherwise,
    signing_out_ends_the_session_and_clears_the_cookie,
    what_has_expired_is_swept_and_nothing_else,
    every_statement_is_understood,
);

async fn current(world: &World, browser: &Browser) -> Option<Session> {
    session::current(&world.realm, &browser.headers())
        .await
        .unwrap()
        .map(|(session, _)| session)
}

async fn a_session_that_is_not_used_ends(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let idle = world.realm.settings().lifetimes.session_idle;
    world.ambient.clock.advance(idle - 1);
    assert!(current(&world, &browser).await.is_some());
    world.ambient.clock.advance(idle);
    assert!(current(&world, &browser).await.is_none());
    assert!(browser.get("/login").await.has("id=\"password\""));
}

async fn a_session_that_is_used_ends_all_the_same(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let lifetimes = world.realm.settings().lifetimes;
    let step = lifetimes.session_idle / 2;
    let mut age = 0;
    while age + step < lifetimes.session_absolute {
        world.ambient.clock.advance(step);
        age += step;
        assert!(current(&world, &browser).await.is_some(), "at {age}");
    }
    world
        .ambient
        .clock
        .advance(lifetimes.session_absolute - age);
    assert!(current(&world, &browser).await.is_none());
}

async fn a_session_costs_no_write_within_a_few_minutes(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let begun = current(&world, &browser).await.unwrap();
    world.ambient.clock.advance(299);
    assert_eq!(current(&world, &browser).await.unwrap(), begun);
    world.ambient.clock.advance(1);
    let seen = current(&world, &browser).await.unwrap();
    assert_eq!(seen.last_seen_at, begun.last_seen_at + 300);
    assert_eq!(seen.expires_at, begun.expires_at + 300);
    assert_eq!(
        session::find(&world.realm, &begun.id)
            .await
            .unwrap()
            .unwrap()
            .0,
        seen
    );
}

async fn signing_out_everywhere_ends_every_session_and_token(engine: Engine) {
    let world = World::new(engine).await;
    let alice = world.person("alice").await;
    world.person("bob").await;
    let (mut one, mut two, mut other) = (world.browser(), world.browser(), world.browser());
    one.sign_in("alice").await;
    two.sign_in("alice").await;
    other.sign_in("bob").await;
    assert_eq!(
        session::of_person(&world.realm, &alice.id)
            .await
            .unwrap()
            .len(),
        2
    );
    people::sign_out_everywhere(&world.realm, &alice.id, Some("alice"))
        .await
        .unwrap();
    assert!(current(&world, &one).await.is_none());
    assert!(current(&world, &two).await.is_none());
    assert!(current(&world, &other).await.is_some());
    assert!(
        session::of_person(&world.realm, &alice.id)
            .await
            .unwrap()
            .is_empty()
    );
    let mark = Mark::Person(&alice.id);
    let now = world.realm.now();
    assert!(world.realm.revocations().is_revoked(mark, now));
    assert!(!world.realm.revocations().is_revoked(mark, now + 1));
    // In the same second they sign in anew, and stay so.
    one.sign_in("alice").await;
    assert!(current(&world, &one).await.is_some());
    assert_eq!(world.events("person.signed_out_everywhere").await, 1);
}

async fn disabling_or_deleting_a_person_ends_their_sessions(engine: Engine) {
    let world = World::new(engine).await;
    let (alice, bob) = (world.person("alice").await, world.person("bob").await);
    let (mut one, mut two) = (world.browser(), world.browser());
    one.sign_in("alice").await;
    two.sign_in("bob").await;
    people::disable(&world.realm, &alice.id, None)
        .await
        .unwrap();
    people::enable(&world.realm, &alice.id, None).await.unwrap();
    assert!(
        current(&world, &one).await.is_none(),
        "enabling revives no session"
    );
    people::delete(&world.realm, &bob.id, None).await.unwrap();
    assert!(current(&world, &two).await.is_none());
    assert!(people::find(&world.realm, &bob.id).await.unwrap().is_none());
}

async fn a_new_password_ends_the_sessions_unless_told_otherwise(engine: Engine) {
    let world = World::new(engine).await;
    let alice = world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let hash = world
        .identity
        .hash_password("alice", "another-password".into())
        .await
        .unwrap();
    people::set_password(
        &world.realm,
        &alice.id,
        hash.clone(),
        people::Sessions::Keep,
        None,
    )
    .await
    .unwrap();
    assert!(current(&world, &browser).await.is_some());
    people::set_password(&world.realm, &alice.id, hash, people::Sessions::End, None)
        .await
        .unwrap();
    assert!(current(&world, &browser).await.is_none());
    assert!(browser.sign_in("alice").await.has("do not match"));
}

async fn signing_out_ends_the_session_and_clears_the_cookie(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let mut browser = world.browser();
    browser.sign_in("alice").await;
    let stolen = browser.clone();
    let begun = current(&world, &browser).await.unwrap();
    let mut batch = Batch::new();
    session::end(&world.realm, &mut batch, &begun, None);
    world.realm.commit(batch).await.unwrap();
    for cookie in session::forget_cookies(&world.realm) {
        let value = cookie.header().unwrap();
        assert!(value.to_str().unwrap().contains("Max-Age=0"), "{cookie:?}");
        browser.take(&value);
    }
    assert!(browser.cookies.is_empty());
    assert!(current(&world, &stolen).await.is_none());
    let mark = Mark::Session(&begun.id);
    assert!(
        world
            .realm
            .revocations()
            .is_revoked(mark, world.realm.now() + 1)
    );
    assert_eq!(world.events("sign_out").await, 1);
}

async fn every_statement_is_understood(engine: Engine) {
    let world = World::new(engine).await;
    world
        .realm
        .db()
        .check(&identity::statements())
        .await
        .unwrap();
}

async fn what_has_expired_is_swept_and_nothing_else(engine: Engine) {
    let world = World::new(engine).await;
    world.person("alice").await;
    let (mut old, mut new) = (world.browser(), world.browser());
    old.sign_in("alice").await;
    let idle = world.realm.settings().lifetimes.session_idle;
    world.ambient.clock.advance(idle - 10);
    new.sign_in("alice").await;
    let sweep = || async {
        let mut batch = Batch::new();
        let [sessions, interactions] = identity::sweeps();
        let index = batch.run(sessions, db::params![world.realm.now(), 10]);
        batch.run(interactions, db::params![world.realm.now(), 10]);
        world
            .realm
            .db()
            .commit(batch)
            .await
            .unwrap()
            .affected(index)
    };
    assert_eq!(sweep().await, 0);
    world.ambient.clock.advance(10);
    assert_eq!(sweep().await, 1);
    assert!(current(&world, &new).await.is_some());
}
