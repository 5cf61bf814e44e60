//! Explicit registration (§12.2).

use jose::{JwkSet, KeySet, jws};
use serde_json::{Value, json};

use super::configuration::configuration;
use super::federation;
use crate::harness::{Answer, Client, Federation, Tokens, World, changed};
use crate::on_each_engine;

const STATEMENT: &str = "application/entity-statement+jwt";
const CHAIN: &str = "application/trust-chain+json";

async fn post(it: &Federation, kind: &str, body: &str) -> Answer {
    it.world
        .post("/federation_registration")
        .body(kind, body.as_bytes())
        .send()
        .await
}

/// The configuration of the application, for this registration, with changes.
fn request(it: &Federation, changes: &Value) -> String {
    let claims = jws::peek(&it.statement("leaf", "leaf"))
        .unwrap()
        .claims()
        .unwrap();
    let claims = changed(
        Value::Object(claims),
        &json!({"aud": it.world.issuer(), "jti": it.world.realm().ambient().token()}),
    );
    it.sign("leaf", "entity-statement+jwt", &changed(claims, changes))
}

/// What the answer says, verified with the realm's federation keys.
async fn registered(it: &Federation, answer: &Answer) -> Value {
    answer.status(200).not_stored();
    assert_eq!(
        answer.header("content-type"),
        "application/explicit-registration-response+jwt"
    );
    let read = jws::peek(&answer.body).unwrap();
    assert_eq!(
        read.header.typ.as_deref(),
        Some("explicit-registration-response+jwt")
    );
    let keys = configuration(&it.world).await["jwks"].to_string();
    let keys = KeySet::from_jwks(&JwkSet::from_json(&keys).unwrap());
    jws::verify(
        &answer.body,
        keys.find(read.header.kid.as_deref(), read.algorithm)
            .unwrap(),
    )
    .unwrap();
    Value::Object(read.claims().unwrap())
}

on_each_engine! {
    /// §12.2.1 to §12.2.3, and again with another secret.
    async fn an_entity_registers_and_signs_people_in(world: World) {
        let it = federation(&world).await;
        it.describe(json!({"token_endpoint_auth_method": "client_secret_basic", "jwks": null}));
        it.vouch("anchor", "middle", json!({"exp": world.now() + 900}));
        let claims = registered(&it, &post(&it, STATEMENT, &request(&it, &json!({}))).await).await;
        let leaf = it.id("leaf");
        assert_eq!((&claims["iss"], &claims["sub"], &claims["aud"]), (&json!(world.issuer()), &json!(leaf), &json!(leaf)));
        assert_eq!((&claims["trust_anchor"], &claims["authority_hints"]), (&json!(it.id("anchor")), &json!([it.id("middle")])));
        assert_eq!(claims["exp"], json!(world.now() + 900));
        let metadata = &claims["metadata"]["openid_relying_party"];
        assert_eq!((&metadata["client_id"], &metadata["client_secret_expires_at"]), (&json!(leaf), &claims["exp"]));
        let secret = metadata["client_secret"].as_str().unwrap();
        world.remember(secret);
        let client = Client::existing(&world, &leaf, Some(secret), crate::harness::RP_CALLBACK);
        let tokens = world.flow(&client).with("scope", "openid offline_access").with("prompt", "consent").tokens().await;
        // The next registration takes the place of this one; what the application has lives on.
        let again = registered(&it, &post(&it, STATEMENT, &request(&it, &json!({}))).await).await;
        let next = again["metadata"]["openid_relying_party"]["client_secret"].as_str().unwrap();
        world.remember(next);
        assert_ne!(next, secret);
        client.refresh(tokens.refresh()).await.refused(401, "invalid_client");
        let tokens: Tokens = client.with_secret(next).refreshed(tokens.refresh()).await;
        // And ends with the chain, used or not.
        world.advance(900);
        client.with_secret(next).refresh(tokens.refresh()).await.refused(400, "invalid_trust_chain");
        world.node().sync().await.unwrap();
        assert!(realm::clients::find(world.realm(), &leaf).await.unwrap().is_none());
    }

    async fn a_chain_that_is_sent_is_not_asked_for(world: World) {
        let it = federation(&world).await;
        let mut chain = it.chain();
        chain[0] = request(&it, &json!({}));
        let claims = registered(&it, &post(&it, CHAIN, &json!(chain).to_string()).await).await;
        assert_eq!(claims["trust_anchor"], json!(it.id("anchor")));
        assert_eq!(it.requests(), 0);
        chain[0] = request(&it, &json!({}));
        chain.swap(1, 2);
        post(&it, CHAIN, &json!(chain).to_string()).await.status(200);
        assert_eq!(it.requests(), 4, "then it is found");
    }

    /// §8.9, §12.2.4.
    async fn what_is_no_registration_is_refused(world: World) {
        let it = federation(&world).await;
        let ask = async |changes: Value| post(&it, STATEMENT, &request(&it, &changes)).await;
        for (changes, code) in [
            (json!({"aud": null}), "invalid_request"),
            (json!({"aud": "https://other.example"}), "invalid_request"),
            (json!({"aud": [world.issuer(), "https://other.example"]}), "invalid_request"),
            (json!({"exp": world.now()}), "invalid_trust_chain"),
            (json!({"sub": it.id("middle")}), "invalid_trust_chain"),
            (json!({"metadata": null}), "invalid_metadata"),
            (json!({"metadata": {"openid_relying_party": {"redirect_uris": ["https://rp.example/cb"]}}}), "invalid_metadata"),
            (json!({"metadata": {"openid_relying_party": {"client_registration_types": ["explicit"], "redirect_uris": ["javascript:x"]}}}), "invalid_redirect_uri"),
        ] {
            ask(changes.clone()).await.refused(400, code);
        }
        ask(json!({"authority_hints": null})).await.refused(404, "invalid_trust_anchor");
        ask(json!({"iss": it.id("middle"), "sub": it.id("middle")})).await.refused(404, "invalid_trust_anchor");
        it.add("stranger");
        ask(json!({"authority_hints": [it.id("stranger")]})).await.refused(400, "invalid_trust_chain");
        for (kind, body) in [(STATEMENT, "x"), (CHAIN, "x"), (CHAIN, "[]"), (CHAIN, "[1]"), (CHAIN, "{}")] {
            assert_eq!(post(&it, kind, body).await.status, 400, "{kind} {body}");
        }
        post(&it, "application/json", "{}").await.refused(400, "invalid_request");
        it.fail("anchor", Some(503));
        ask(json!({})).await.refused(503, "temporarily_unavailable");
    }

    /// Whoever reads a registration on its way cannot send it again to be told a secret.
    async fn a_registration_counts_once(world: World) {
        let it = federation(&world).await;
        let body = request(&it, &json!({}));
        post(&it, STATEMENT, &body).await.status(200);
        post(&it, STATEMENT, &body).await.refused(400, "invalid_request");
    }

    /// What an operator made is nobody's to replace.
    async fn an_operators_client_is_not_replaced(world: World) {
        let it = federation(&world).await;
        world.client(&it.id("leaf")).create().await;
        post(&it, STATEMENT, &request(&it, &json!({}))).await.refused(400, "invalid_client_metadata");
    }
}
