//! The guards that settle races: whoever loaded before the winner committed must not commit too. Made without threads, so that they always happen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;

use ambient::Ambient;
use db::{Batch, Db, Params, Stmt, params};
use oauth::claims::Confirmation;
use realm::{Node, NodeOptions, Realm, SealingKey};

use crate::authorization_code::rules::{Code, State};
use crate::authorization_code::sql as code;
use crate::commit::commit;
use crate::consent::sql as consent;
use crate::refresh_token::rules::{Bound, Family};
use crate::refresh_token::sql as family;

pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) async fn realm() -> Arc<Realm> {
    let db = Db::open(&"sqlite::memory:".parse().unwrap()).await.unwrap();
    let key = SealingKey::from_bytes([1; 32]);
    let options = NodeOptions::new(db, Ambient::manual(NOW, 1), key, "https://as.example");
    Node::start(options).await.unwrap().first()
}

async fn run(realm: &Realm, stmt: &'static Stmt, values: Params) {
    let mut batch = Batch::new();
    batch.run(stmt, values);
    realm.db().commit(batch).await.unwrap();
}

/// Whether a batch with this guard was committed.
pub(crate) async fn guarded(realm: &Realm, stmt: &'static Stmt, values: Params) -> bool {
    let mut batch = Batch::new();
    batch.expect(stmt, values, 1);
    commit(realm, batch).await.unwrap().is_some()
}

fn issued() -> Code {
    Code {
        grant_id: "grant".into(),
        client: "app".into(),
        person: "alice".into(),
        session: "session".into(),
        redirect_uri: "https://app.example/".into(),
        redirect_uri_sent: true,
        challenge: None,
        scope: "openid".parse().unwrap(),
        resources: vec!["urn:demo:notes".into()],
        details: None,
        claims: None,
        nonce: Some("n".into()),
        auth_time: NOW,
        amr: vec!["pwd".into()],
        acr: None,
        confirmation: Some(Confirmation::key("k")),
        issued_at: NOW,
        expires_at: NOW + 60,
        state: State::Fresh,
    }
}

fn begun() -> Family {
    Family {
        id: "grant".into(),
        client: "app".into(),
        person: "alice".into(),
        session: Some("session".into()),
        offline: false,
        scope: "openid".parse().unwrap(),
        resources: Vec::new(),
        details: None,
        claims: None,
        auth_time: NOW,
        amr: Vec::new(),
        acr: None,
        confirmation: Some(Confirmation::certificate("c")),
        bound: Some(Bound::Certificate),
        bound_from: 1,
        counter: 1,
        rotated_at: NOW,
        created_at: NOW,
        idle_expires_at: NOW + 60,
        expires_at: NOW + 90,
        revoked_at: None,
        version: 1,
    }
}

#[tokio::test]
async fn a_code_is_redeemed_by_one_of_two_who_loaded_it_fresh() {
    let realm = realm().await;
    let name = realm.name();
    let issue = code::issue(name, "hash", &issued(), NOW + 3600);
    run(&realm, &code::ISSUE_CODE, issue).await;
    let loaded = code::find(&realm, "hash").await.unwrap().unwrap();
    assert_eq!(loaded.state, State::Fresh);
    assert_eq!(loaded.resources, issued().resources);
    assert_eq!(loaded.confirmation, issued().confirmation);
    let redeem = || code::redeem(name, "hash", &issued(), NOW);
    assert!(guarded(&realm, &code::REDEEM_CODE, redeem()).await);
    assert!(!guarded(&realm, &code::REDEEM_CODE, redeem()).await);
    let loaded = code::find(&realm, "hash").await.unwrap().unwrap();
    assert_eq!(loaded.state, State::Redeemed(NOW));
}

#[tokio::test]
async fn a_code_that_expires_on_the_way_to_the_commit_is_not_redeemed() {
    let realm = realm().await;
    let name = realm.name();
    let issue = code::issue(name, "hash", &issued(), NOW + 3600);
    run(&realm, &code::ISSUE_CODE, issue).await;
    let late = code::redeem(name, "hash", &issued(), NOW + 60);
    assert!(!guarded(&realm, &code::REDEEM_CODE, late).await);
}

#[tokio::test]
async fn a_code_is_not_redeemed_after_a_revocation_that_the_memory_does_not_know_of() {
    use realm::Mark;
    let realm = realm().await;
    let name = realm.name();
    let consent = |client| Mark::Consent {
        person: "alice",
        client,
    };
    let marks = [
        (Mark::Grant("grant"), false),
        (Mark::Session("session"), false),
        (Mark::Person("alice"), false),
        (Mark::Client("app"), false),
        (consent("app"), false),
        (consent("other"), true),
        (Mark::Session("other"), true),
    ];
    for (number, (mark, redeemed)) in marks.into_iter().enumerate() {
        let hash = format!("hash{number}");
        // Issued a second after whatever came before in this test.
        let issued_at = realm.now() + 1;
        let code = Code {
            issued_at,
            expires_at: issued_at + 60,
            grant_id: format!("grant{number}"),
            session: format!("session{number}"),
            ..issued()
        };
        let mark = match mark {
            Mark::Grant(_) => Mark::Grant(&code.grant_id),
            Mark::Session("session") => Mark::Session(&code.session),
            mark => mark,
        };
        let issue = code::issue(name, &hash, &code, issued_at + 3600);
        run(&realm, &code::ISSUE_CODE, issue).await;
        realm.ambient().clock.advance(2);
        let mut batch = Batch::new();
        realm.revoke(&mut batch, mark);
        // Not through the realm: as another node would.
        realm.db().commit(batch).await.unwrap();
        let redeem = code::redeem(name, &hash, &code, realm.now());
        assert_eq!(
            guarded(&realm, &code::REDEEM_CODE, redeem).await,
            redeemed,
            "{mark:?}"
        );
    }
}

#[tokio::test]
async fn a_family_is_rotated_by_one_of_two_and_by_nobody_once_revoked() {
    let realm = realm().await;
    let name = realm.name();
    run(&realm, &family::BEGIN_FAMILY, family::begin(name, &begun())).await;
    let rotate = |version: i64, to: i64| {
        params![
            name,
            "grant",
            version,
            to,
            NOW,
            NOW + 70,
            None::<&str>,
            Some("key")
        ]
    };
    assert!(guarded(&realm, &family::ROTATE_FAMILY, rotate(1, 2)).await);
    assert!(!guarded(&realm, &family::ROTATE_FAMILY, rotate(1, 2)).await);
    let loaded = family::find(&realm, "grant").await.unwrap().unwrap();
    assert_eq!((loaded.counter, loaded.version), (2, 2));
    // What is bound stays as it is bound.
    assert_eq!(loaded.bound, Some(Bound::Certificate));
    assert_eq!(loaded.confirmation, begun().confirmation);
    let revoke = params![name, "grant", NOW];
    run(&realm, &family::REVOKE_FAMILY, revoke).await;
    // Neither with the version of before nor with the one that the revocation made.
    for version in [2, 3] {
        assert!(!guarded(&realm, &family::ROTATE_FAMILY, rotate(version, 3)).await);
    }
}

#[tokio::test]
async fn two_consents_at_once_do_not_lose_one() {
    let realm = realm().await;
    let name = realm.name();
    let remember = |scope: &str, version: i64| params![name, "alice", "app", scope, NOW, version];
    assert!(guarded(&realm, &consent::REMEMBER_CONSENT, remember("a", 0)).await);
    assert!(!guarded(&realm, &consent::REMEMBER_CONSENT, remember("b", 0)).await);
    assert!(guarded(&realm, &consent::REMEMBER_CONSENT, remember("a b", 1)).await);
    assert!(!guarded(&realm, &consent::REMEMBER_CONSENT, remember("a c", 1)).await);
    let loaded = consent::find(&realm, "alice", "app")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(loaded.scope, "a b".parse().unwrap());
}

#[tokio::test]
async fn signing_out_spares_the_families_that_outlive_the_session() {
    let realm = realm().await;
    let name = realm.name();
    run(&realm, &family::BEGIN_FAMILY, family::begin(name, &begun())).await;
    let offline = Family {
        id: "offline".into(),
        offline: true,
        ..begun()
    };
    run(&realm, &family::BEGIN_FAMILY, family::begin(name, &offline)).await;
    let values = params![name, "session", NOW];
    run(&realm, &family::REVOKE_FAMILIES_OF_SESSION, values).await;
    let revoked = async |id: &str| {
        let family = family::find(&realm, id).await.unwrap().unwrap();
        family.revoked_at.is_some()
    };
    assert!(revoked("grant").await && !revoked("offline").await);
}

#[tokio::test]
async fn what_has_expired_is_swept_and_nothing_else() {
    let realm = realm().await;
    let name = realm.name();
    let issue = code::issue(name, "hash", &issued(), NOW + 3600);
    run(&realm, &code::ISSUE_CODE, issue).await;
    run(&realm, &family::BEGIN_FAMILY, family::begin(name, &begun())).await;
    for stmt in crate::sweeps() {
        run(&realm, stmt, params![NOW + 59, 10]).await;
    }
    assert!(code::find(&realm, "hash").await.unwrap().is_some());
    assert!(family::find(&realm, "grant").await.unwrap().is_some());
    for stmt in crate::sweeps() {
        run(&realm, stmt, params![NOW + 3600, 10]).await;
    }
    assert!(code::find(&realm, "hash").await.unwrap().is_none());
    assert!(family::find(&realm, "grant").await.unwrap().is_none());
}
