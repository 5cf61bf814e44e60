#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use std::collections::BTreeMap;

use oauth::token_exchange::{HandedIn, MOST_ACTORS, TokenType};
use proptest::prelude::*;
use realm::clients::ExchangePolicy;
use realm::{Resource, ScopeDefinition};
use serde_json::json;

use super::*;

const ISSUER: &str = "https://as.example";
/// Two APIs with three scopes each.
const SCOPES: [&str; 6] = ["a1", "a2", "a3", "b1", "b2", "b3"];
const APIS: [&str; 2] = ["urn:a", "urn:b"];

fn catalogue() -> Catalogue {
    let api = |id: &str, letter: &str| Resource {
        id: id.to_owned(),
        scopes: SCOPES
            .iter()
            .filter(|name| name.starts_with(letter))
            .map(|name| ScopeDefinition {
                name: (*name).to_owned(),
                description: (*name).to_owned(),
                grantable: realm::Grantable::Everyone,
                claims: Vec::new(),
            })
            .collect(),
        ..Resource::default()
    };
    Catalogue::of(vec![api(APIS[0], "a"), api(APIS[1], "b")])
}

fn client(policy: ExchangePolicy) -> Client {
    Client {
        id: "service".into(),
        introspects: vec![APIS[0].into()],
        token_exchange: policy,
        ..Client::default()
    }
}

fn subject(scope: Scope) -> Presented {
    Presented {
        sub: "alice".into(),
        issuer: ISSUER.into(),
        is_person: true,
        client: Some("app".into()),
        audience: vec![APIS[0].into()],
        scope,
        expires_at: 100,
        ..Presented::default()
    }
}

fn request(scope: Option<Scope>, resource: Vec<String>) -> TokenExchange {
    let subject = HandedIn {
        token: String::new(),
        kind: TokenType::AccessToken,
    };
    TokenExchange {
        subject,
        actor: None,
        requested: TokenType::AccessToken,
        scope,
        resource,
        audience: Vec::new(),
        authorization_details: None,
    }
}

fn scopes() -> impl Strategy<Value = Scope> {
    let subset = proptest::sample::subsequence(SCOPES.to_vec(), 0..=SCOPES.len());
    subset.prop_map(|names| Scope::of(names).unwrap())
}

fn policies() -> impl Strategy<Value = BTreeMap<String, Vec<String>>> {
    let name = || proptest::sample::select(SCOPES.to_vec()).prop_map(str::to_owned);
    proptest::collection::btree_map(name(), proptest::collection::vec(name(), 1..3), 0..4)
}

proptest! {
    /// Whatever is asked for: each scope is one that the subject's token carries, or one that the operator gives for one that it carries, and it belongs to an
    /// API in the audience; and no API is in the audience for nothing.
    #[test]
    fn scope_never_widens(
        carried in scopes(),
        asked in proptest::option::of(scopes()),
        named in proptest::sample::subsequence(APIS.to_vec(), 0..=2),
        given in policies(),
    ) {
        let client = client(ExchangePolicy { scopes: given.clone(), ..ExchangePolicy::default() });
        let subject = subject(carried.clone());
        let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
        let request = request(asked.clone(), named.clone());
        let Ok(terms) = terms(&client, &subject, &request, &catalogue()) else {
            return Ok(());
        };
        for token in terms.scope.iter() {
            let traded = given.get(token).is_some_and(|any| any.iter().any(|one| carried.contains(one)));
            prop_assert!(carried.contains(token) || traded, "{token}");
            let owner = if token.starts_with('a') { APIS[0] } else { APIS[1] };
            prop_assert!(terms.resources.iter().any(|id| id == owner));
        }
        for id in &terms.resources {
            let letter = &id[4..];
            let scoped = terms.scope.iter().any(|token| token.starts_with(letter));
            prop_assert!(scoped || subject.audience.contains(id), "{id}");
        }
        if let Some(asked) = asked {
            prop_assert_eq!(&terms.scope, &asked, "all of it or nothing");
        }
        if !named.is_empty() {
            prop_assert_eq!(&terms.resources, &named);
        }
    }

    /// However often a token is handed on, by whom, with an actor or without, and whatever the policies: each chain ends with the one before it, whole, the token
    /// remembers all that it came from, and it ends no later.
    #[test]
    fn act_chains_are_never_shortened(steps in proptest::collection::vec(("[a-c]", any::<bool>(), proptest::option::of("[d-f]"), 1..200_i64), 1..14)) {
        let mut presented = subject("a1".parse().unwrap());
        for (index, (id, impersonation, actor, lives)) in steps.into_iter().enumerate() {
            let mut client = client(ExchangePolicy { impersonation, ..ExchangePolicy::default() });
            client.id = id.clone();
            let actor = actor.map(|sub| Presented {
                sub,
                client: Some(id.clone()),
                expires_at: lives,
                origins: vec![Origin { iat: 1000 + index as i64, ..Origin::default() }],
                ..Presented::default()
            });
            let admitted = match admit(&client, &presented, actor.as_ref(), ISSUER, None) {
                Ok(admitted) => admitted,
                Err(reason) => {
                    prop_assert_eq!(reason, Reason::TooManyActors);
                    let full = presented.actors.as_slice().len() == MOST_ACTORS;
                    let long = presented.origins.len() + actor.map_or(0, |_| 1) > MOST_ORIGINS;
                    prop_assert!(full || long);
                    return Ok(());
                }
            };
            let (before, after) = (presented.actors.as_slice(), admitted.actors.as_slice());
            prop_assert!(after.ends_with(before));
            prop_assert!(after.len() <= before.len() + 1);
            if let Some(actor) = &actor {
                prop_assert_eq!(after[0].sub.as_ref(), Some(&actor.sub));
            }
            prop_assert!(admitted.expires_at <= presented.expires_at);
            for origin in &presented.origins {
                prop_assert!(admitted.origins.contains(origin));
            }
            presented = Presented {
                client: Some(id),
                actors: admitted.actors,
                expires_at: admitted.expires_at,
                origins: admitted.origins,
                ..presented
            };
            presented.origins.insert(0, Origin { iat: index as i64, ..Origin::default() });
        }
    }
}

#[test]
fn may_act_names_the_actor_and_not_the_client_behind_it() {
    let own = client(ExchangePolicy::default());
    let subject = Presented {
        may_act: Some(json!({"sub": "support"})),
        ..subject("a1".parse().unwrap())
    };
    let actor = |sub: &str| Presented {
        sub: sub.into(),
        client: Some("service".into()),
        expires_at: 100,
        ..Presented::default()
    };
    let outcome = |actor: Option<&Presented>| admit(&own, &subject, actor, ISSUER, None);
    assert_eq!(outcome(None).unwrap_err(), Reason::ActorNotAllowed);
    assert_eq!(
        outcome(Some(&actor("else"))).unwrap_err(),
        Reason::ActorNotAllowed
    );
    let admitted = outcome(Some(&actor("support"))).unwrap();
    assert_eq!(admitted.actors.to_claim(), Some(json!({"sub": "support"})));
}
