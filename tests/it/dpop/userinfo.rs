//! Bound tokens at /userinfo (RFC 9449 §7).

use serde_json::{Value, json};

use super::{Key, public_flow, redeem, see};
use crate::harness::World;
use crate::on_each_engine;

/// A bound token of alice.
async fn bound(world: &World, key: &Key) -> String {
    let flow = public_flow(world).await;
    let code = flow.fresh_code().await;
    let answer = redeem(&flow, world, &code, &[&key.proof(world)]).await;
    answer.status(200);
    answer.text("access_token")
}

fn challenges(answer: &crate::harness::Answer) -> Vec<String> {
    let values = answer.headers.get_all("www-authenticate").iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

on_each_engine! {
    /// §7.2: as a bearer token, in the header or in the form, it is refused, and the challenge says what would do.
    async fn a_bound_token_is_no_bearer_token(world: World) {
        let key = Key::new();
        let token = bound(&world, &key).await;
        let proof = key.beside(&world, &token);
        for call in [
            world.get("/userinfo").bearer(&token),
            world.get("/userinfo").bearer(&token).header("dpop", &proof),
            world.post("/userinfo").form(&[("access_token", &token)]),
        ] {
            let answer = call.send().await;
            answer.status(401);
            let challenges = challenges(&answer);
            assert!(challenges.iter().any(|challenge| challenge.contains("error=\"invalid_token\"")), "{challenges:?}");
        }
        see(&world, &token, &[&proof]).await.status(200);
    }

    /// §7.1: a token that is not bound is no DPoP token.
    async fn an_unbound_token_is_no_dpop_token(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let key = Key::new();
        let answer = see(&world, tokens.access(), &[&key.beside(&world, tokens.access())]).await;
        answer.status(401);
        assert!(answer.header("www-authenticate").starts_with("DPoP "), "{answer:?}");
        world.userinfo(tokens.access()).await.status(200);
    }

    /// §4.3, §7.1: without a proof, with two, with another's, or with one for something else.
    async fn a_wrong_proof_is_refused(world: World) {
        let (key, thief) = (Key::new(), Key::new());
        let token = bound(&world, &key).await;
        let altered = |changes: Value| {
            let mut all = json!({
                "htm": "GET", "htu": format!("{}/userinfo", world.issuer()), "ath": oauth::dpop::token_hash(&token),
            });
            for (name, value) in changes.as_object().unwrap() {
                all[name] = value.clone();
            }
            key.with(&world, all)
        };
        let (one, other) = (key.beside(&world, &token), key.beside(&world, &token));
        let cases: Vec<(&str, Vec<String>, &str)> = vec![
            ("none", vec![], "invalid_dpop_proof"),
            ("two", vec![one.clone(), other], "invalid_dpop_proof"),
            ("a thief's", vec![thief.beside(&world, &token)], "invalid_token"),
            ("no hash", vec![altered(json!({"ath": ""}))], "invalid_dpop_proof"),
            ("another token's", vec![key.beside(&world, "another")], "invalid_dpop_proof"),
            ("for /token", vec![key.proof(&world)], "invalid_dpop_proof"),
            ("for POST", vec![altered(json!({"htm": "POST"}))], "invalid_dpop_proof"),
            ("old", vec![altered(json!({"iat": world.now() - 61}))], "use_dpop_nonce"),
            ("early", vec![altered(json!({"iat": world.now() + 61}))], "use_dpop_nonce"),
            ("a nonce of nobody", vec![altered(json!({"nonce": "x"}))], "use_dpop_nonce"),
        ];
        for (what, proofs, error) in &cases {
            let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
            let answer = see(&world, &token, &proofs).await;
            assert_eq!(answer.status, 401, "{what}");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("DPoP "), "{what}: {challenge}");
            assert!(challenge.contains(&format!("error=\"{error}\"")), "{what}: {challenge}");
            assert!(challenge.contains("algs=\"ES256 EdDSA "), "{what}: {challenge}");
            assert!(!answer.header("dpop-nonce").is_empty(), "{what}");
        }
        see(&world, &token, &[&one]).await.status(200);
    }

    /// §11.1: a proof passes once; §9: a nonce is offered and accepted.
    async fn a_proof_passes_once(world: World) {
        let key = Key::new();
        let token = bound(&world, &key).await;
        let proof = key.beside(&world, &token);
        let answer = see(&world, &token, &[&proof]).await;
        answer.status(200);
        let again = see(&world, &token, &[&proof]).await;
        again.status(401);
        assert!(again.header("www-authenticate").contains("invalid_dpop_proof"));
        let changes = json!({
            "htm": "GET", "htu": format!("{}/userinfo", world.issuer()), "ath": oauth::dpop::token_hash(&token),
            "nonce": answer.header("dpop-nonce"), "iat": 1,
        });
        see(&world, &token, &[&key.with(&world, changes)]).await.status(200);
    }

    /// RFC 9449 §7.1, RFC 6750 §3: who shows nothing learns both ways.
    async fn without_a_token_both_ways_are_named(world: World) {
        let answer = world.get("/userinfo").send().await;
        answer.status(401);
        let challenges = challenges(&answer);
        assert_eq!(challenges.len(), 2, "{challenges:?}");
        assert!(challenges[0].starts_with("Bearer ") && challenges[1].starts_with("DPoP "));
        assert!(challenges.iter().all(|challenge| !challenge.contains("error")));
    }

    /// RFC 6750 §2, RFC 9449 §7.1: not two tokens at once.
    async fn two_authorizations_are_refused(world: World) {
        let key = Key::new();
        let token = bound(&world, &key).await;
        let proof = key.beside(&world, &token);
        let call = world.get("/userinfo").bearer(&token).header("authorization", &format!("DPoP {token}"));
        call.header("dpop", &proof).send().await.status(400);
    }
}
