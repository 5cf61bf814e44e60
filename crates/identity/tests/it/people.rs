use db::Engine;
use identity::people::{self, rules::Invalid};
use identity::{Details, Error, Profile};
use oauth::Scope;

use crate::browser::World;

on_both_engines!(
    a_user_name_belongs_to_one_person_however_it_is_written,
    details_are_changed_from_the_version_that_was_read,
    people_are_listed_in_pages,
    what_is_not_there_is_not_found,
    claims_follow_the_scope,
);

fn named(username: &str) -> Details {
    Details {
        username: username.to_owned(),
        ..Details::default()
    }
}

async fn a_user_name_belongs_to_one_person_however_it_is_written(engine: Engine) {
    let world = World::new(engine).await;
    let alice = people::create(&world.realm, named("Zoë"), None, None)
        .await
        .unwrap();
    for same in ["zoë", "ZOË", "zoe\u{308}"] {
        let taken = people::create(&world.realm, named(same), None, None).await;
        assert!(matches!(taken, Err(Error::UsernameTaken)), "{same}");
        let found = people::find_by_username(&world.realm, same)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found, alice);
    }
    for bad in ["", "a b", "a\0b"] {
        let refused = people::create(&world.realm, named(bad), None, None).await;
        assert!(
            matches!(refused, Err(Error::Invalid(Invalid::Username))),
            "{bad:?}"
        );
        assert!(
            people::find_by_username(&world.realm, bad)
                .await
                .unwrap()
                .is_none()
        );
    }
    assert_eq!(world.events("person.created").await, 1);
}

async fn details_are_changed_from_the_version_that_was_read(engine: Engine) {
    let world = World::new(engine).await;
    let alice = people::create(&world.realm, named("alice"), None, None)
        .await
        .unwrap();
    people::create(&world.realm, named("bob"), None, None)
        .await
        .unwrap();
    world.ambient.clock.advance(10);
    let details = Details {
        email: Some(" alice@example.com ".to_owned()),
        email_verified: true,
        display_name: "Alice".to_owned(),
        groups: vec!["staff".to_owned()],
        ..Details::from(&alice)
    };
    let changed = people::update(
        &world.realm,
        &alice.id,
        alice.version,
        details.clone(),
        None,
    )
    .await
    .unwrap();
    assert_eq!(changed.email.as_deref(), Some("alice@example.com"));
    assert_eq!(
        (changed.version, changed.updated_at),
        (2, alice.updated_at + 10)
    );
    assert_eq!(changed.groups, ["staff"]);
    let late = people::update(&world.realm, &alice.id, alice.version, details, None).await;
    assert!(matches!(late, Err(Error::Changed)));
    let taken = people::update(&world.realm, &alice.id, changed.version, named("BOB"), None).await;
    assert!(matches!(taken, Err(Error::UsernameTaken)));
}

async fn people_are_listed_in_pages(engine: Engine) {
    let world = World::new(engine).await;
    for name in ["d", "B", "a", "c", "é"] {
        people::create(&world.realm, named(name), None, None)
            .await
            .unwrap();
    }
    let mut names = Vec::new();
    let mut after = None;
    let mut pages = 0;
    loop {
        let page = people::list(&world.realm, after.as_deref(), 2)
            .await
            .unwrap();
        assert!(page.people.len() <= 2);
        names.extend(page.people.into_iter().map(|person| person.username));
        pages += 1;
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((names.join(" ").as_str(), pages), ("a B c d é", 3));
}

async fn what_is_not_there_is_not_found(engine: Engine) {
    let world = World::new(engine).await;
    assert!(
        people::find(&world.realm, "nobody")
            .await
            .unwrap()
            .is_none()
    );
    assert!(people::find(&world.realm, "\0").await.unwrap().is_none());
    let hash = world
        .identity
        .hash_password("x", "long enough".into())
        .await
        .unwrap();
    for done in [
        people::disable(&world.realm, "nobody", None).await,
        people::enable(&world.realm, "nobody", None).await,
        people::delete(&world.realm, "nobody", None).await,
        people::sign_out_everywhere(&world.realm, "nobody", None).await,
        people::set_password(&world.realm, "nobody", hash, people::Sessions::End, None).await,
    ] {
        assert!(matches!(done, Err(Error::NotFound)));
    }
    assert_eq!(world.events("person.deleted").await, 0);
}

/// OpenID Connect Core §5.4.
async fn claims_follow_the_scope(engine: Engine) {
    let world = World::new(engine).await;
    let details = Details {
        email: Some("alice@example.com".to_owned()),
        profile: Profile {
            given_name: Some("Alice".to_owned()),
            phone_number: Some("+441234567".to_owned()),
            address: Some(oauth::claims::Address {
                locality: Some("Oxford".to_owned()),
                ..Default::default()
            }),
            ..Profile::default()
        },
        ..named("alice")
    };
    let alice = people::create(&world.realm, details, None, None)
        .await
        .unwrap();
    let alice = people::find(&world.realm, &alice.id)
        .await
        .unwrap()
        .unwrap();
    let claims = |scope: &str| {
        let scope: Scope = scope.parse().unwrap();
        serde_json::to_value(alice.claims(&scope)).unwrap()
    };
    assert_eq!(claims("openid"), serde_json::json!({}));
    assert_eq!(
        claims("openid email"),
        serde_json::json!({ "email": "alice@example.com", "email_verified": false })
    );
    assert_eq!(
        claims("phone address"),
        serde_json::json!({ "phone_number": "+441234567", "phone_number_verified": false, "address": { "locality": "Oxford" } })
    );
    let profile = claims("profile");
    assert_eq!(profile["name"], "alice");
    assert_eq!(profile["preferred_username"], "alice");
    assert_eq!(profile["given_name"], "Alice");
    assert_eq!(profile["updated_at"], alice.updated_at);
    assert!(profile.get("email").is_none());
}
