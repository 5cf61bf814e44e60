use db::params;
use jose::Algorithm::{self, Es256, Rs256};
use realm::keys::{self, Family, Role, Rotation};
use realm::{Error, LONGEST_TOKEN, Node, SealingError, Settings, realms};

use crate::bed::{Bed, rows, run};

on_both_engines!(
    keys_rotate_by_themselves_and_are_published_before_and_after,
    nodes_that_race_make_one_key,
    keys_are_looked_at_when_they_may_be_due,
    a_realm_that_cannot_be_opened_does_not_keep_others_from_rotating,
    an_algorithm_gets_its_key_when_it_is_asked_for,
    a_compromised_key_is_gone_at_once,
    a_key_made_elsewhere_just_now_is_found_by_its_name,
    an_altered_or_moved_key_signs_nothing,
    published_keys_hold_nothing_secret,
    keys_for_request_objects_are_replaced_on_all_nodes,
    rsa_keys_for_request_objects_are_replaced_on_all_nodes,
    a_compromised_key_for_request_objects_opens_nothing,
    an_rsa_key_for_request_objects_is_made_when_keys_are_published,
);

const DAY: i64 = 86_400;

db::statements! {
    SEALED = "SELECT kid, sealed_key FROM signing_key WHERE realm = $1 ORDER BY kid";
    MOVE_KEY = "UPDATE signing_key SET sealed_key = $2 WHERE kid = $1";
    ALL_KEYS = "SELECT kid FROM signing_key";
    DUE = "SELECT realm FROM signing_key WHERE look_at <= $1";
    MOVE_ROOT = "UPDATE realm SET sealed_root = (SELECT sealed_root FROM realm r WHERE r.name = 'main') WHERE name = $1";
    FORGET_LOOK = "UPDATE signing_key SET look_at = 0";
}

async fn signer(node: &Node, algorithm: Algorithm) -> String {
    node.first()
        .keys()
        .signer(algorithm)
        .await
        .unwrap()
        .kid()
        .to_owned()
}

async fn published(node: &Node) -> Vec<String> {
    let jwks = node.first().keys().jwks().await.unwrap();
    jwks.keys
        .iter()
        .map(|key| key.kid().unwrap().to_owned())
        .collect()
}

async fn keys_rotate_by_themselves_and_are_published_before_and_after(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let first = signer(&a, Es256).await;
    bed.advance(89 * DAY - 1);
    a.sync().await.unwrap();
    assert_eq!(published(&a).await, [first.as_str()]);

    bed.advance(1);
    a.sync().await.unwrap();
    b.sync().await.unwrap();
    let both = published(&b).await;
    assert_eq!((both.len(), &both), (2, &published(&a).await));
    let second = both.iter().find(|kid| **kid != first).unwrap().clone();
    assert_eq!(signer(&b, Es256).await, first);
    bed.advance(DAY - 1);
    assert_eq!(signer(&a, Es256).await, first);
    bed.advance(1);
    assert_eq!(
        (signer(&a, Es256).await, signer(&b, Es256).await),
        (second.clone(), second.clone())
    );

    // What the first key signed at the last moment can be verified until it expires.
    bed.advance(LONGEST_TOKEN);
    b.sync().await.unwrap();
    assert!(b.first().keys().key_set().await.unwrap().knows(&first));
    bed.advance(301);
    b.sync().await.unwrap();
    a.sync().await.unwrap();
    for node in [&a, &b] {
        assert_eq!(published(node).await, [second.as_str()]);
    }
    assert_eq!(rows(&a, &ALL_KEYS, params![]).await.len(), 1);
}

async fn nodes_that_race_make_one_key(bed: Bed) {
    let nodes = [bed.node().await, bed.node().await, bed.node().await];
    bed.advance(90 * DAY);
    let results = tokio::join!(nodes[0].sync(), nodes[1].sync(), nodes[2].sync());
    for result in [results.0, results.1, results.2] {
        result.unwrap();
    }
    for node in &nodes {
        node.sync().await.unwrap();
        assert_eq!(published(node).await, published(&nodes[0]).await);
    }
    assert_eq!(published(&nodes[0]).await.len(), 2);
}

/// What a minute costs does not grow with the realms: only those are opened whose keys may be due.
async fn keys_are_looked_at_when_they_may_be_due(bed: Bed) {
    let node = bed.node().await;
    for name in ["acme", "globex"] {
        let made = realms::create(&node, name, None, Settings::default(), "test").await;
        made.unwrap();
    }
    let due = async || rows(&node, &DUE, params![bed.clock.now()]).await.len();
    node.sync().await.unwrap();
    assert_eq!(due().await, 0);
    bed.advance(89 * DAY - 1);
    node.sync().await.unwrap();
    assert_eq!(due().await, 0);
    bed.advance(1);
    assert_eq!(due().await, 3);
    node.sync().await.unwrap();
    node.sync().await.unwrap();
    assert_eq!((due().await, published(&node).await.len()), (0, 2));

    // A shorter schedule holds from now on, not from the time that was settled before.
    let acme = node.realm("acme").await.unwrap().unwrap();
    let info = realms::find(&node, "acme").await.unwrap().unwrap();
    let mut settings = info.settings;
    settings.lifetimes.key_rotation = 2 * DAY;
    realms::update_settings(&acme, settings, info.version, "test")
        .await
        .unwrap();
    bed.advance(3 * DAY);
    node.sync().await.unwrap();
    assert_eq!(keys::list(&acme).await.unwrap().len(), 2);
    assert_eq!(keys::list(&node.first()).await.unwrap().len(), 1);
}

async fn a_realm_that_cannot_be_opened_does_not_keep_others_from_rotating(bed: Bed) {
    let node = bed.node().await;
    let made = realms::create(&node, "acme", None, Settings::default(), "test").await;
    made.unwrap();
    run(&node, &MOVE_ROOT, params!["acme"]).await;
    run(&node, &FORGET_LOOK, params![]).await;
    bed.advance(89 * DAY);
    // It has never seen acme.
    let other = bed.node().await;
    assert!(matches!(other.sync().await, Err(Error::Sealing(_))));
    assert_eq!(published(&other).await.len(), 2);
    // It is tried again later.
    other.sync().await.unwrap();
    bed.advance(3600);
    assert!(other.sync().await.is_err());
}

async fn an_algorithm_gets_its_key_when_it_is_asked_for(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let (realm_a, realm_b) = (a.first(), b.first());
    // Everybody who asks at the same time gets the same key.
    let (one, two, three) = tokio::join!(
        realm_a.keys().signer(Rs256),
        realm_a.keys().signer(Rs256),
        realm_b.keys().signer(Rs256),
    );
    let (one, two, three) = (one.unwrap(), two.unwrap(), three.unwrap());
    assert_eq!((one.kid(), one.kid()), (two.kid(), three.kid()));
    for alg in [Algorithm::EdDsa, Algorithm::Ps256, Algorithm::MlDsa44] {
        assert_eq!(realm_a.keys().signer(alg).await.unwrap().algorithm(), alg);
    }
    let symmetric = realm_a.keys().signer(Algorithm::Hs256).await.unwrap_err();
    assert!(matches!(symmetric, Error::Invalid(_)));

    let signature = one.sign(b"text").unwrap();
    b.sync().await.unwrap();
    let set = realm_b.keys().key_set().await.unwrap();
    set.find(Some(one.kid()), Rs256)
        .unwrap()
        .verify(b"text", &signature)
        .unwrap();
    assert!(set.find(Some(one.kid()), Es256).is_none());
}

async fn a_compromised_key_is_gone_at_once(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let old = signer(&a, Es256).await;
    keys::rotate(&a.first(), Es256, Rotation::Announced, "test")
        .await
        .unwrap();
    assert_eq!(signer(&a, Es256).await, old);
    keys::rotate(&a.first(), Es256, Rotation::Compromised, "test")
        .await
        .unwrap();
    b.sync().await.unwrap();
    for node in [&a, &b] {
        assert_ne!(signer(node, Es256).await, old);
        assert_eq!(published(node).await, [signer(node, Es256).await]);
    }
    keys::rotate(&a.first(), Es256, Rotation::Now, "test")
        .await
        .unwrap();
    let list = keys::list(&a.first()).await.unwrap();
    assert_eq!(
        list.iter().map(|key| key.generation).collect::<Vec<_>>(),
        [3, 4]
    );
    assert_eq!(signer(&a, Es256).await, list[1].kid);
}

async fn a_key_made_elsewhere_just_now_is_found_by_its_name(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    b.first().keys().key_set().await.unwrap();
    bed.advance(1);
    let kid = signer(&a, Algorithm::EdDsa).await;
    assert!(!b.first().keys().key_set().await.unwrap().knows(&kid));
    assert!(
        b.first()
            .keys()
            .key_set_with(&kid)
            .await
            .unwrap()
            .knows(&kid)
    );
    assert!(
        !b.first()
            .keys()
            .key_set_with("forged")
            .await
            .unwrap()
            .knows("forged")
    );
}

async fn an_altered_or_moved_key_signs_nothing(bed: Bed) {
    let node = bed.node().await;
    realms::create(&node, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    signer(&node, Algorithm::EdDsa).await;
    let acme = rows(&node, &SEALED, params!["acme"]).await[0]
        .text(1)
        .to_owned();
    let mine = rows(&node, &SEALED, params!["main"]).await;
    let (kid, sealed) = (mine[0].text(0).to_owned(), mine[0].text(1).to_owned());
    let mut altered = sealed.clone().into_bytes();
    altered[40] = if altered[40] == b'A' { b'B' } else { b'A' };
    for wrong in [
        acme,
        mine[1].text(1).to_owned(),
        String::from_utf8(altered).unwrap(),
    ] {
        run(&node, &MOVE_KEY, params![&kid, wrong]).await;
        let refusal = bed.try_node().await.unwrap_err();
        assert!(
            matches!(refusal, Error::Sealing(SealingError::Altered { .. })),
            "{refusal}"
        );
    }
    run(&node, &MOVE_KEY, params![&kid, sealed]).await;
    bed.node().await;
}

async fn published_keys_hold_nothing_secret(bed: Bed) {
    let node = bed.node().await;
    signer(&node, Rs256).await;
    let jwks = node.first().keys().jwks().await.unwrap();
    let value = serde_json::to_value(&*jwks).unwrap();
    let keys = value["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let mut members: Vec<&str> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        members.sort_unstable();
        match key["alg"].as_str().unwrap() {
            "ES256" => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]),
            "RS256" => assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]),
            other => panic!("{other}"),
        }
    }
}

/// The names of the keys that open what names its key so.
async fn opening(node: &Node, family: Family, kid: Option<&str>) -> Vec<String> {
    let keys = node.first().keys().opening_keys(family, kid).await.unwrap();
    keys.iter()
        .map(|key| key.kid().unwrap().to_owned())
        .collect()
}

async fn encrypts(node: &Node, family: Family) -> Vec<String> {
    node.first().keys().publish_encryption().await.unwrap();
    let jwks = node.first().keys().jwks().await.unwrap();
    let kind = match family {
        Family::EcdhEs => jose::KeyType::Ec,
        Family::RsaOaep => jose::KeyType::Rsa,
    };
    let encrypts = |key: &&jose::Jwk| {
        key.key_use() == Some(jose::KeyUse::Encryption) && key.key_type() == kind
    };
    jwks.keys
        .iter()
        .filter(encrypts)
        .map(|key| key.kid().unwrap().to_owned())
        .collect()
}

async fn keys_for_request_objects_are_replaced_on_all_nodes(bed: Bed) {
    replaced(bed, Family::EcdhEs).await;
}

async fn rsa_keys_for_request_objects_are_replaced_on_all_nodes(bed: Bed) {
    replaced(bed, Family::RsaOaep).await;
}

async fn replaced(bed: Bed, family: Family) {
    let (a, b) = (bed.node().await, bed.node().await);
    let first = encrypts(&a, family).await;
    let [old] = first.as_slice() else {
        panic!("{first:?}");
    };
    assert_eq!(encrypts(&b, family).await, first);
    // Nobody signs with it.
    assert!(!a.first().keys().key_set().await.unwrap().knows(old));
    keys::rotate(
        &a.first(),
        Role::RequestObjects(family),
        Rotation::Now,
        "test",
    )
    .await
    .unwrap();
    a.sync().await.unwrap();
    let second = encrypts(&a, family).await;
    let [new] = second.as_slice() else {
        panic!("the youngest alone: {second:?}");
    };
    assert_ne!(new, old);
    // A node that has not heard of it yet opens it within a second, and after that publishes it.
    bed.advance(1);
    assert_eq!(opening(&b, family, Some(new)).await, [new.as_str()]);
    b.sync().await.unwrap();
    assert_eq!(encrypts(&b, family).await, second);
    // What is under way is opened, for a bounded time; what names no key, by either.
    bed.advance(LONGEST_TOKEN);
    for node in [&a, &b] {
        assert_eq!(opening(node, family, Some(old)).await, [old.as_str()]);
        assert_eq!(
            opening(node, family, None).await,
            [old.as_str(), new.as_str()]
        );
        assert!(opening(node, family, Some("unknown")).await.is_empty());
    }
    bed.advance(301);
    for node in [&a, &b] {
        assert!(opening(node, family, Some(old)).await.is_empty());
        assert_eq!(opening(node, family, None).await, [new.as_str()]);
    }
    // By itself, as keys that sign.
    bed.advance(89 * DAY);
    a.sync().await.unwrap();
    b.sync().await.unwrap();
    let third = encrypts(&b, family).await;
    assert_eq!(third, encrypts(&a, family).await);
    assert_eq!((third.len(), third != second), (1, true));
    assert_eq!(
        opening(&b, family, None).await,
        [new.as_str(), third[0].as_str()]
    );
}

async fn a_compromised_key_for_request_objects_opens_nothing(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let compromised = Rotation::Compromised;
    // Also where no key was published before: what derives from the realm's secret is the first one, and not the new one.
    realms::create(&a, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    let acme = a.realm("acme").await.unwrap().unwrap();
    for (family, generation) in [(Family::EcdhEs, 2), (Family::RsaOaep, 1)] {
        let role = Role::RequestObjects(family);
        let old = encrypts(&b, family).await.remove(0);
        keys::rotate(&a.first(), role, compromised, "test")
            .await
            .unwrap();
        b.sync().await.unwrap();
        assert!(opening(&b, family, Some(&old)).await.is_empty());
        let new = encrypts(&b, family).await;
        assert_eq!(new.len(), 1);
        assert_ne!(new[0], old);
        keys::rotate(&acme, role, compromised, "test")
            .await
            .unwrap();
        let generations = keys::list(&acme).await.unwrap();
        let generations = generations
            .iter()
            .filter(|key| key.algorithm == family.as_str());
        let generations: Vec<i64> = generations.map(|key| key.generation).collect();
        assert_eq!(generations, [generation]);
    }
}

/// A realm from before there was one gets it like a new one, each node the same; whoever only sends something makes nobody make one.
async fn an_rsa_key_for_request_objects_is_made_when_keys_are_published(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let rsa = Family::RsaOaep;
    for kid in [None, Some("x")] {
        assert!(opening(&a, rsa, kid).await.is_empty());
    }
    let listed = keys::list(&a.first()).await.unwrap();
    assert!(listed.iter().all(|key| key.algorithm != rsa.as_str()));
    let (one, other) = tokio::join!(encrypts(&a, rsa), encrypts(&b, rsa));
    assert_eq!((one.len(), &one), (1, &other));
    // Sealed, as the others.
    for row in rows(&a, &SEALED, params!["main"]).await {
        let bytes = jose::base64url::decode(row.text(1)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("kty"));
    }
    assert_eq!(opening(&b, rsa, None).await, one);
    assert!(opening(&b, Family::EcdhEs, Some(&one[0])).await.is_empty());
}
