//! Who is not of the federation, and who pretends to be somebody else in it.

use std::time::Duration;

use serde_json::json;

use super::federation;
use crate::harness::{Federation, World, outcome};
use crate::on_each_engine;

on_each_engine! {
    /// Anybody can make a federation of their own; its word counts nothing here, not even in a request.
    async fn a_chain_of_an_unknown_anchor_is_refused(world: World) {
        let (it, other) = (federation(&world).await, world.another("http://localhost:8081").await);
        let theirs = Federation::new(&other).await.at(&world);
        for object in [theirs.object(&json!({})), theirs.object_with_chain(&theirs.chain())] {
            let words = outcome(&theirs.arrives(&object).await).unwrap_err();
            assert!(words.contains("trust anchor"), "{words}");
            world.advance(10);
        }
        // Neither does an anchor with our anchor's name and another key.
        it.rekey("anchor");
        assert!(it.admits().await.unwrap_err().contains("not signed with its keys"));
        assert!(outcome(&it.arrives(&it.object_with_chain(&it.chain())).await).is_err());
    }

    /// What a superior says of one entity is nothing about another.
    async fn a_statement_of_another_entity_does_not_count(world: World) {
        let it = federation(&world).await;
        it.add("other");
        it.describe_as("other", json!({}));
        let stolen = [it.statement("other", "other"), it.statement("middle", "leaf"), it.statement("anchor", "middle")];
        assert!(outcome(&it.arrives_as("other", &it.object_with_chain(&stolen)).await).is_err());
        // A chain of somebody else makes nobody of the one who brings it.
        it.vouch("middle", "leaf", json!({"sub": it.id("other")}));
        assert!(it.admits().await.is_err());
    }

    /// §12.1.1.1.1: a chain says something of its subject alone, whoever brings it; and what was made to register elsewhere says nothing here.
    async fn a_chain_of_another_entity_changes_nothing(world: World) {
        let it = federation(&world).await;
        it.add("other");
        it.describe_as("other", json!({"redirect_uris": ["https://evil.example/callback"]}));
        it.vouch("middle", "other", json!({}));
        let chain = [it.statement("other", "other"), it.statement("middle", "other"), it.statement("anchor", "middle")];
        assert!(it.arrives(&it.object_with_chain(&chain)).await.has("password"));
        assert_eq!(it.requests(), 5, "it was fetched");
        let evil = it.object(&json!({"redirect_uri": "https://evil.example/callback"}));
        let page = it.arrives(&evil).await;
        assert!(page.leaving.is_none() && !page.has("password"), "{}", page.words());
        let there = it.at(&world.beside().await);
        let mut own = jose::jws::peek(&it.statement("leaf", "leaf")).unwrap().claims().unwrap();
        own.insert("aud".to_owned(), json!("https://other.example"));
        let mut chain = it.chain();
        chain[0] = it.sign("leaf", "entity-statement+jwt", &own.into());
        assert!(there.arrives(&there.object_with_chain(&chain)).await.has("password"));
        assert_eq!(it.requests(), 10, "it was fetched");
    }

    /// Federation keys sign statements, protocol keys sign requests: neither stands for the other.
    async fn keys_of_one_kind_do_not_serve_for_the_other(world: World) {
        let it = federation(&world).await;
        let object = it.sign("leaf", "oauth-authz-req+jwt", &it.claims(&json!({})));
        assert_eq!(outcome(&it.arrives(&object).await), Err("invalid_request_object to the application".to_owned()));
        // Nor are the realm's own statements anything of its tokens', or the other way round.
        let own = world.get("/.well-known/openid-federation").send().await.body;
        world.userinfo(&own).await.status(401);
        let posted = world.post("/federation_registration").body("application/entity-statement+jwt", own.as_bytes()).send().await;
        posted.refused(400, "invalid_trust_chain");
    }

    /// §6.1: whatever an entity says, and whatever an intermediate adds, what the anchor demands holds.
    async fn policies_cannot_be_evaded(world: World) {
        let it = federation(&world).await;
        let demand = json!({"openid_relying_party": {"redirect_uris": {"subset_of": ["https://rp.example/callback"]}, "token_endpoint_auth_method": {"one_of": ["private_key_jwt"], "essential": true}}});
        it.vouch("anchor", "middle", json!({"metadata_policy": demand}));
        it.describe(json!({"redirect_uris": ["https://rp.example/callback", "https://evil.example/callback"]}));
        it.admits().await.unwrap();
        let evil = json!({"redirect_uri": "https://evil.example/callback"});
        let page = it.arrives(&it.object(&evil)).await;
        assert!(page.leaving.is_none() && !page.has("password"), "{}", page.words());
        for (claims, words) in [
            (json!({"metadata_policy": {"openid_relying_party": {"redirect_uris": {"add": ["https://evil.example/callback"]}}}}), "metadata_policy"),
            (json!({"metadata_policy": {"openid_relying_party": {"redirect_uris": {"value": ["https://evil.example/callback"]}}}}), "metadata_policy"),
            (json!({"metadata": {"openid_relying_party": {"token_endpoint_auth_method": "self_signed_tls_client_auth"}}}), "metadata_policy"),
            (json!({"metadata_policy_crit": ["regexp"], "metadata_policy": {"openid_relying_party": {"redirect_uris": {"regexp": "x"}}}}), "metadata_policy"),
            (json!({"constraints": {"allowed_entity_types": []}}), "openid_relying_party"),
        ] {
            it.vouch("middle", "leaf", claims);
            world.advance(3600);
            let refused = it.admits().await.unwrap_err();
            assert!(refused.contains(words), "{refused}");
            it.vouch("middle", "leaf", json!({}));
            world.advance(10);
            it.admits().await.unwrap();
        }
    }

    /// A federation without end costs what one entity may cost.
    async fn loops_and_dead_ends_cost_little(world: World) {
        let it = federation(&world).await;
        it.configure("middle", json!({"authority_hints": [it.id("leaf"), it.id("middle"), it.id("other")], "metadata": {"federation_entity": {"federation_fetch_endpoint": format!("{}/fetch", it.id("middle"))}}}));
        it.add("other");
        it.configure("other", json!({"authority_hints": [it.id("middle")], "metadata": {"federation_entity": {"federation_fetch_endpoint": format!("{}/fetch", it.id("other"))}}}));
        it.vouch("other", "middle", json!({}));
        it.vouch("middle", "other", json!({}));
        assert!(it.admits().await.unwrap_err().contains("trust anchor"));
        let after = it.requests();
        assert!(after < 10, "{after}");
        // What is refused is not sought again at once.
        it.admits().await.unwrap_err();
        assert_eq!(it.requests(), after);
        // Many superiors, each with many.
        let names: Vec<String> = (0..30).map(|number| format!("e{number}")).collect();
        let ids: Vec<String> = names.iter().map(|name| it.id(name)).collect();
        for name in &names {
            it.add(name);
            it.configure(name, json!({"authority_hints": ids, "metadata": {"federation_entity": {"federation_fetch_endpoint": format!("{}/fetch", it.id(name))}}}));
            it.vouch(name, "leaf", json!({}));
            for other in &names {
                it.vouch(name, other, json!({}));
            }
        }
        it.add("many");
        it.describe_as("many", json!({}));
        let mut usual = jose::jws::peek(&it.statement("many", "many")).unwrap().claims().unwrap();
        usual.insert("authority_hints".to_owned(), json!(ids));
        it.configure("many", json!({"authority_hints": ids, "metadata": usual["metadata"]}));
        for name in &names {
            it.vouch(name, "many", json!({}));
        }
        let before = it.requests();
        assert!(outcome(&it.arrives_as("many", &it.object(&json!({}))).await).is_err());
        let cost = it.requests() - before;
        assert!((10..=40).contains(&cost), "{cost}");
    }

    /// Nobody makes the server ask what it must not, nor itself.
    async fn addresses_that_are_not_to_be_asked_are_not(world: World) {
        let it = federation(&world).await;
        for id in ["http://10.0.0.1/leaf", "https://10.0.0.1/leaf", "https://169.254.169.254", world.issuer(), "https://rp.example/a?b", "https://u@rp.example"] {
            let query = crate::harness::call::encode(&[("client_id", id), ("request", &it.object(&json!({})))]);
            let page = world.browser().get(&format!("/authorize?{query}")).await;
            assert!(outcome(&page).is_err(), "{id}");
        }
        // Nor do superiors send it there.
        it.configure("middle", json!({"authority_hints": [it.id("anchor")], "metadata": {"federation_entity": {"federation_fetch_endpoint": "http://10.0.0.1/fetch"}}}));
        it.admits().await.unwrap_err();
    }

    /// A site that hangs, or says too much, keeps nobody else waiting.
    async fn a_slow_site_is_given_up(world: World) {
        let it = federation(&world).await;
        it.slow(Duration::from_secs(5));
        assert!(it.admits().await.unwrap_err().contains("cannot be fetched"));
        it.slow(Duration::ZERO);
        it.describe(json!({"client_uri": format!("https://rp.example/{}", "x".repeat(70_000))}));
        world.advance(10);
        it.admits().await.unwrap_err();
    }

    /// Somebody who names ever new entities is told to wait; who is known is not.
    async fn a_flood_of_unknown_entities_is_bounded(world: World) {
        let requests = server::RequestRates { client_id_documents: Some(server::RequestRate { count: 5, seconds: 60 }), ..server::RequestRates::none() };
        let world = world.rated(requests).await;
        let it = federation(&world).await;
        it.admits().await.unwrap();
        let before = it.requests();
        for number in 0..20 {
            let name = format!("nobody{number}");
            assert!(outcome(&it.arrives_as(&name, &it.object(&json!({}))).await).is_err());
        }
        assert!(it.requests() - before <= 2 * 5, "{}", it.requests() - before);
        it.admits().await.unwrap();
    }

    /// One tenant's anchors are nobody else's.
    async fn another_realm_trusts_others(world: World) {
        let it = federation(&world).await;
        it.admits().await.unwrap();
        world.add_realm("acme").await;
        let query = crate::harness::call::encode(&[("client_id", &it.id("leaf")), ("request", &it.object(&json!({})))]);
        let page = world.browser().get(&format!("/realms/acme/authorize?{query}")).await;
        assert!(outcome(&page).is_err());
    }
}
