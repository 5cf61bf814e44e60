//! Signed authentication requests (CIBA Core §7.1.1).

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use super::*;

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

/// A client that signs its requests with this key.
async fn signer(world: &World, keys: &[&SigningKey]) -> Client {
    let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    let jwks = serde_json::to_value(JwkSet { keys }).unwrap();
    agent_with(world, |client| {
        client.set("jwks", jwks).set(
            "backchannel_authentication_request_signing_alg",
            json!("ES256"),
        )
    })
    .await
}

fn claims(world: &World, jti: &str) -> Value {
    json!({
        "iss": "agent", "aud": world.issuer(), "jti": jti,
        "iat": world.now(), "nbf": world.now(), "exp": world.now() + 300,
        "scope": "openid notes.read", "login_hint": "alice", "requested_expiry": 120, "binding_message": "blue 7",
    })
}

fn sign(key: &SigningKey, claims: &Value) -> String {
    let header = Header::typed("JWT", key);
    jws::sign(key, &header, claims.to_string().as_bytes()).unwrap()
}

async fn send(client: &Client, request: &str) -> Answer {
    client.post("/bc-authorize", &[("request", request)]).await
}

on_each_engine! {
    /// The parameters are the claims; numbers may be strings.
    async fn a_signed_request_is_taken(world: World) {
        let own = key(Algorithm::Es256);
        let agent = signer(&world, &[&own]).await;
        let answer = send(&agent, &sign(&own, &claims(&world, "1"))).await;
        answer.status(200);
        assert_eq!(answer.json()["expires_in"], json!(120));
        let (_, page) = waiting(&world).await;
        assert!(page.says("blue 7") && page.says("Read your notes"), "{}", page.words());
        approve(&world).await;
        assert_eq!(redeemed(&agent, &answer.text("auth_req_id")).await.scope(), "openid notes.read");
        let mut text = claims(&world, "2");
        text["requested_expiry"] = json!("90");
        text["resource"] = json!(["urn:example:notes"]);
        let answer = send(&agent, &sign(&own, &text)).await;
        assert_eq!(answer.json()["expires_in"], json!(90), "{answer:?}");
    }

    /// Once, at whichever node: a second use reaches nobody.
    async fn a_signed_request_is_used_once(world: World) {
        let own = key(Algorithm::Es256);
        let agent = signer(&world, &[&own]).await;
        let request = sign(&own, &claims(&world, "1"));
        send(&agent, &request).await.status(200);
        send(&agent, &request).await.refused(400, "invalid_request");
        send(&agent.at(&world.beside().await), &request).await.refused(400, "invalid_request");
        deny(&world).await;
        assert!(waiting(&world).await.1.has("none"));
    }

    /// A client that registered an algorithm sends nothing unsigned, and nothing beside what it signed.
    async fn the_signature_cannot_be_left_away(world: World) {
        let own = key(Algorithm::Es256);
        let agent = signer(&world, &[&own]).await;
        let plain = [("scope", "openid"), ("login_hint", ALICE.0)];
        agent.post("/bc-authorize", &plain).await.refused(400, "invalid_request");
        let request = sign(&own, &claims(&world, "1"));
        for beside in [("scope", "openid notes.write"), ("login_hint", "bob"), ("binding_message", "x"), ("resource", "urn:example:notes")] {
            agent.post("/bc-authorize", &[("request", &request), beside]).await.refused(400, "invalid_request");
        }
        let unsigned = asking(&world, "unsigned").create().await;
        send(&unsigned, &request).await.refused(400, "invalid_request");
    }

    /// Every claim that §7.1.1 demands, the registered algorithm, the client's own keys, and none of it for long.
    async fn what_the_client_did_not_sign_for_us_is_refused(world: World) {
        let (own, old, foreign) = (key(Algorithm::Es256), key(Algorithm::Es384), key(Algorithm::Es256));
        let agent = signer(&world, &[&own, &old]).await;
        for (name, value) in [
            ("iss", json!("other")), ("aud", json!("https://other.example")), ("iss", Value::Null), ("aud", Value::Null), ("iat", Value::Null),
            ("nbf", Value::Null), ("exp", Value::Null), ("jti", Value::Null), ("jti", json!("")), ("jti", json!("x".repeat(257))),
            ("exp", json!(world.now() - 31)), ("nbf", json!(world.now() + 31)), ("iat", json!(world.now() + 31)), ("exp", json!(world.now() + 3601)),
            ("login_hint", json!("a\u{0}b")), ("requested_expiry", json!(-1)), ("requested_expiry", json!([5])), ("login_hint", json!({"a": 1, "b": [2]})),
        ] {
            let mut wrong = claims(&world, "1");
            wrong[name] = value.clone();
            if value.is_null() {
                wrong.as_object_mut().unwrap().remove(name);
            }
            let answer = send(&agent, &sign(&own, &wrong)).await;
            assert_eq!(answer.status, 400, "{name} {value}");
        }
        let right = claims(&world, "1");
        for bad in [sign(&foreign, &right), sign(&old, &right), crate::harness::altered(&sign(&own, &right), 60), "x".repeat(20_000), "a.b.c".to_owned()] {
            send(&agent, &bad).await.refused(400, "invalid_request");
        }
        let none = format!("eyJhbGciOiJub25lIn0.{}.", jose::base64url::encode(right.to_string()));
        send(&agent, &none).await.refused(400, "invalid_request");
        // None of these was the one use that it has.
        send(&agent, &sign(&own, &right)).await.status(200);
    }
}
