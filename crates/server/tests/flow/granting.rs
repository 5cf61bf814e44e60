//! Properties of the rules that every grant shares, against the realm's own catalogue.

use oauth::Scope;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use server::granting::rules::{
    Asked, Granted, Part, Terms, is_identity_scope, left, target, terms,
};

use crate::House;

const WORDS: [&str; 8] = [
    "openid",
    "profile",
    "offline_access",
    "notes.read",
    "notes.write",
    "notes.admin",
    "vault.open",
    "unheard.of",
];

/// Whatever is asked for, nothing is granted that was not asked for, nothing that the client or the rule does not allow, and a token never holds a
/// scope of a resource that it is not for.
#[test]
fn nothing_is_granted_beyond_what_was_asked_and_allowed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (house, catalogue, clients) = runtime.block_on(async {
        let house = House::new().await;
        let catalogue = house.realm.catalogue().await.unwrap();
        let mut clients = Vec::new();
        for id in ["web", "cli", "service"] {
            clients.push(house.realm.client(id).await.unwrap().unwrap());
        }
        (house, catalogue, clients)
    });
    let words = proptest::sample::subsequence(WORDS.to_vec(), 0..=WORDS.len());
    let resources = proptest::sample::subsequence(
        vec![
            "urn:demo:notes".to_owned(),
            "https://vault.example".to_owned(),
        ],
        0..=2,
    );
    let input = (
        words,
        resources.clone(),
        resources,
        0..3usize,
        any::<bool>(),
    );
    let mut runner = TestRunner::new(Config::with_cases(2000));
    runner
        .run(&input, |(words, named, later, client, with_person)| {
            let client = &clients[client];
            let scope = Scope::of(words).unwrap();
            let person = with_person.then(|| realm::PersonFacts {
                groups: vec!["staff".to_owned()],
                ..realm::PersonFacts::default()
            });
            let asked = Asked {
                scope: Some(&scope),
                resources: &named,
                details: None,
                person: if with_person {
                    Part::Asked
                } else {
                    Part::Absent
                },
            };
            let Ok(terms) = terms(&asked, client, &catalogue) else {
                return Ok(());
            };
            // An API that is named to a person beside nothing of its own stands for what the client may have of it.
            let silent = with_person && !named.is_empty() && scope.iter().all(is_identity_scope);
            prop_assert!(terms.scope.is_subset(&scope) || silent);
            prop_assert!(named.is_empty() || terms.resources == named);
            let granted = left(&terms, None, person.as_ref(), (client, &catalogue));
            let Ok(Terms {
                scope: granted,
                resources,
            }) = granted
            else {
                return Ok(());
            };
            prop_assert!(resources.iter().all(|id| terms.resources.contains(id)));
            prop_assert!(granted.is_subset(&terms.scope));
            prop_assert!(!granted.contains("notes.admin") && !granted.contains("unheard.of"));
            prop_assert!(with_person || !granted.contains("notes.write"));
            prop_assert!(client.scope.is_empty() || granted.is_subset(&client.scope));
            let drawn = Granted {
                scope: &granted,
                resources: &resources,
                named: &later,
            };
            let lifetimes = realm::Lifetimes::default();
            let Ok(target) = target(&drawn, house.realm.issuer(), &catalogue, &lifetimes) else {
                return Ok(());
            };
            prop_assert!(target.scope.is_subset(&granted));
            prop_assert!(!target.audience.is_empty());
            let is_for = |id: &str| target.audience.iter().any(|audience| audience == id);
            prop_assert_eq!(
                target.scope.contains("openid"),
                target.scope.contains("openid") && is_for(house.realm.issuer())
            );
            for (prefix, id) in [
                ("notes.", "urn:demo:notes"),
                ("vault.", "https://vault.example"),
            ] {
                prop_assert!(
                    is_for(id) || !target.scope.iter().any(|token| token.starts_with(prefix))
                );
                prop_assert!(!is_for(id) || granted.iter().any(|token| token.starts_with(prefix)));
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    let house = House::new().await;
    house.realm.db().check(&server::statements()).await.unwrap();
}
