//! The guards that settle races: whoever read before the winner committed must not commit too. Made without threads, so that they always happen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;

use ambient::Ambient;
use db::{Batch, Db, Params, params};
use realm::{Mark, Node, NodeOptions, Realm, SealingKey};

use super::rules::{Allowed, Device, LIFETIME, State};
use super::{polled, sql};
use crate::authorization_code::marks;
use crate::races::{NOW, guarded, realm};
use crate::waiting::stored;

async fn realm_of(key: [u8; 32]) -> Arc<Realm> {
    let db = Db::open(&"sqlite::memory:".parse().unwrap()).await.unwrap();
    let seed = u64::from(key[0]);
    let key = SealingKey::from_bytes(key);
    let options = NodeOptions::new(db, Ambient::manual(NOW, seed), key, "https://as.example");
    Node::start(options).await.unwrap().first()
}

fn asked() -> Device {
    Device {
        client: "tv".into(),
        scope: "openid".parse().unwrap(),
        resources: vec!["urn:demo:notes".into()],
        details: None,
        address: Some("192.0.2.1".into()),
        created_at: NOW,
        expires_at: NOW + LIFETIME,
        interval: 5,
        polled_at: 0,
        state: State::Pending,
    }
}

fn allowed(at: i64) -> Allowed {
    Allowed {
        grant_id: "grant".into(),
        person: "alice".into(),
        session: "session".into(),
        scope: "openid".parse().unwrap(),
        auth_time: NOW,
        amr: vec!["pwd".into()],
        acr: None,
        at,
    }
}

async fn begun(realm: &Realm, hash: &str, user_code: &str) -> bool {
    let values = sql::begin(realm.name(), (hash, user_code), &asked(), NOW + 900);
    guarded(realm, &sql::BEGIN_DEVICE, values).await
}

fn allow(realm: &Realm, hash: &str, now: i64) -> Params {
    stored::allow((realm.name(), hash), &allowed(now), (now, now + 4000))
}

fn redeem(realm: &Realm, hash: &str, now: i64) -> Params {
    let code = polled(&asked(), hash).as_code(&allowed(NOW));
    let marks = marks(&code);
    stored::redeem((realm.name(), hash), marks, (NOW, now))
}

#[tokio::test]
async fn no_two_devices_wait_under_one_user_code() {
    let realm = realm().await;
    assert!(begun(&realm, "a", "code").await);
    assert!(!begun(&realm, "b", "code").await);
    assert!(begun(&realm, "b", "other").await);
    // Once it is used, the code is free again.
    assert!(guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", NOW)).await);
    assert!(begun(&realm, "c", "code").await);
}

#[tokio::test]
async fn of_two_people_who_answer_one_is_heard() {
    let realm = realm().await;
    let name = realm.name();
    begun(&realm, "a", "code").await;
    let deny = || params![name, "a", NOW];
    assert!(guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", NOW)).await);
    assert!(!guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", NOW)).await);
    assert!(!guarded(&realm, &sql::DENY_DEVICE, deny()).await);
    begun(&realm, "b", "other").await;
    assert!(guarded(&realm, &sql::DENY_DEVICE, params![name, "b", NOW]).await);
    assert!(!guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "b", NOW)).await);
}

#[tokio::test]
async fn what_expires_on_the_way_to_the_commit_is_neither_allowed_nor_denied_nor_redeemed() {
    let realm = realm().await;
    let end = NOW + LIFETIME;
    begun(&realm, "a", "code").await;
    assert!(!guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", end)).await);
    let deny = params![realm.name(), "a", end];
    assert!(!guarded(&realm, &sql::DENY_DEVICE, deny).await);
    assert!(guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", end - 1)).await);
    assert!(!guarded(&realm, &sql::REDEEM_DEVICE, redeem(&realm, "a", end)).await);
    assert!(guarded(&realm, &sql::REDEEM_DEVICE, redeem(&realm, "a", end - 1)).await);
}

#[tokio::test]
async fn a_device_code_is_redeemed_once_and_only_when_it_was_allowed() {
    let realm = realm().await;
    begun(&realm, "a", "code").await;
    let redeem = || redeem(&realm, "a", NOW);
    assert!(!guarded(&realm, &sql::REDEEM_DEVICE, redeem()).await);
    assert!(guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", NOW)).await);
    let found = sql::find(&realm, "a").await.unwrap().unwrap();
    assert!(matches!(found.state, State::Allowed(allowed) if allowed.amr == ["pwd"]));
    assert!(guarded(&realm, &sql::REDEEM_DEVICE, redeem()).await);
    assert!(!guarded(&realm, &sql::REDEEM_DEVICE, redeem()).await);
    let found = sql::find(&realm, "a").await.unwrap().unwrap();
    assert!(matches!(found.state, State::Redeemed(_)));
}

#[tokio::test]
async fn a_device_code_is_not_redeemed_after_a_revocation_that_the_memory_does_not_know_of() {
    for (mark, redeemed) in [
        (Mark::Grant("grant"), false),
        (Mark::Session("session"), false),
        (Mark::Person("alice"), false),
        (Mark::Client("tv"), false),
        (Mark::Session("other"), true),
        (Mark::Client("app"), true),
    ] {
        let realm = realm().await;
        begun(&realm, "a", "code").await;
        assert!(guarded(&realm, &sql::ALLOW_DEVICE, allow(&realm, "a", NOW)).await);
        let mut batch = Batch::new();
        realm.revoke(&mut batch, mark);
        // Not through the realm: as another node would.
        realm.db().commit(batch).await.unwrap();
        assert_eq!(
            guarded(&realm, &sql::REDEEM_DEVICE, redeem(&realm, "a", NOW + 1)).await,
            redeemed
        );
    }
}

#[tokio::test]
async fn of_two_polls_at_once_one_is_written_down() {
    let realm = realm().await;
    let name = realm.name();
    begun(&realm, "a", "code").await;
    let poll = |interval: i64| params![name, "a", NOW, interval, 0, 5];
    assert!(guarded(&realm, &sql::POLL_DEVICE, poll(5)).await);
    assert!(!guarded(&realm, &sql::POLL_DEVICE, poll(5)).await);
    // Within one second the time is the same: the interval tells them apart.
    let slower = || params![name, "a", NOW, 10, NOW, 5];
    assert!(guarded(&realm, &sql::POLL_DEVICE, slower()).await);
    assert!(!guarded(&realm, &sql::POLL_DEVICE, slower()).await);
    let found = sql::find(&realm, "a").await.unwrap().unwrap();
    assert_eq!((found.polled_at, found.interval), (NOW, 10));
}

#[tokio::test]
async fn devices_are_swept_when_they_need_not_be_remembered() {
    let realm = realm().await;
    begun(&realm, "a", "code").await;
    let sweep = async |now: i64| {
        let mut batch = Batch::new();
        batch.run(&sql::SWEEP_DEVICES, params![now, 10]);
        realm.db().commit(batch).await.unwrap();
        sql::find(&realm, "a").await.unwrap().is_some()
    };
    assert!(sweep(NOW + 899).await);
    assert!(!sweep(NOW + 900).await);
}

/// Eight letters have few bits: without the realm's key nobody can go through them all.
#[tokio::test]
async fn what_a_user_code_is_stored_as_depends_on_the_realms_key() {
    let (first, second) = (realm().await, realm_of([2; 32]).await);
    let code = oauth::device_code::UserCode::from_random([7; 8]);
    assert_eq!(super::seal(&first, &code), super::seal(&first, &code));
    assert_ne!(super::seal(&first, &code), super::seal(&second, &code));
}
