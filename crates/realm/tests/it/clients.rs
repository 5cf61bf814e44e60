use db::params;
use realm::clients::{self, Secret, SecretChange};
use realm::{Client, Error, GrantType, Mark, events};

use crate::bed::{Bed, rows, run, web};

on_both_engines!(
    a_secret_fits_its_own_client_only_and_is_not_stored,
    a_change_is_seen_here_at_once_and_elsewhere_after_the_next_look,
    a_new_client_is_there_on_every_node_at_once,
    of_two_changes_the_later_is_refused,
    the_secret_is_kept_replaced_or_removed,
    a_removed_client_is_gone_and_its_tokens_are_void,
    a_disabled_client_loses_its_tokens,
    what_breaks_a_rule_is_refused_by_name,
    lists_come_in_pages,
    what_happens_is_written_down,
    what_a_newer_version_wrote_is_read_as_far_as_it_is_known,
);

db::statements! {
    REWRITE = "UPDATE client SET document = $2 WHERE id = $1";
    STORED = "SELECT document, secret_hash FROM client WHERE id = $1";
    MOVE_HASH = "UPDATE client SET secret_hash = (SELECT secret_hash FROM client WHERE id = $2) WHERE id = $1";
}

async fn a_secret_fits_its_own_client_only_and_is_not_stored(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = clients::create(&realm, web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    let secret = made.secret.unwrap();
    assert!(secret.starts_with("gsec_") && secret.len() == 48);
    let given = Secret::Given("another-secret".to_owned());
    let other = clients::create(&realm, web("other"), given, "test")
        .await
        .unwrap();
    assert_eq!(other.secret.as_deref(), Some("another-secret"));

    let client = realm.client("app").await.unwrap().unwrap();
    assert!(client.verify_secret(&realm, &secret));
    for wrong in ["", "another-secret", &secret[1..], &format!("{secret} ")] {
        assert!(!client.verify_secret(&realm, wrong));
    }
    let row = &rows(&node, &STORED, params!["app"]).await[0];
    assert!(!row.text(0).contains(&secret) && !row.text(1).contains(&secret[5..]));
    // A hash moved to another row opens nothing.
    run(&node, &MOVE_HASH, params!["app", "other"]).await;
    let moved = clients::find(&realm, "app").await.unwrap().unwrap();
    assert!(!moved.verify_secret(&realm, "another-secret"));
    let public = clients::create(&realm, web("public"), Secret::None, "test")
        .await
        .unwrap()
        .client;
    assert!(public.is_public() && !public.verify_secret(&realm, ""));
}

async fn a_change_is_seen_here_at_once_and_elsewhere_after_the_next_look(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let made = clients::create(&a.first(), web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    let name = async |node: &realm::Node| {
        node.first()
            .client("app")
            .await
            .unwrap()
            .unwrap()
            .name
            .clone()
    };
    assert_eq!(name(&b).await, "A web application");
    let change = Client {
        name: "New name".to_owned(),
        ..made.client
    };
    clients::update(&a.first(), change, SecretChange::Keep, "test")
        .await
        .unwrap();
    assert_eq!(name(&a).await, "New name");
    assert_eq!(name(&b).await, "A web application");
    b.sync().await.unwrap();
    assert_eq!(name(&b).await, "New name");
}

async fn a_new_client_is_there_on_every_node_at_once(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    assert!(b.first().client("app").await.unwrap().is_none());
    clients::create(&a.first(), web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    assert!(b.first().client("app").await.unwrap().is_some());
    let again = clients::create(&b.first(), web("app"), Secret::None, "test").await;
    assert!(matches!(
        again.unwrap_err(),
        Error::Exists { what: "client", .. }
    ));
    let unnamed = clients::create(&b.first(), web(""), Secret::None, "test")
        .await
        .unwrap();
    assert_eq!(unnamed.client.id.len(), 36);
}

async fn of_two_changes_the_later_is_refused(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = clients::create(&realm, web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    let one = Client {
        name: "one".to_owned(),
        ..made.client.clone()
    };
    let two = Client {
        name: "two".to_owned(),
        ..made.client
    };
    let (one, two) = tokio::join!(
        clients::update(&realm, one, SecretChange::Keep, "test"),
        clients::update(&realm, two, SecretChange::Keep, "test"),
    );
    assert_eq!(
        [&one, &two].iter().filter(|result| result.is_ok()).count(),
        1
    );
    let refusal = if one.is_err() { one } else { two }.unwrap_err();
    assert!(matches!(refusal, Error::Conflict { .. }), "{refusal}");
    let gone = clients::update(&realm, web("none"), SecretChange::Keep, "test").await;
    assert!(matches!(gone.unwrap_err(), Error::NotFound { .. }));
}

async fn the_secret_is_kept_replaced_or_removed(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let first = clients::create(&realm, web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    let old = first.secret.unwrap();
    // As it comes from a document, which does not hold the secret.
    let text = serde_json::to_string(&first.client).unwrap();
    let mut plain: Client = serde_json::from_str(&text).unwrap();
    plain.version = first.client.version;
    let kept = clients::update(&realm, plain, SecretChange::Keep, "test")
        .await
        .unwrap();
    assert!(
        realm
            .client("app")
            .await
            .unwrap()
            .unwrap()
            .verify_secret(&realm, &old)
    );
    let new = clients::update(&realm, kept.client, SecretChange::Generate, "test")
        .await
        .unwrap();
    let client = realm.client("app").await.unwrap().unwrap();
    assert!(
        client.verify_secret(&realm, &new.secret.unwrap()) && !client.verify_secret(&realm, &old)
    );
    let public = clients::update(&realm, new.client, SecretChange::Remove, "test")
        .await
        .unwrap();
    assert!(public.client.is_public());
    let weak = SecretChange::Given("short".to_owned());
    let refusal = clients::update(&realm, public.client, weak, "test")
        .await
        .unwrap_err();
    assert!(matches!(refusal, Error::Invalid(invalid) if invalid.field == "client_secret"));
}

async fn a_removed_client_is_gone_and_its_tokens_are_void(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    clients::create(&a.first(), web("app"), Secret::Generate, "test")
        .await
        .unwrap();
    assert!(b.first().client("app").await.unwrap().is_some());
    let issued = a.first().now();
    clients::delete(&a.first(), "app", "test").await.unwrap();
    b.sync().await.unwrap();
    for node in [&a, &b] {
        assert!(node.first().client("app").await.unwrap().is_none());
        let mark = Mark::Client("app");
        assert!(node.first().revocations().is_revoked(mark, issued));
        assert!(!node.first().revocations().is_revoked(mark, issued + 1));
    }
    let again = clients::delete(&a.first(), "app", "test").await;
    assert!(matches!(again.unwrap_err(), Error::NotFound { .. }));
}

async fn what_breaks_a_rule_is_refused_by_name(bed: Bed) {
    let node = bed.node().await;
    let client = Client {
        scope: "openid notes.read".parse().unwrap(),
        ..web("app")
    };
    let refusal = clients::create(&node.first(), client, Secret::None, "test")
        .await
        .unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "scope: there is no scope `notes.read`; make a resource that has it first"
    );
    let client = Client {
        grant_types: vec![GrantType::ClientCredentials],
        response_types: vec![],
        ..web("app")
    };
    let refusal = clients::create(&node.first(), client, Secret::None, "test")
        .await
        .unwrap_err();
    assert!(
        refusal.to_string().starts_with("grant_types: "),
        "{refusal}"
    );
    assert!(node.first().client("app").await.unwrap().is_none());
}

async fn lists_come_in_pages(bed: Bed) {
    let node = bed.node().await;
    for id in ["c", "a", "B", "d"] {
        clients::create(&node.first(), web(id), Secret::None, "test")
            .await
            .unwrap();
    }
    let ids = async |after: &str| -> Vec<String> {
        let page = clients::list(&node.first(), after, 2).await.unwrap();
        page.into_iter().map(|client| client.id).collect()
    };
    assert_eq!(ids("").await, ["B", "a"]);
    assert_eq!(ids("a").await, ["c", "d"]);
    assert!(ids("d").await.is_empty());
}

async fn what_happens_is_written_down(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = clients::create(&realm, web("app"), Secret::Generate, "alice")
        .await
        .unwrap();
    bed.advance(1);
    clients::delete(&realm, "app", "bob").await.unwrap();
    let all = events::list(&realm, "", 2).await.unwrap();
    let seen: Vec<_> = all
        .iter()
        .map(|e| {
            (
                e.event.kind.as_str(),
                e.event.client.as_deref(),
                e.event.actor.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("client.deleted", Some("app"), Some("bob")),
            ("client.created", Some("app"), Some("alice")),
        ]
    );
    let older = events::list(&realm, &all[1].id, 10).await.unwrap();
    assert_eq!(older.last().unwrap().event.kind, "realm.created");
    let text = format!("{all:?}{older:?}{made:?}");
    assert!(!text.contains(&made.secret.unwrap()));
}

async fn a_disabled_client_loses_its_tokens(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = clients::create(&realm, web("app"), Secret::Generate, "test").await;
    let disabled = Client {
        disabled: true,
        ..made.unwrap().client
    };
    clients::update(&realm, disabled, SecretChange::Keep, "test")
        .await
        .unwrap();
    let mark = Mark::Client("app");
    assert!(realm.client("app").await.unwrap().unwrap().disabled);
    assert!(realm.revocations().is_revoked(mark, realm.now()));
}

async fn what_a_newer_version_wrote_is_read_as_far_as_it_is_known(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    for id in ["grants", "method", "resource"] {
        let secret = Secret::Given("a-good-secret".to_owned());
        clients::create(&realm, web(id), secret, "test")
            .await
            .unwrap();
    }
    let document = r#"{"client_name":"New","redirect_uris":["https://app.example/callback"],
        "grant_types":["urn:example:new","authorization_code"],"response_types":["none","code"],"lifetimes":{"new":1,"id_token":60},"newer":{"a":1}}"#;
    run(&node, &REWRITE, params!["grants", document]).await;
    let read = clients::find(&realm, "grants").await.unwrap().unwrap();
    assert_eq!(read.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(
        (read.name.as_str(), read.lifetimes.id_token),
        ("New", Some(60))
    );
    assert!(!read.disabled && !read.response_types.is_empty());
    // To write it back would lose what the newer version wrote.
    let written = clients::update(&realm, read, SecretChange::Keep, "test").await;
    assert!(matches!(written, Err(Error::Stored { .. })), "{written:?}");

    // A client that has to prove itself in a way this version cannot check is refused, not let in without.
    for (member, value) in [
        ("token_endpoint_auth_method", "tls_client_auth_of_tomorrow"),
        ("id_token_signed_response_alg", "XX999"),
        ("profile", "fapi9"),
    ] {
        let document =
            format!(r#"{{"redirect_uris":["https://app.example/callback"],"{member}":"{value}"}}"#);
        run(&node, &REWRITE, params!["method", document]).await;
        let read = clients::find(&realm, "method").await.unwrap().unwrap();
        assert!(read.disabled, "{member}");
    }
    assert_eq!(clients::list(&realm, "", 10).await.unwrap().len(), 3);
    // What is damaged is an error still.
    run(&node, &REWRITE, params!["method", r#"{"scope":7}"#]).await;
    assert!(clients::find(&realm, "method").await.is_err());
}
