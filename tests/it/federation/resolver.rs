//! The realm as a resolver (§8.3): it asks others for whoever asks it.

use oauth::federation::{Anchor, Chain, Statement};
use realm::subordinates;
use serde_json::{Value, json};

use super::anchor::leaf_below;
use super::subordinates::{ask, below, put, said};
use crate::harness::{Answer, Federation, World};
use crate::on_each_engine;

const TYP: &str = "resolve-response+jwt";

/// A federation of which the harness's application is right below the realm.
async fn federation(world: &World) -> Federation {
    let it = Federation::new(world).await;
    leaf_below(&it, world.realm(), json!({})).await;
    it
}

async fn resolve(world: &World, sub: &str, anchor: &str) -> Answer {
    let query = [("sub", sub), ("trust_anchor", anchor)];
    ask(world, "federation_resolve", &query).await
}

async fn resolved(world: &World, it: &Federation) -> Value {
    let answer = resolve(world, &it.id("leaf"), world.issuer()).await;
    said(world, &answer, TYP).await
}

on_each_engine! {
    /// §8.3.2: what it is, and the chain that shows it; whoever asks again costs nobody anything.
    async fn an_entity_is_resolved_as_its_anchor_has_it(world: World) {
        let it = Federation::new(&world).await;
        let policy = json!({"openid_relying_party": {"client_name": {"value": "By the realm"}}});
        leaf_below(&it, world.realm(), json!({"metadata_policy": policy})).await;
        let claims = resolved(&world, &it).await;
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!(world.issuer()), &json!(it.id("leaf"))));
        assert_eq!(claims["metadata"]["openid_relying_party"]["client_name"], "By the realm");
        assert!(claims.get("trust_marks").is_none());
        let texts: Vec<&str> = claims["trust_chain"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert_eq!(texts.len(), 3);
        let statements = texts.iter().map(|text| Statement::parse(text).unwrap()).collect();
        let keys = world.realm().federation_keys().key_set().await.unwrap();
        let anchors = [Anchor { id: world.issuer(), keys: &keys }];
        let chain = Chain::verify(statements, &anchors, world.now()).unwrap();
        assert_eq!(claims["exp"], json!(chain.expires_at()));
        // What the realm says itself it does not ask itself for.
        assert_eq!(it.requests(), 1);
        resolved(&world, &it).await;
        assert_eq!(it.requests(), 1);
        let query = [("sub", it.id("leaf")), ("trust_anchor", "https://unknown.example".to_owned()), ("trust_anchor", world.issuer().to_owned()), ("entity_type", "openid_relying_party".to_owned())];
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = ask(&world, "federation_resolve", &query).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        said(&world, &answer, TYP).await;
        let other = [query[0], query[2], ("entity_type", "openid_provider")];
        ask(&world, "federation_resolve", &other).await.refused(404, "not_found");
        assert_eq!(it.requests(), 1);
    }

    /// To an anchor that the realm trusts, by way of others.
    async fn an_entity_is_resolved_to_an_anchor_that_is_trusted(world: World) {
        let it = Federation::new(&world).await;
        put(world.realm(), below("https://other.example", json!({}))).await;
        let answer = resolve(&world, &it.id("leaf"), &it.id("anchor")).await;
        let claims = said(&world, &answer, TYP).await;
        assert_eq!(claims["trust_chain"].as_array().unwrap().len(), 4);
        assert_eq!(it.requests(), 5);
        // Nobody is resolved to one of whom they are not below.
        resolve(&world, &it.id("leaf"), world.issuer()).await.refused(404, "invalid_trust_anchor");
    }

    /// What the realm takes back, its resolver says no longer.
    async fn who_was_taken_away_is_not_resolved(world: World) {
        let it = federation(&world).await;
        put(world.realm(), below("https://other.example", json!({}))).await;
        resolved(&world, &it).await;
        let mut known = subordinates::find(world.realm(), &it.id("leaf")).await.unwrap().unwrap();
        known.vouched.metadata = serde_json::from_value(json!({"openid_relying_party": {"client_name": "Otherwise"}})).unwrap();
        put(world.realm(), known).await;
        assert_eq!(resolved(&world, &it).await["metadata"]["openid_relying_party"]["client_name"], "Otherwise");
        subordinates::remove(world.realm(), &it.id("leaf"), "test").await.unwrap();
        resolve(&world, &it.id("leaf"), world.issuer()).await.refused(400, "invalid_trust_chain");
    }

    async fn what_cannot_be_resolved_is_refused(world: World) {
        world.get("/federation_resolve?sub=https%3A%2F%2Fa.example&trust_anchor=x").send().await.status(404);
        let it = federation(&world).await;
        let leaf = it.id("leaf");
        for query in [vec![], vec![("sub", leaf.as_str())], vec![("trust_anchor", world.issuer())], vec![("sub", &leaf), ("sub", &leaf), ("trust_anchor", world.issuer())]] {
            ask(&world, "federation_resolve", &query).await.refused(400, "invalid_request");
        }
        for sub in ["leaf", "http://leaf.example", "https://leaf.example/?a", "https://leaf.example\u{0}", "http://10.0.0.1/a", "file:///etc/passwd"] {
            resolve(&world, sub, world.issuer()).await.refused(400, "invalid_request");
        }
        for anchor in ["https://unknown.example", "x", &it.id("middle"), &"x".repeat(50_000)] {
            resolve(&world, &leaf, anchor).await.refused(404, "invalid_trust_anchor");
        }
        assert_eq!(it.requests(), 0);
        resolve(&world, &it.id("nobody"), world.issuer()).await.refused(404, "not_found");
        // Addresses inside are not asked, whoever names them.
        for sub in ["https://10.0.0.1/a", "https://169.254.169.254", "https://[fd00::1]/"] {
            resolve(&world, sub, world.issuer()).await.refused(503, "temporarily_unavailable");
        }
        // What an entity must not be here is not what it says.
        let policy = json!({"openid_relying_party": {"client_name": {"one_of": ["Another"]}}});
        let mut known = subordinates::find(world.realm(), &leaf).await.unwrap().unwrap();
        known.vouched.metadata_policy = serde_json::from_value(policy).unwrap();
        put(world.realm(), known).await;
        resolve(&world, &leaf, world.issuer()).await.refused(400, "invalid_metadata");
    }

    /// Whoever is away makes nobody wait for ever, and nothing is said of them that they could have taken back.
    async fn who_is_away_is_not_resolved(world: World) {
        let it = federation(&world).await;
        it.fail("leaf", Some(503));
        resolve(&world, &it.id("leaf"), world.issuer()).await.refused(503, "temporarily_unavailable");
        it.fail("leaf", None);
        world.advance(10);
        resolved(&world, &it).await;
        world.advance(3600);
        it.fail("leaf", Some(503));
        resolve(&world, &it.id("leaf"), world.issuer()).await.refused(503, "temporarily_unavailable");
    }

    /// Amplification: one address makes this server ask others so often, and no more.
    async fn asking_to_resolve_is_bounded(world: World) {
        let requests = server::RequestRates { client_id_documents: Some(server::RequestRate { count: 5, seconds: 60 }), ..server::RequestRates::none() };
        let world = world.rated(requests).await;
        let it = federation(&world).await;
        resolved(&world, &it).await;
        let before = it.requests();
        let mut waits = 0;
        for number in 0..20 {
            let answer = resolve(&world, &it.id(&format!("nobody{number}")), world.issuer()).await;
            waits += usize::from(answer.status == 429);
        }
        assert_eq!((it.requests() - before, waits), (4, 16));
        resolved(&world, &it).await;
    }

    /// A superior that names a resolver as its fetch endpoint starts no search with each search.
    async fn a_search_starts_no_other_search(world: World) {
        let world = world.listening().await;
        let it = federation(&world).await;
        let statements = ("accept", "application/entity-statement+jwt");
        let path = format!("/federation_resolve?{}", crate::harness::call::encode(&[("sub", &it.id("middle")), ("trust_anchor", world.issuer())]));
        world.get(&path).header(statements.0, statements.1).send().await.refused(400, "invalid_request");
        assert_eq!(it.requests(), 0);
        let endpoint = format!("{}/federation_resolve?trust_anchor={}", world.issuer(), world.issuer());
        it.configure("middle", json!({"authority_hints": [it.id("anchor")], "metadata": {"federation_entity": {"federation_fetch_endpoint": endpoint}}}));
        it.hint("leaf", &it.id("middle"));
        resolve(&world, &it.id("leaf"), world.issuer()).await.refused(400, "invalid_trust_chain");
        assert_eq!(it.requests(), 2, "the leaf and the one above it");
    }

    /// One tenant resolves nobody to the anchors of another.
    async fn another_realm_resolves_to_its_own_anchors(world: World) {
        let it = federation(&world).await;
        world.add_realm("acme").await;
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        put(&acme, below("https://other.example", json!({}))).await;
        resolved(&world, &it).await;
        for anchor in [world.issuer(), &it.id("anchor")] {
            let query = crate::harness::call::encode(&[("sub", &it.id("leaf")), ("trust_anchor", anchor)]);
            let answer = world.get(&format!("/realms/acme/federation_resolve?{query}")).send().await;
            answer.refused(404, "invalid_trust_anchor");
        }
    }
}
