//! The guards that settle races: whoever read before the winner committed must not commit too. Made without threads, so that they always happen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;

use db::{Batch, params};
use oauth::ciba::DeliveryMode;
use realm::{Mark, Realm};

use super::rules::{Allowed, Authentication, LIFETIME, State};
use super::{polled, sql};
use crate::authorization_code::marks;
use crate::races::{NOW, guarded, realm};
use crate::waiting::stored;

fn asked() -> Authentication {
    Authentication {
        id: "id".into(),
        client: "agent".into(),
        person: "alice".into(),
        delivery: DeliveryMode::Push,
        scope: "openid".parse().unwrap(),
        resources: vec!["urn:demo:notes".into()],
        details: None,
        binding_message: Some("blue 7".into()),
        max_age: Some(60),
        acr_values: vec!["high".into()],
        address: None,
        created_at: NOW,
        expires_at: NOW + LIFETIME,
        interval: 5,
        polled_at: 0,
        state: State::Pending,
    }
}

fn allowed(person: &str) -> Allowed {
    Allowed {
        grant_id: "grant".into(),
        person: person.into(),
        session: "session".into(),
        scope: "openid".parse().unwrap(),
        auth_time: NOW,
        amr: vec!["pwd".into()],
        acr: None,
        at: NOW,
    }
}

async fn begun() -> Arc<Realm> {
    let realm = realm().await;
    let values = sql::begin(realm.name(), "a", &asked(), (Some("kept"), NOW + 900));
    assert!(guarded(&realm, &sql::BEGIN_AUTHENTICATION, values).await);
    realm
}

async fn allow(realm: &Realm, person: &str, now: i64) -> bool {
    let values = stored::allow((realm.name(), "a"), &allowed(person), (now, now + 4000));
    guarded(realm, &sql::ALLOW_AUTHENTICATION, values).await
}

async fn deny(realm: &Realm, person: &str, now: i64) -> bool {
    let values = params![realm.name(), "a", person, now];
    guarded(realm, &sql::DENY_AUTHENTICATION, values).await
}

async fn redeem(realm: &Realm, now: i64) -> bool {
    let code = polled(&asked(), "a").as_code(&allowed("alice"));
    let values = stored::redeem((realm.name(), "a"), marks(&code), (NOW, now));
    guarded(realm, &sql::REDEEM_AUTHENTICATION, values).await
}

/// Whoever counted before the last one that may wait was written down is not let in after it.
#[tokio::test]
async fn so_many_requests_wait_for_a_person_and_no_more() {
    let realm = realm().await;
    let begin = async |hash: &str, client: &str, created_at: i64| {
        let asked = Authentication {
            id: hash.into(),
            client: client.into(),
            created_at,
            expires_at: created_at + LIFETIME,
            ..asked()
        };
        let values = sql::begin(realm.name(), hash, &asked, (None, NOW + 900));
        guarded(&realm, &sql::BEGIN_AUTHENTICATION, values).await
    };
    for hash in ["a", "b", "c"] {
        assert!(begin(hash, "agent", NOW).await);
    }
    assert!(!begin("d", "agent", NOW).await);
    for number in 0..7 {
        assert!(begin(&format!("other-{number}"), &number.to_string(), NOW).await);
    }
    assert!(!begin("d", "another", NOW).await);
    assert!(deny(&realm, "alice", NOW).await);
    assert!(begin("d", "agent", NOW).await);
    assert!(!begin("e", "agent", NOW).await);
    assert!(begin("e", "agent", NOW + LIFETIME).await);
}

#[tokio::test]
async fn of_two_answers_one_counts_and_only_of_the_person_who_is_asked() {
    let realm = begun().await;
    assert!(!allow(&realm, "mallory", NOW).await);
    assert!(!deny(&realm, "mallory", NOW).await);
    assert!(allow(&realm, "alice", NOW).await);
    assert!(!deny(&realm, "alice", NOW).await);
    assert!(!allow(&realm, "alice", NOW).await);
    let realm = begun().await;
    assert!(deny(&realm, "alice", NOW).await);
    assert!(!allow(&realm, "alice", NOW).await);
}

#[tokio::test]
async fn what_expires_on_the_way_to_the_commit_is_neither_allowed_nor_denied_nor_redeemed() {
    let end = NOW + LIFETIME;
    let realm = begun().await;
    assert!(!allow(&realm, "alice", end).await);
    assert!(!deny(&realm, "alice", end).await);
    assert!(allow(&realm, "alice", end - 1).await);
    assert!(!redeem(&realm, end).await);
    assert!(redeem(&realm, end - 1).await);
}

#[tokio::test]
async fn a_request_is_redeemed_once_and_only_when_it_was_allowed() {
    let realm = begun().await;
    assert!(!redeem(&realm, NOW).await);
    assert!(allow(&realm, "alice", NOW).await);
    let found = sql::find(&realm, "a").await.unwrap().unwrap();
    assert_eq!(found.notification.as_deref(), Some("kept"));
    assert_eq!(
        (found.asked.max_age, found.asked.delivery),
        (Some(60), DeliveryMode::Push)
    );
    assert_eq!(found.asked.binding_message.as_deref(), Some("blue 7"));
    assert!(matches!(found.asked.state, State::Allowed(allowed) if allowed.amr == ["pwd"]));
    assert!(redeem(&realm, NOW).await);
    assert!(!redeem(&realm, NOW).await);
    let found = sql::find(&realm, "a").await.unwrap().unwrap();
    assert!(matches!(found.asked.state, State::Redeemed(_)));
    assert_eq!(found.notification, None);
}

#[tokio::test]
async fn a_request_is_not_redeemed_after_a_revocation_that_the_memory_does_not_know_of() {
    for (mark, redeemed) in [
        (Mark::Grant("grant"), false),
        (Mark::Session("session"), false),
        (Mark::Person("alice"), false),
        (Mark::Client("agent"), false),
        (Mark::Session("other"), true),
    ] {
        let realm = begun().await;
        assert!(allow(&realm, "alice", NOW).await);
        let mut batch = Batch::new();
        realm.revoke(&mut batch, mark);
        // Not through the realm: as another node would.
        realm.db().commit(batch).await.unwrap();
        assert_eq!(redeem(&realm, NOW + 1).await, redeemed);
    }
}

#[tokio::test]
async fn of_two_polls_at_once_one_is_written_down() {
    let realm = begun().await;
    let poll = |interval: i64| params![realm.name(), "a", NOW, interval, 0, 5];
    assert!(guarded(&realm, &sql::POLL_AUTHENTICATION, poll(5)).await);
    assert!(!guarded(&realm, &sql::POLL_AUTHENTICATION, poll(5)).await);
}

#[tokio::test]
async fn requests_are_swept_when_they_need_not_be_remembered() {
    let realm = begun().await;
    let sweep = async |now: i64| {
        let mut batch = Batch::new();
        batch.run(&sql::SWEEP_AUTHENTICATIONS, params![now, 10]);
        realm.db().commit(batch).await.unwrap();
        sql::find(&realm, "a").await.unwrap().is_some()
    };
    assert!(sweep(NOW + 899).await);
    assert!(!sweep(NOW + 900).await);
}
