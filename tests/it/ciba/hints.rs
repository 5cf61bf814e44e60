//! Who is asked (CIBA Core §7.1): `login_hint`, `id_token_hint`, `login_hint_token`.

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use super::*;

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// The key set that the client registers.
fn jwks(key: &SigningKey) -> Value {
    let set = JwkSet {
        keys: vec![key.public_jwk().unwrap()],
    };
    serde_json::to_value(&set).unwrap()
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    let header = Header::typed("JWT", key);
    jws::sign(key, &header, claims.to_string().as_bytes()).unwrap()
}

async fn asked(client: &Client, name: &str, hint: &str) -> Answer {
    client
        .post("/bc-authorize", &[("scope", "openid"), (name, hint)])
        .await
}

on_each_engine! {
    /// By the user name however it is cased, by a proven e-mail address, or by `sub`.
    async fn a_person_is_named_in_several_ways(world: World) {
        let agent = agent(&world).await;
        let id = identity::people::find_by_username(world.realm(), ALICE.0).await.unwrap().unwrap().id;
        for name in ["alice", " ALICE ", "alice@example.com", "Alice@Example.com"] {
            asked(&agent, "login_hint", name).await.status(200);
            deny(&world).await;
        }
        asked(&agent, "login_hint", &id).await.status(200);
        for nobody in ["alic", "bob@example.com", "alice@", "%", "alice%"] {
            asked(&agent, "login_hint", nobody).await.refused(400, "unknown_user_id");
        }
        world.disable(ALICE.0).await;
        asked(&agent, "login_hint", ALICE.0).await.refused(400, "unknown_user_id");
    }

    /// An address that is not proven, or that two people have, names nobody.
    async fn an_address_that_is_not_one_persons_names_nobody(world: World) {
        let agent = agent(&world).await;
        for (username, proven) in [("bob", true), ("carol", true), ("dave", false)] {
            let address = if proven { "shared@example.com" } else { "dave@example.com" };
            let details = identity::Details {
                username: username.to_owned(),
                email: Some(address.to_owned()),
                email_verified: proven,
                ..identity::Details::default()
            };
            identity::people::create(world.realm(), details, None, None).await.unwrap();
        }
        for address in ["shared@example.com", "dave@example.com"] {
            asked(&agent, "login_hint", address).await.refused(400, "unknown_user_id");
        }
    }

    /// An ID token that this client was given, expired or not; no other client's, and none of another issuer.
    async fn an_id_token_of_the_client_names_its_person(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        approve(&world).await;
        let own = redeemed(&agent, &request).await;
        world.advance(90_000);
        asked(&agent, "id_token_hint", own.id()).await.status(200);
        let other = asking(&world, "other").create().await;
        asked(&other, "id_token_hint", own.id()).await.refused(400, "invalid_request");
        let altered = crate::harness::altered(own.id(), own.id().len() - 3);
        asked(&agent, "id_token_hint", &altered).await.refused(400, "invalid_request");
        asked(&agent, "id_token_hint", own.access()).await.refused(400, "invalid_request");
        let forged = signed(&key(), &world.claims(own.id()).await);
        asked(&agent, "id_token_hint", &forged).await.refused(400, "invalid_request");
        let twice = [("scope", "openid"), ("login_hint", ALICE.0), ("id_token_hint", own.id())];
        agent.post("/bc-authorize", &twice).await.refused(400, "invalid_request");
    }

    /// A JWT that the client signs, with a subject identifier of RFC 9493.
    async fn a_login_hint_token_is_signed_by_the_client(world: World) {
        let own = key();
        let agent = agent_with(&world, |client| client.set("jwks", jwks(&own))).await;
        let id = identity::people::find_by_username(world.realm(), ALICE.0).await.unwrap().unwrap().id;
        let claims = |sub_id: Value| {
            json!({"iss": "agent", "aud": world.issuer(), "exp": world.now() + 60, "sub_id": sub_id})
        };
        let alice = json!({"format": "opaque", "id": "alice"});
        for sub_id in [
            alice.clone(),
            json!({"format": "email", "email": "alice@example.com"}),
            json!({"format": "iss_sub", "iss": world.issuer(), "sub": id}),
        ] {
            asked(&agent, "login_hint_token", &signed(&own, &claims(sub_id))).await.status(200);
            deny(&world).await;
        }
        for sub_id in [
            json!({"format": "opaque", "id": "nobody"}),
            json!({"format": "phone_number", "phone_number": "+12065550100"}),
            json!({"format": "iss_sub", "iss": "https://other.example", "sub": id}),
        ] {
            asked(&agent, "login_hint_token", &signed(&own, &claims(sub_id))).await.refused(400, "unknown_user_id");
        }
        let mut expired = claims(alice.clone());
        expired["exp"] = json!(world.now() - 31);
        asked(&agent, "login_hint_token", &signed(&own, &expired)).await.refused(400, "expired_login_hint_token");
        for (name, value) in [("iss", json!("other")), ("aud", json!("https://other.example")), ("exp", Value::Null), ("sub_id", Value::Null), ("sub_id", json!("alice"))] {
            let mut wrong = claims(alice.clone());
            wrong[name] = value;
            if wrong[name].is_null() {
                wrong.as_object_mut().unwrap().remove(name);
            }
            asked(&agent, "login_hint_token", &signed(&own, &wrong)).await.refused(400, "invalid_request");
        }
        let forged = signed(&key(), &claims(alice));
        asked(&agent, "login_hint_token", &forged).await.refused(400, "invalid_request");
    }

    /// Nobody is asked for what they cannot give.
    async fn what_the_person_may_not_give_is_not_asked_for(world: World) {
        let agent = agent(&world).await;
        let scopes = json!([{"name": "payroll", "description": "Pay people", "grantable": {"group": "finance"}}]);
        world.resource_document(json!({"id": "urn:example:pay", "name": "Pay", "scopes": scopes})).await;
        let payer = asking(&world, "payer").scope("openid payroll").create().await;
        let form = [("scope", "openid payroll"), ("login_hint", ALICE.0)];
        // openid is left, so that there is something to ask for.
        ask(&payer, &form).await;
        let (_, page) = waiting(&world).await;
        assert!(!page.says("Pay people"), "{}", page.words());
        drop(agent);
    }
}
