use db::params;
use realm::{Error, Kind, Lifetimes, Profile, Settings, clients, realms};

use crate::bed::{Bed, rows, web};

on_both_engines!(
    realms_share_nothing,
    a_realm_made_on_one_node_is_there_on_the_others_at_once,
    settings_reach_the_other_nodes_and_old_ones_are_not_written_back,
    a_removed_realm_is_gone_everywhere_with_its_rows,
    names_and_issuers_are_checked_and_unique,
);

db::statements! {
    CLIENTS_OF = "SELECT id FROM client WHERE realm = $1";
    KEYS_OF = "SELECT kid FROM signing_key WHERE realm = $1";
    EVENTS_OF = "SELECT id FROM event WHERE realm = $1";
}

async fn realms_share_nothing(bed: Bed) {
    let node = bed.node().await;
    let acme = realms::create(&node, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    let main = node.first();
    assert_eq!(acme.issuer(), "https://login.example.org/realms/acme");
    clients::create(&main, web("app"), clients::Secret::Generate, "test")
        .await
        .unwrap();
    assert!(acme.client("app").await.unwrap().is_none());
    assert_ne!(acme.mac("x", b"y"), main.mac("x", b"y"));
    assert_eq!(acme.unseal("x", &main.seal("x", b"y")), None);
    let (a, b) = (
        acme.keys().jwks().await.unwrap(),
        main.keys().jwks().await.unwrap(),
    );
    assert_ne!(a.keys[0].kid(), b.keys[0].kid());
}

async fn a_realm_made_on_one_node_is_there_on_the_others_at_once(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    assert!(b.realm("acme").await.unwrap().is_none());
    realms::create(&a, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    assert!(b.realm("acme").await.unwrap().is_some());
    assert!(b.realm("no such/realm").await.unwrap().is_none());
    let names: Vec<String> = realms::list(&b, "", 10)
        .await
        .unwrap()
        .into_iter()
        .map(|r| r.name)
        .collect();
    assert_eq!(names, ["acme", "main"]);
}

async fn settings_reach_the_other_nodes_and_old_ones_are_not_written_back(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let settings = Settings {
        display_name: "Acme".to_owned(),
        profile: Profile::OpenId,
        lifetimes: Lifetimes {
            access_token: 60,
            ..Lifetimes::default()
        },
        ..Settings::default()
    };
    let version = realms::find(&a, "main").await.unwrap().unwrap().version;
    realms::update_settings(&a.first(), settings.clone(), version, "test")
        .await
        .unwrap();
    assert_eq!(*a.first().settings(), settings);
    assert_ne!(*b.first().settings(), settings);
    b.sync().await.unwrap();
    assert_eq!(*b.first().settings(), settings);

    let stale = realms::update_settings(&b.first(), Settings::default(), version, "test").await;
    assert!(matches!(stale.unwrap_err(), Error::Conflict { .. }));
    let wrong = Settings {
        display_name: " ".to_owned(),
        ..Settings::default()
    };
    let refusal = realms::update_settings(&b.first(), wrong, version + 1, "test")
        .await
        .unwrap_err();
    assert!(matches!(refusal, Error::Invalid(invalid) if invalid.field == "display_name"));
}

async fn a_removed_realm_is_gone_everywhere_with_its_rows(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let acme = realms::create(&a, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    clients::create(&acme, web("app"), clients::Secret::Generate, "test")
        .await
        .unwrap();
    // More rows than one step deletes.
    for _ in 0..11 {
        let mut batch = db::Batch::new();
        for _ in 0..100 {
            acme.record(&mut batch, realm::Event::new("something.happened"));
        }
        acme.commit(batch).await.unwrap();
    }
    let held = b.realm("acme").await.unwrap().unwrap();
    realms::delete(&a, "acme", "test").await.unwrap();
    assert!(a.realm("acme").await.unwrap().is_none());
    b.sync().await.unwrap();
    assert!(b.realm("acme").await.unwrap().is_none());
    assert!(rows(&a, &CLIENTS_OF, params!["acme"]).await.is_empty());
    assert!(rows(&a, &KEYS_OF, params!["acme"]).await.is_empty());
    assert!(rows(&a, &EVENTS_OF, params!["acme"]).await.is_empty());

    // A new one of the same name is another one, even while somebody holds the old one.
    let again = realms::create(&b, "acme", None, Settings::default(), "test")
        .await
        .unwrap();
    assert_ne!(again.mac("x", b"y"), held.mac("x", b"y"));
    assert!(again.client("app").await.unwrap().is_none());
    let mut batch = db::Batch::new();
    again.announce(&mut batch, Kind::CLIENT, "app");
    again.commit(batch).await.unwrap();

    assert!(matches!(
        realms::delete(&a, "main", "test").await.unwrap_err(),
        Error::Invalid(_)
    ));
    assert!(matches!(
        realms::delete(&a, "none", "test").await.unwrap_err(),
        Error::NotFound { .. }
    ));
}

async fn names_and_issuers_are_checked_and_unique(bed: Bed) {
    let node = bed.node().await;
    let make = |name: &'static str, issuer: Option<&'static str>| {
        let node = node.clone();
        async move { realms::create(&node, name, issuer, Settings::default(), "test").await }
    };
    assert!(
        matches!(make("Acme", None).await.unwrap_err(), Error::Invalid(i) if i.field == "name")
    );
    let wrong = make("acme", Some("https://x?y")).await.unwrap_err();
    assert!(matches!(wrong, Error::Invalid(i) if i.field == "issuer"));
    make("acme", Some("https://acme.example")).await.unwrap();
    assert_eq!(node.realm("acme").await.unwrap().unwrap().path(), "");
    assert!(matches!(
        make("acme", None).await.unwrap_err(),
        Error::Exists { .. }
    ));
    assert!(matches!(
        make("other", Some("https://acme.example"))
            .await
            .unwrap_err(),
        Error::Exists { .. }
    ));
}
