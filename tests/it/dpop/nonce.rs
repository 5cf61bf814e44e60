//! The time of a proof, and nonces that nobody stores (RFC 9449 §8, §11.1).

use serde_json::json;

use super::{Key, own};
use crate::harness::{Answer, Client, World};
use crate::on_each_engine;

async fn demanding(world: &World) -> Client {
    let change = |client: crate::harness::NewClient| client.set("require_dpop_nonce", json!(true));
    world.service_with(change).await
}

fn nonce(answer: &Answer) -> String {
    let nonce = answer.header("dpop-nonce").to_owned();
    assert!(!nonce.is_empty(), "{answer:?}");
    nonce
}

on_each_engine! {
    /// RFC 9449 §11.1: a minute back, a minute ahead, and no further.
    async fn a_proof_is_of_now(world: World) {
        let service = world.service().await;
        let key = Key::new();
        for (seconds, fresh) in [(0, true), (-60, true), (60, true), (-61, false), (61, false), (-86_400, false), (i64::MAX / 2, false)] {
            let iat = world.now().saturating_add(seconds);
            let answer = own(&world, &service, &[&key.with(&world, json!({"iat": iat}))]).await;
            if fresh {
                answer.status(200);
            } else {
                answer.refused(400, "use_dpop_nonce");
            }
        }
    }

    /// RFC 9449 §8: a nonce is offered with every answer to a proof, and vouches for a clock that is wrong.
    async fn a_nonce_helps_a_clock_that_is_wrong(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let offered = nonce(&own(&world, &service, &[&key.proof(&world)]).await);
        for wrong in [0, world.now() - 7200, world.now() + 7200] {
            let proof = key.with(&world, json!({"iat": wrong, "nonce": offered}));
            let answer = own(&world, &service, &[&proof]).await;
            answer.status(200);
            // RFC 9449 §8.2: the same is not offered again.
            assert_eq!(answer.header("dpop-nonce"), "");
        }
        assert_eq!(service.client_credentials("").await.header("dpop-nonce"), "");
    }

    /// RFC 9449 §8: where it is demanded, none and a wrong one are refused with a good one.
    async fn a_nonce_may_be_demanded(world: World) {
        let service = demanding(&world).await;
        let key = Key::new();
        let refused = own(&world, &service, &[&key.proof(&world)]).await;
        refused.refused(400, "use_dpop_nonce");
        for wrong in ["", "x", &nonce(&refused)[1..]] {
            let again = own(&world, &service, &[&key.with(&world, json!({"nonce": wrong}))]).await;
            again.refused(400, "use_dpop_nonce");
            assert_eq!(nonce(&again), nonce(&refused));
        }
        let proof = key.with(&world, json!({"nonce": nonce(&refused)}));
        own(&world, &service, &[&proof]).await.status(200);
        // Without a proof the token is not bound, and nothing is demanded.
        service.client_credentials("").await.status(200);
    }

    /// The realm says it for all of its clients.
    async fn a_realm_may_demand_nonces(world: World) {
        let service = world.service().await;
        let realm = world.realm();
        let info = realm::realms::find(world.node(), realm.name()).await.unwrap().unwrap();
        let settings = realm::Settings { require_dpop_nonce: true, ..info.settings };
        realm::realms::update_settings(realm, settings, info.version, "test").await.unwrap();
        world.sync().await;
        let key = Key::new();
        let refused = own(&world, &service, &[&key.proof(&world)]).await;
        refused.refused(400, "use_dpop_nonce");
        let proof = key.with(&world, json!({"nonce": nonce(&refused)}));
        own(&world, &service, &[&proof]).await.status(200);
    }

    /// RFC 9449 §8.2: a nonce lasts for minutes; a new one is offered in time.
    async fn a_nonce_gets_old(world: World) {
        let service = demanding(&world).await;
        let key = Key::new();
        let first = nonce(&own(&world, &service, &[&key.proof(&world)]).await);
        world.advance(120);
        let answer = own(&world, &service, &[&key.with(&world, json!({"nonce": first}))]).await;
        answer.status(200);
        let second = nonce(&answer);
        assert_ne!(first, second);
        world.advance(120);
        own(&world, &service, &[&key.with(&world, json!({"nonce": first}))]).await.refused(400, "use_dpop_nonce");
        own(&world, &service, &[&key.with(&world, json!({"nonce": second}))]).await.status(200);
    }

    /// Any node takes what another gave out, and nothing was stored.
    async fn a_nonce_is_good_at_every_node(world: World) {
        let service = demanding(&world).await;
        let key = Key::new();
        let offered = nonce(&own(&world, &service, &[&key.proof(&world)]).await);
        let second = world.beside().await;
        let proof = key.with(&second, json!({"nonce": offered}));
        own(&second, &service.at(&second), &[&proof]).await.status(200);
    }

    /// A nonce of another tenant is none.
    async fn a_nonce_of_another_realm_is_refused(world: World) {
        let other = world.another("https://other.example").await;
        let (here, there) = (demanding(&world).await, demanding(&other).await);
        let key = Key::new();
        let offered = nonce(&own(&other, &there, &[&key.proof(&other)]).await);
        own(&world, &here, &[&key.with(&world, json!({"nonce": offered}))]).await.refused(400, "use_dpop_nonce");
        own(&other, &there, &[&key.with(&other, json!({"nonce": offered}))]).await.status(200);
    }

    /// RFC 9449 §8.2 with the Fetch standard: a script of a registered origin may read the nonce.
    async fn a_script_may_read_the_nonce(world: World) {
        let origin = "https://app.example";
        let service = world.service_with(|client| client.set("allowed_origins", json!([origin]))).await;
        let secret = service.secret.as_deref().unwrap();
        let proof = Key::new().proof(&world);
        let call = world.post("/token").form(&[("grant_type", "client_credentials")]).basic(&service.id, secret);
        let answer = call.header("dpop", &proof).header("origin", origin).send().await;
        nonce(&answer);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert!(answer.header("access-control-expose-headers").contains("DPoP-Nonce"));
    }
}
