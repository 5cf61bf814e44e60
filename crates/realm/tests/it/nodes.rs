use db::params;
use realm::{Error, Node, SealingError, SealingKey, Settings};

use crate::bed::{Bed, ISSUER, rows, run};

on_both_engines!(
    every_statement_is_understood,
    a_node_starts_on_what_another_one_made,
    nodes_that_start_at_once_make_one_realm_and_one_key,
    the_wrong_sealing_key_refuses_to_start_and_says_why,
    an_altered_or_moved_root_secret_refuses_to_start,
    another_issuer_refuses_to_start_and_none_takes_the_stored_one,
    resealing_changes_the_key_and_nothing_else,
    another_entry_of_the_log_does_not_disturb,
    what_issuing_a_token_needs_is_in_memory,
);

db::statements! {
    COUNT_REALMS = "SELECT COUNT(*) FROM realm";
    ALTER_ROOT = "UPDATE realm SET sealed_root = $2 WHERE name = $1";
    ROOT = "SELECT sealed_root FROM realm WHERE name = $1";
}

async fn every_statement_is_understood(bed: Bed) {
    let node = bed.node().await;
    node.db().check(&realm::statements()).await.unwrap();
}

async fn a_node_starts_on_what_another_one_made(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let (a, b) = (a.first(), b.first());
    assert_eq!((a.name(), a.issuer(), a.path()), ("main", ISSUER, ""));
    assert_eq!(a.url("/token"), "https://login.example.org/token");
    assert!(a.is_https());
    assert_eq!(a.mac("x", b"data"), b.mac("x", b"data"));
    assert_eq!(b.unseal("x", &a.seal("x", b"text")).unwrap(), b"text");
    assert_eq!(b.unseal("y", &a.seal("x", b"text")), None);
}

async fn nodes_that_start_at_once_make_one_realm_and_one_key(bed: Bed) {
    let (a, b, c) = tokio::join!(bed.try_node(), bed.try_node(), bed.try_node());
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    let mut kids = Vec::new();
    for node in [&a, &b, &c] {
        let key = node
            .first()
            .keys()
            .signer(jose::Algorithm::Es256)
            .await
            .unwrap();
        kids.push(key.kid().to_owned());
    }
    kids.dedup();
    assert_eq!(kids.len(), 1);
    assert_eq!(realm::keys::list(&a.first()).await.unwrap().len(), 1);
}

async fn the_wrong_sealing_key_refuses_to_start_and_says_why(bed: Bed) {
    bed.node().await;
    let mut options = bed.options().await;
    options.sealing_key = SealingKey::from_bytes([8; 32]);
    let refusal = Node::start(options).await.unwrap_err();
    assert!(matches!(
        refusal,
        Error::Sealing(SealingError::OtherKey { .. })
    ));
    let text = refusal.to_string();
    assert!(text.contains("realm `main`"), "{text}");
    assert!(
        text.contains(SealingKey::from_bytes([7; 32]).id()),
        "{text}"
    );
}

async fn an_altered_or_moved_root_secret_refuses_to_start(bed: Bed) {
    let node = bed.node().await;
    realm::realms::create(&node, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    let acme = rows(&node, &ROOT, params!["acme"]).await[0]
        .text(0)
        .to_owned();
    run(&node, &ALTER_ROOT, params!["main", acme]).await;
    let refusal = bed.try_node().await.unwrap_err();
    assert!(
        matches!(refusal, Error::Sealing(SealingError::Altered { .. })),
        "{refusal}"
    );
}

async fn another_issuer_refuses_to_start_and_none_takes_the_stored_one(bed: Bed) {
    let mut options = bed.options().await;
    options.issuer = String::new();
    assert!(matches!(
        Node::start(options).await.unwrap_err(),
        Error::NotFound { .. }
    ));
    let node = bed.node().await;
    let mut options = bed.options().await;
    options.issuer = "https://other.example.org".to_owned();
    assert!(matches!(
        Node::start(options.clone()).await.unwrap_err(),
        Error::IssuerDiffers { .. }
    ));
    options.issuer = String::new();
    assert_eq!(
        Node::start(options.clone()).await.unwrap().first().issuer(),
        ISSUER
    );

    realm::realms::create(&node, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    realm::realms::set_issuer(&node, "main", "https://other.example.org", "test")
        .await
        .unwrap();
    options.issuer = "https://other.example.org/".to_owned();
    let moved = Node::start(options).await.unwrap();
    assert_eq!(moved.first().issuer(), "https://other.example.org");
    let acme = moved.realm("acme").await.unwrap().unwrap();
    assert_eq!(acme.issuer(), "https://other.example.org/realms/acme");
    assert_eq!(acme.path(), "/realms/acme");
}

async fn resealing_changes_the_key_and_nothing_else(bed: Bed) {
    let old = bed.node().await;
    realm::realms::create(&old, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    let (old_key, new_key) = (
        SealingKey::from_bytes([7; 32]),
        SealingKey::from_bytes([8; 32]),
    );
    let mut options = bed.options().await;
    options.sealing_key = new_key.clone().with_previous(old_key);
    let both = Node::start(options).await.unwrap();
    assert_eq!(realm::realms::reseal(&both).await.unwrap(), 2);
    assert_eq!(realm::realms::reseal(&both).await.unwrap(), 0);

    assert!(bed.try_node().await.is_err());
    let mut options = bed.options().await;
    options.sealing_key = new_key;
    let new = Node::start(options).await.unwrap();
    assert_eq!(new.first().mac("x", b"data"), old.first().mac("x", b"data"));
    let kid = |node: std::sync::Arc<Node>| async move {
        let realm = node.realm("acme").await.unwrap().unwrap();
        realm
            .keys()
            .signer(jose::Algorithm::Es256)
            .await
            .unwrap()
            .kid()
            .to_owned()
    };
    assert_eq!(kid(new).await, kid(old).await);
}

async fn another_entry_of_the_log_does_not_disturb(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let mut batch = db::Batch::new();
    a.first().announce(&mut batch, "weather", "rain");
    a.first().commit(batch).await.unwrap();
    b.sync().await.unwrap();
    assert_eq!(rows(&b, &COUNT_REALMS, params![]).await[0].int(0), 1);
}

async fn what_issuing_a_token_needs_is_in_memory(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = realm::clients::create(
        &realm,
        crate::bed::web("app"),
        realm::clients::Secret::Generate,
        "test",
    );
    let secret = made.await.unwrap().secret.unwrap();
    realm.client("app").await.unwrap();
    realm.catalogue().await.unwrap();
    node.db().close().await;
    assert!(realm.db().row(&COUNT_REALMS, params![]).await.is_err());

    let client = realm.client("app").await.unwrap().unwrap();
    assert!(client.verify_secret(&realm, &secret));
    assert_eq!(client.lifetimes(&realm.settings()).access_token, 300);
    assert!(
        realm
            .catalogue()
            .await
            .unwrap()
            .describe("openid")
            .is_some()
    );
    let key = realm.keys().signer(jose::Algorithm::Es256).await.unwrap();
    let signature = key.sign(b"text").unwrap();
    let set = realm.keys().key_set_with(key.kid()).await.unwrap();
    set.find(Some(key.kid()), jose::Algorithm::Es256)
        .unwrap()
        .verify(b"text", &signature)
        .unwrap();
    assert!(
        !realm
            .revocations()
            .is_revoked(realm::Mark::Grant("g"), realm.now())
    );
    assert!(node.realm("main").await.unwrap().is_some());
}
