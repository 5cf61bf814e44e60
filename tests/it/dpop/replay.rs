//! A proof counts once (RFC 9449 §11.1), at whichever node and however many come at once.

use std::sync::Arc;

use serde_json::json;

use super::{Key, ask, offline, own, public_flow, redeem, refresh, see};
use crate::harness::{CALLBACK, World};
use crate::on_each_engine;

const TYPE: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

on_each_engine! {
    /// At the same node, with another request of the same client, and until it would be too old anyway.
    async fn a_proof_is_used_once(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let proof = key.with(&world, json!({"iat": world.now() + 60}));
        own(&world, &service, &[&proof]).await.status(200);
        for wait in [0, 59, 60] {
            world.advance(wait);
            world.sync().await;
            own(&world, &service, &[&proof]).await.refused(400, "invalid_dpop_proof");
        }
        world.advance(3600);
        world.sync().await;
        own(&world, &service, &[&proof]).await.refused(400, "use_dpop_nonce");
        own(&world, &service, &[&key.proof(&world)]).await.status(200);
    }

    /// What is too old to be presented again is forgotten, and what is not is kept.
    async fn used_proofs_are_swept(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let same = || key.with(&world, json!({"jti": "the same"}));
        own(&world, &service, &[&same()]).await.status(200);
        world.advance(100);
        world.sync().await;
        own(&world, &service, &[&same()]).await.refused(400, "invalid_dpop_proof");
        world.advance(30);
        world.sync().await;
        own(&world, &service, &[&same()]).await.status(200);
    }

    /// With a nonce it lives longer, and is remembered as long.
    async fn a_proof_with_a_nonce_is_used_once(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let nonce = own(&world, &service, &[&key.proof(&world)]).await.header("dpop-nonce").to_owned();
        let proof = key.with(&world, json!({"nonce": nonce, "iat": 0}));
        own(&world, &service, &[&proof]).await.status(200);
        for _ in 0..11 {
            world.advance(20);
            world.sync().await;
            let answer = own(&world, &service, &[&proof]).await;
            assert_eq!(answer.status, 400);
            assert!(["invalid_dpop_proof", "use_dpop_nonce"].contains(&answer.text("error").as_str()));
        }
    }

    /// At another node, at once.
    async fn a_proof_is_used_at_one_node(world: World) {
        let service = world.service().await;
        let second = world.beside().await;
        let proof = Key::new().proof(&world);
        own(&world, &service, &[&proof]).await.status(200);
        own(&second, &service.at(&second), &[&proof]).await.refused(400, "invalid_dpop_proof");
    }

    /// Of many at two nodes, one wins.
    async fn of_racing_proofs_one_wins(world: World) {
        let service = world.service().await;
        let second = world.beside().await;
        let proof = Arc::new(Key::new().proof(&world));
        let racers: Vec<_> = (0..8)
            .map(|number| {
                let world = if number % 2 == 0 { world.clone() } else { second.clone() };
                let (service, proof) = (service.at(&world), Arc::clone(&proof));
                tokio::spawn(async move { own(&world, &service, &[&proof]).await.status })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            let status = racer.await.unwrap();
            assert!(matches!(status, 200 | 400), "{status}");
            won += usize::from(status == 200);
        }
        assert_eq!(won, 1);
    }

    /// A proof that was used for one grant is used for every other, and what it was replayed for is not lost.
    async fn a_used_proof_redeems_nothing(world: World) {
        let flow = public_flow(&world).await;
        let key = Key::new();
        let proof = key.proof(&world);
        let (one, other) = (flow.fresh_code().await, flow.fresh_code().await);
        let first = redeem(&flow, &world, &one, &[&proof]).await;
        first.status(200);
        redeem(&flow, &world, &other, &[&proof]).await.refused(400, "invalid_dpop_proof");
        let token = first.text("refresh_token");
        refresh(&world, &flow.client, &token, &[&proof]).await.refused(400, "invalid_dpop_proof");
        // Nothing was used up by the replays.
        redeem(&flow, &world, &other, &[&key.proof(&world)]).await.status(200);
        refresh(&world, &flow.client, &token, &[&key.proof(&world)]).await.status(200);
    }

    /// The whole request, seen on the way and sent again: neither a second token nor the successor of a refresh token.
    async fn a_replayed_request_gets_nothing(world: World) {
        let flow = public_flow(&world).await;
        let key = Key::new();
        let code = flow.fresh_code().await;
        let first = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        let (token, proof) = (first.text("refresh_token"), key.proof(&world));
        let next = refresh(&world, &flow.client, &token, &[&proof]).await;
        next.status(200);
        // Within the grace a lost response is given again, but to who proves the key anew.
        refresh(&world, &flow.client, &token, &[&proof]).await.refused(400, "invalid_dpop_proof");
        let again = refresh(&world, &flow.client, &token, &[&key.proof(&world)]).await;
        assert_eq!(again.text("refresh_token"), next.text("refresh_token"));
    }

    /// An assertion counts once whatever becomes of its request (RFC 7523 §3), also when the proof beside it was used before.
    async fn an_assertion_beside_a_used_proof_is_used_too(world: World) {
        let (signer, key) = (Key::new(), Key::new());
        let keys = || json!({"keys": [signer.header()["jwk"]]});
        let method = || json!("private_key_jwt");
        let service = world
            .service_with(|client| client.public().set("token_endpoint_auth_method", method()).set("jwks", keys()))
            .await;
        let app = world
            .app_with(|client| client.public().set("token_endpoint_auth_method", method()).set("jwks", keys()))
            .await;
        let assertion = |client: &str, jti: &str| {
            let claims = json!({"iss": client, "sub": client, "aud": world.issuer(), "exp": world.now() + 60, "jti": jti});
            signer.sign(&json!({"alg": "ES256"}), &claims)
        };
        let used = key.proof(&world);
        let own = async |jti: &str, proofs: &[&str]| {
            let assertion = assertion("service", jti);
            let form = [("grant_type", "client_credentials"), TYPE, ("client_assertion", assertion.as_str())];
            ask(&world, &service, &form, proofs).await
        };
        own("1", &[&used]).await.status(200);
        own("2", &[&used]).await.refused(400, "invalid_dpop_proof");
        own("2", &[]).await.refused(401, "invalid_client");
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        let redeem = async |jti: &str, proof: &str| {
            let assertion = assertion("app", jti);
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("code_verifier", flow.verifier.as_str()),
                ("redirect_uri", CALLBACK),
                TYPE,
                ("client_assertion", assertion.as_str()),
            ];
            ask(&world, &app, &form, &[proof]).await
        };
        redeem("1", &used).await.refused(400, "invalid_dpop_proof");
        redeem("1", &key.proof(&world)).await.refused(401, "invalid_client");
        // The code was not harmed, nor is a proof used by a request that is refused.
        let proof = key.proof(&world);
        redeem("1", &proof).await.refused(401, "invalid_client");
        redeem("2", &proof).await.status(200);
    }

    /// Whoever steals a code and sees to it that the proof of its owner is used up does not keep what the code gave (RFC 6749 §4.1.2).
    async fn a_code_that_comes_back_with_a_used_proof_ends_its_grant(world: World) {
        let flow = public_flow(&world).await;
        let (thief, owner) = (Key::new(), Key::new());
        let (code, other) = (flow.fresh_code().await, flow.fresh_code().await);
        let proof = owner.proof(&world);
        let stolen = redeem(&flow, &world, &code, &[&thief.proof(&world)]).await;
        stolen.status(200);
        redeem(&flow, &world, &other, &[&proof]).await.status(200);
        redeem(&flow, &world, &code, &[&proof]).await.refused(400, "invalid_grant");
        let token = stolen.text("refresh_token");
        refresh(&world, &flow.client, &token, &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        let token = stolen.text("access_token");
        see(&world, &token, &[&thief.beside(&world, &token)]).await.status(401);
    }

    /// Two keys may choose the same `jti`, and a proof that was refused was not used.
    async fn a_jti_belongs_to_its_key(world: World) {
        let service = world.service().await;
        let (one, other) = (Key::new(), Key::new());
        let changes = || json!({"jti": "the same"});
        own(&world, &service, &[&one.with(&world, changes())]).await.status(200);
        own(&world, &service, &[&other.with(&world, changes())]).await.status(200);
        let app = world.app_with(|client| client.public()).await;
        let flow = offline(&world, &app);
        let proof = one.proof(&world);
        redeem(&flow, &world, "gac_unknown", &[&proof]).await.refused(400, "invalid_grant");
        own(&world, &service, &[&proof]).await.status(200);
    }
}
