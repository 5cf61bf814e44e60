use db::params;
use realm::resources::{self};
use realm::{Client, Error, Grantable, PersonFacts, Resource, ScopeDefinition};

use crate::bed::{Bed, run, web};

on_both_engines!(
    a_resource_is_in_the_catalogue_of_every_node,
    a_scope_has_one_owner_however_two_requests_race,
    a_scope_that_is_given_up_may_be_taken,
    of_two_changes_the_later_is_refused,
    an_expression_that_is_no_rule_is_not_registered,
    what_a_newer_version_wrote_grants_nothing_that_is_not_understood,
);

db::statements! {
    REWRITE = "UPDATE resource SET document = $2 WHERE id = $1";
}

fn api(id: &str, scopes: &[(&str, Grantable)]) -> Resource {
    let scope = |(name, grantable): &(&str, Grantable)| ScopeDefinition {
        name: (*name).to_owned(),
        description: format!("Do {name}"),
        grantable: grantable.clone(),
        claims: Vec::new(),
    };
    Resource {
        id: id.to_owned(),
        name: "An API".to_owned(),
        scopes: scopes.iter().map(scope).collect(),
        ..Resource::default()
    }
}

async fn a_resource_is_in_the_catalogue_of_every_node(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    assert!(
        b.first()
            .catalogue()
            .await
            .unwrap()
            .describe("read")
            .is_none()
    );
    let rule = Grantable::Expression("'staff' in person.groups && client.id == 'app'".to_owned());
    let notes = api(
        "urn:notes",
        &[("read", Grantable::Everyone), ("write", rule)],
    );
    let made = resources::create(&a.first(), notes, "test").await.unwrap();
    assert_eq!(
        a.first().catalogue().await.unwrap().describe("read"),
        Some("Do read")
    );
    b.sync().await.unwrap();
    let catalogue = b.first().catalogue().await.unwrap();
    let person = PersonFacts {
        groups: vec!["staff".to_owned()],
        ..PersonFacts::default()
    };
    let all = "read write".parse().unwrap();
    assert_eq!(catalogue.grantable(&all, Some(&person), &web("app")), all);
    assert_eq!(
        catalogue
            .grantable(&all, Some(&person), &web("other"))
            .to_string(),
        "read"
    );

    let less = Resource {
        scopes: made.scopes[..1].to_vec(),
        ..made
    };
    resources::update(&b.first(), less, "test").await.unwrap();
    a.sync().await.unwrap();
    assert!(
        a.first()
            .catalogue()
            .await
            .unwrap()
            .owner_of("write")
            .is_none()
    );
    resources::delete(&a.first(), "urn:notes", "test")
        .await
        .unwrap();
    b.sync().await.unwrap();
    assert!(
        b.first()
            .catalogue()
            .await
            .unwrap()
            .resource("urn:notes")
            .is_none()
    );
}

async fn a_scope_has_one_owner_however_two_requests_race(bed: Bed) {
    let (a, b) = (bed.node().await, bed.node().await);
    let (a, b) = (a.first(), b.first());
    let scopes = [("read", Grantable::Everyone)];
    let (one, two) = tokio::join!(
        resources::create(&a, api("urn:one", &scopes), "test"),
        resources::create(&b, api("urn:two", &scopes), "test"),
    );
    assert_eq!(
        [&one, &two].iter().filter(|result| result.is_ok()).count(),
        1
    );
    let refusal = if one.is_err() { one } else { two }
        .unwrap_err()
        .to_string();
    assert!(
        refusal.starts_with("scopes: `read` belongs to the resource urn:"),
        "{refusal}"
    );
    assert_eq!(resources::list(&a).await.unwrap().len(), 1);
}

async fn a_scope_that_is_given_up_may_be_taken(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let scopes = [("read", Grantable::Everyone)];
    let made = resources::create(&realm, api("urn:one", &scopes), "test")
        .await
        .unwrap();
    let client = Client {
        scope: "read".parse().unwrap(),
        ..web("app")
    };
    realm::clients::create(&realm, client, realm::clients::Secret::None, "test")
        .await
        .unwrap();
    resources::update(
        &realm,
        Resource {
            scopes: Vec::new(),
            ..made
        },
        "test",
    )
    .await
    .unwrap();
    resources::create(&realm, api("urn:two", &scopes), "test")
        .await
        .unwrap();
    let again = resources::create(&realm, api("urn:two", &[]), "test")
        .await
        .unwrap_err();
    assert!(matches!(again, Error::Exists { .. }));
}

async fn of_two_changes_the_later_is_refused(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    let made = resources::create(&realm, api("urn:one", &[]), "test")
        .await
        .unwrap();
    let changed = resources::update(&realm, made.clone(), "test")
        .await
        .unwrap();
    assert_eq!(changed.version, 2);
    let stale = resources::update(&realm, made, "test").await.unwrap_err();
    assert!(matches!(stale, Error::Conflict { .. }));
    let gone = resources::update(&realm, api("urn:none", &[]), "test")
        .await
        .unwrap_err();
    assert!(matches!(gone, Error::NotFound { .. }));
}

async fn an_expression_that_is_no_rule_is_not_registered(bed: Bed) {
    let node = bed.node().await;
    for (source, reason) in [
        ("person.groups", "not a bool"),
        ("person.age > 17", "no `age`"),
        ("(", "compile"),
    ] {
        let rule = Grantable::Expression(source.to_owned());
        let refusal =
            resources::create(&node.first(), api("urn:one", &[("read", rule)]), "test").await;
        let refusal = refusal.unwrap_err().to_string();
        assert!(
            refusal.starts_with("scopes: `read`: ") && refusal.contains(reason),
            "{refusal}"
        );
    }
}

async fn what_a_newer_version_wrote_grants_nothing_that_is_not_understood(bed: Bed) {
    let node = bed.node().await;
    let realm = node.first();
    for id in ["urn:a", "urn:b"] {
        let scope = id.replace("urn:", "read.");
        let scopes = [(scope.as_str(), Grantable::Everyone)];
        resources::create(&realm, api(id, &scopes), "test")
            .await
            .unwrap();
    }
    let a = r#"{"name":"A","newer":1,"scopes":[{"name":"read.a","description":"Do it","newer":1},
        {"name":"write.a","description":"Do it","grantable":{"moon_phase":"full"}},{"name":"delete.a","description":"Do it","grantable":"nobody"}]}"#;
    run(&node, &REWRITE, params!["urn:a", a]).await;
    run(
        &node,
        &REWRITE,
        params!["urn:b", r#"{"name":"B","token_format":"cwt"}"#],
    )
    .await;
    // A node that starts now reads it so.
    let node = bed.node().await;
    let catalogue = node.first().catalogue().await.unwrap();
    let client = Client {
        scope: "read.a write.a delete.a".parse().unwrap(),
        ..web("app")
    };
    let all = client.scope.clone();
    let person = PersonFacts::default();
    let granted = catalogue.grantable(&all, Some(&person), &client);
    assert_eq!(granted.to_string(), "read.a");
    // Nobody here can make the tokens it asks for.
    assert!(catalogue.resource("urn:b").is_none());
    let read = resources::find(&node.first(), "urn:a")
        .await
        .unwrap()
        .unwrap();
    let written = resources::update(&node.first(), read, "test").await;
    assert!(matches!(written, Err(Error::Stored { .. })), "{written:?}");
}
