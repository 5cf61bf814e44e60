//! What a realm says of those right below it, and who may ask what.

use jose::{Algorithm, SigningKey};
use realm::{Realm, Subordinate, subordinates};
use serde_json::{Value, json};

use super::configuration::configuration;
use crate::harness::call::encode;
use crate::harness::foreign::claims_by;
use crate::harness::{Answer, Federation, World};
use crate::on_each_engine;

pub const LEAF: &str = "https://leaf.example";

/// A subordinate with a key of its own, from what is said of it.
pub fn below(id: &str, said: Value) -> Subordinate {
    let mut said = said;
    if said["vouched"]["jwks"].is_null() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let mut public = key.public_jwk().unwrap().to_value();
        public["kid"] = json!(key.kid());
        said["vouched"]["jwks"] = json!({"keys": [public]});
    }
    let standing = said.get("standing").cloned().unwrap_or(json!({}));
    Subordinate {
        id: id.to_owned(),
        standing: serde_json::from_value(standing).unwrap(),
        vouched: serde_json::from_value(said["vouched"].clone()).unwrap(),
        ..Subordinate::default()
    }
}

pub async fn put(realm: &Realm, subordinate: Subordinate) -> Subordinate {
    subordinates::put(realm, subordinate, "test").await.unwrap()
}

pub async fn ask(world: &World, endpoint: &str, pairs: &[(&str, &str)]) -> Answer {
    let path = format!("/{endpoint}?{}", encode(pairs));
    world.get(&path).send().await
}

/// The claims of a JWT of this type that the realm signed with its federation keys.
pub async fn said(world: &World, answer: &Answer, typ: &str) -> Value {
    answer.status(200);
    assert_eq!(answer.header("content-type"), format!("application/{typ}"));
    let header = jsonwebtoken::decode_header(&answer.body).unwrap();
    assert_eq!(header.typ.as_deref(), Some(typ));
    let keys = world.realm().federation_keys().jwks().await.unwrap();
    claims_by(&json!(*keys).to_string(), &answer.body)
}

async fn listed(world: &World, query: &[(&str, &str)]) -> Value {
    let answer = ask(world, "federation_list", query).await;
    answer.status(200).json()
}

on_each_engine! {
    /// §3.3, §8.1.2.
    async fn a_realm_says_what_it_vouches_for(world: World) {
        let policy = json!({"openid_relying_party": {"grant_types": {"subset_of": ["authorization_code"], "somethingnew": 1}}});
        let leaf = below(LEAF, json!({"vouched": {
            "jwks": null, "metadata": {"openid_relying_party": {"client_name": "The leaf"}}, "metadata_policy": policy,
            "metadata_policy_crit": ["somethingnew"], "constraints": {"max_path_length": 0},
        }}));
        put(world.realm(), leaf.clone()).await;
        let claims = said(&world, &ask(&world, "federation_fetch", &[("sub", LEAF)]).await, "entity-statement+jwt").await;
        let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        assert!(iat <= world.now() && exp > world.now() + 3600 && exp <= world.now() + 24 * 3600);
        let source = world.realm().url("/federation_fetch");
        let expected = json!({
            "iss": world.issuer(), "sub": LEAF, "iat": iat, "exp": exp, "jwks": leaf.vouched.jwks, "source_endpoint": source,
            "metadata": {"openid_relying_party": {"client_name": "The leaf"}}, "metadata_policy": policy, "metadata_policy_crit": ["somethingnew"],
            "constraints": {"max_path_length": 0},
        });
        assert_eq!(claims, expected);
        // What is said otherwise is heard at once, everywhere.
        let mut known = subordinates::find(world.realm(), LEAF).await.unwrap().unwrap();
        known.vouched.constraints.clear();
        put(world.realm(), known).await;
        for node in [&world, &world.beside().await] {
            let claims = said(node, &ask(node, "federation_fetch", &[("sub", LEAF)]).await, "entity-statement+jwt").await;
            assert!(claims.get("constraints").is_none(), "{claims}");
        }
    }

    /// §8.1.1, §8.1.2, §8.9.
    async fn who_is_not_below_is_not_told_of(world: World) {
        put(world.realm(), below(LEAF, json!({}))).await;
        let long = format!("https://leaf.example/{}", "x".repeat(10_000));
        for (query, status, code) in [
            ("", 400, "invalid_request"),
            ("sub=", 400, "invalid_request"),
            (&*encode(&[("sub", world.issuer())]), 400, "invalid_request"),
            ("sub=https%3A%2F%2Fleaf.example&sub=https%3A%2F%2Fleaf.example", 400, "invalid_request"),
            ("sub=https%3A%2F%2Fleaf.example%00", 400, "invalid_request"),
            ("sub=%ff", 400, "invalid_request"),
            ("sub=https%3A%2F%2Fother.example", 404, "not_found"),
            ("sub=https%3A%2F%2Fleaf.example%2F", 404, "not_found"),
            ("sub=HTTPS%3A%2F%2Fleaf.example", 404, "not_found"),
            ("sub=leaf", 404, "not_found"),
            (&*encode(&[("sub", &long)]), 404, "not_found"),
        ] {
            let answer = world.get(&format!("/federation_fetch?{query}")).send().await;
            answer.refused(status, code);
        }
        world.get(&format!("/federation_fetch?sub={}", "x".repeat(60_000))).send().await.refused(404, "not_found");
        world.post("/federation_fetch").form(&[("sub", LEAF)]).send().await.status(405);
    }

    /// §5.1.1: a leaf must not have these endpoints; what is announced works.
    async fn only_a_superior_has_the_endpoints_of_one(world: World) {
        let all = ["federation_fetch_endpoint", "federation_list_endpoint", "federation_resolve_endpoint", "federation_historical_keys_endpoint", "federation_trust_mark_endpoint", "federation_trust_mark_list_endpoint", "federation_trust_mark_status_endpoint"];
        let gone = async || for path in ["/federation_fetch?sub=https%3A%2F%2Fleaf.example", "/federation_list"] {
            world.get(path).send().await.status(404);
        };
        gone().await;
        world.get("/.well-known/openid-federation").send().await.status(404);
        // An anchor is above everybody, and trusts nobody.
        put(world.realm(), below(LEAF, json!({}))).await;
        let claims = configuration(&world).await;
        assert!(claims.get("authority_hints").is_none() && claims["metadata"].get("openid_provider").is_none(), "{claims}");
        for name in all {
            let path = format!("/{}", name.strip_suffix("_endpoint").unwrap());
            assert_eq!(claims["metadata"]["federation_entity"][name], json!(world.realm().url(&path)));
        }
        assert_eq!(listed(&world, &[]).await, json!([LEAF]));
        // An intermediate is a provider as well.
        let _it = Federation::new(&world).await;
        let claims = configuration(&world).await;
        assert!(claims["metadata"]["openid_provider"]["client_registration_types_supported"].is_array());
        assert!(claims["metadata"]["federation_entity"]["federation_fetch_endpoint"].is_string());
        subordinates::remove(world.realm(), LEAF, "test").await.unwrap();
        gone().await;
        let entity = configuration(&world).await["metadata"]["federation_entity"].clone();
        assert!(all.iter().all(|name| entity.get(name).is_none()), "{entity}");
    }

    /// §8.2.
    async fn those_below_are_listed_by_what_they_are(world: World) {
        let standing = |standing: Value| json!({"standing": standing});
        let mark = json!({"trust_mark_type": "https://m.example/a", "granted_at": world.now(), "expires_at": world.now() + 100});
        put(world.realm(), below("https://a.example", standing(json!({"entity_types": ["openid_provider", "openid_relying_party"], "trust_marks": [mark]})))).await;
        put(world.realm(), below("https://b.example", standing(json!({"entity_types": ["openid_provider"], "intermediate": true})))).await;
        put(world.realm(), below("https://c.example", json!({}))).await;
        let (a, b, c) = ("https://a.example", "https://b.example", "https://c.example");
        for (query, ids) in [
            (vec![], vec![a, b, c]),
            (vec![("entity_type", "openid_provider")], vec![a, b]),
            (vec![("entity_type", "openid_provider"), ("entity_type", "openid_relying_party")], vec![a]),
            (vec![("entity_type", "nothing")], vec![]),
            (vec![("intermediate", "true")], vec![b]),
            (vec![("trust_marked", "true")], vec![a]),
            (vec![("trust_mark_type", "https://m.example/a")], vec![a]),
            (vec![("trust_mark_type", "https://m.example/b")], vec![]),
        ] {
            assert_eq!(listed(&world, &query).await, json!(ids), "{query:?}");
        }
        for wrong in ["trust_marked=maybe", "intermediate=1", "trust_mark_type=a&trust_mark_type=b", "entity_type=%00"] {
            world.get(&format!("/federation_list?{wrong}")).send().await.refused(400, "invalid_request");
        }
        world.advance(100);
        assert_eq!(listed(&world, &[("trust_marked", "true")]).await, json!([]));
    }

    /// Whoever asks now, asks in vain; another node hears of it within a second, and what it says of one entity it says from the database.
    async fn who_was_taken_away_is_vouched_for_no_longer(world: World) {
        let other = world.beside().await;
        put(world.realm(), below(LEAF, json!({}))).await;
        put(world.realm(), below("https://stays.example", json!({}))).await;
        other.sync().await;
        assert_eq!(listed(&other, &[]).await, json!([LEAF, "https://stays.example"]));
        subordinates::remove(world.realm(), LEAF, "test").await.unwrap();
        for node in [&world, &other] {
            ask(node, "federation_fetch", &[("sub", LEAF)]).await.refused(404, "not_found");
        }
        assert_eq!(listed(&world, &[]).await, json!(["https://stays.example"]));
        other.sync().await;
        assert_eq!(listed(&other, &[]).await, json!(["https://stays.example"]));
        let events = realm::events::list(world.realm(), "", 10).await.unwrap();
        let kinds: Vec<&str> = events.iter().map(|event| event.event.kind.as_str()).collect();
        assert_eq!(kinds.iter().filter(|kind| **kind == "subordinate.added").count(), 2, "{kinds:?}");
        assert!(kinds.contains(&"subordinate.removed"), "{kinds:?}");
    }

    /// One tenant vouches for nobody of another.
    async fn each_realm_vouches_for_its_own(world: World) {
        world.add_realm("acme").await;
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        put(world.realm(), below(LEAF, json!({}))).await;
        let query = encode(&[("sub", LEAF)]);
        world.get(&format!("/realms/acme/federation_fetch?{query}")).send().await.status(404);
        put(&acme, below("https://other.example", json!({}))).await;
        world.get(&format!("/realms/acme/federation_fetch?{query}")).send().await.refused(404, "not_found");
        assert_eq!(world.get("/realms/acme/federation_list").send().await.json(), json!(["https://other.example"]));
        assert_eq!(listed(&world, &[]).await, json!([LEAF]));
    }

    /// RFC 9111 §5.2.2: a cache between us may carry it.
    async fn what_is_said_of_others_may_be_kept(world: World) {
        put(world.realm(), below(LEAF, json!({}))).await;
        for path in [format!("/federation_fetch?{}", encode(&[("sub", LEAF)])), "/federation_list".to_owned()] {
            let answer = world.get(&path).send().await;
            assert_eq!(answer.header("cache-control"), "public, max-age=300");
            assert_eq!(answer.header("access-control-allow-origin"), "*");
            let again = world.get(&path).header("if-none-match", answer.header("etag")).send().await;
            again.status(304);
            assert_eq!(world.get(&path).send().await.body, answer.body, "signed once");
        }
    }

    /// What no verifier could use is never said, nor what would make the answers too long.
    async fn what_cannot_be_vouched_for_is_refused(world: World) {
        let long = "x".repeat(11_000);
        for (id, said) in [
            (world.issuer(), json!({})),
            ("leaf.example", json!({})),
            ("https://leaf.example/?a", json!({})),
            (LEAF, json!({"vouched": {"jwks": {"keys": []}}})),
            (LEAF, json!({"vouched": {"jwks": null, "metadata": {"federation_entity": {"organization_name": long}}}})),
            (LEAF, json!({"vouched": {"jwks": null, "constraints": {"max_path_length": "1"}}})),
            (LEAF, json!({"vouched": {"jwks": null, "metadata_policy": {"openid_relying_party": {"scope": {"one_of": "x"}}}}})),
            (LEAF, json!({"standing": {"entity_types": [""]}})),
        ] {
            let refused = subordinates::put(world.realm(), below(id, said), "test").await;
            assert!(matches!(refused, Err(realm::Error::Invalid(_))), "{id} {refused:?}");
        }
        let made = put(world.realm(), below(LEAF, json!({}))).await;
        let twice = subordinates::put(world.realm(), below(LEAF, json!({})), "test").await;
        assert!(matches!(twice, Err(realm::Error::Exists { .. })), "{twice:?}");
        put(world.realm(), made.clone()).await;
        let late = subordinates::put(world.realm(), made, "test").await;
        assert!(matches!(late, Err(realm::Error::Conflict { .. })), "{late:?}");
    }
}
