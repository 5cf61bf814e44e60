//! What a client can do, where it has not settled on one thing (OpenID Connect Relying Party Metadata Choices 1.0).

use jose::{Algorithm, JwkSet, SigningKey, jws};
use realm::Admission;
use serde_json::{Value, json};

use super::{client, mode, register, registered};
use crate::harness::{ALICE, CALLBACK, Federation, Tokens, World};
use crate::on_each_engine;

fn algorithm(token: &str) -> Algorithm {
    jws::peek(token).unwrap().algorithm
}

fn lists() -> Value {
    json!({
        "subject_types_supported": ["ephemeral", "pairwise", "public"],
        "userinfo_signing_alg_values_supported": ["XY512", "EdDSA", "ES256"],
        "authorization_signing_alg_values_supported": ["ES384", "ES256"],
        "introspection_signing_alg_values_supported": ["none", "PS256"],
    })
}

on_each_engine! {
    /// §2: of each list the first that is good here is registered, the answer says so, and what comes is so.
    async fn of_what_a_client_can_do_the_first_is_registered(world: World) {
        mode(&world, Admission::Open).await;
        world.person(ALICE.0, ALICE.1).await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk().unwrap();
        let mut key = key.to_value();
        key.as_object_mut().unwrap().remove("alg");
        key["use"] = json!("enc");
        let mut stated = lists();
        for (name, value) in [
            ("redirect_uris", json!([CALLBACK])),
            ("jwks", json!({"keys": [key]})),
            ("token_endpoint_auth_methods_supported", json!(["magic", "none", "client_secret_basic"])),
            ("introspection_encryption_alg_values_supported", json!(["RSA-OAEP-256", "ECDH-ES"])),
            ("introspection_encryption_enc_values_supported", json!(["A256GCM"])),
            ("token_endpoint_auth_signing_alg_values_supported", json!(["ES256"])),
            ("request_object_signing_alg_values_supported", json!(["ES256", "PS256"])),
            ("request_object_encryption_alg_values_supported", json!(["RSA-OAEP"])),
        ] {
            stated[name] = value;
        }
        let answer = registered(&world, &stated).await;
        for (name, chosen) in [
            ("subject_type", json!("pairwise")),
            ("userinfo_signed_response_alg", json!("EdDSA")),
            ("authorization_signed_response_alg", json!("ES384")),
            ("introspection_signed_response_alg", json!("PS256")),
            ("introspection_encrypted_response_alg", json!("ECDH-ES")),
            ("introspection_encrypted_response_enc", json!("A256GCM")),
            ("token_endpoint_auth_method", json!("none")),
            // It may sign as it likes.
            ("token_endpoint_auth_signing_alg", Value::Null),
            ("request_object_signing_alg", Value::Null),
        ] {
            assert_eq!(answer[name], chosen, "{name}");
        }
        let app = client(&world, &answer);
        let tokens = world.flow(&app).tokens().await;
        assert_eq!(algorithm(&world.userinfo(tokens.access()).await.status(200).body), Algorithm::EdDsa);
        let flow = world.flow(&app).with("response_mode", "jwt");
        let page = flow.walk(&mut world.browser()).await;
        let query = crate::harness::query_of(page.left());
        assert_eq!(algorithm(&query["response"]), Algorithm::Es384);
        // What is settled stays, whatever is listed; and what nobody here can do is said at once.
        stated["userinfo_signed_response_alg"] = json!("ES256");
        assert_eq!(registered(&world, &stated).await["userinfo_signed_response_alg"], json!("ES256"));
        for (name, nothing) in [
            ("authorization_signing_alg_values_supported", json!(["XY512"])),
            ("subject_types_supported", json!(["ephemeral"])),
            ("token_endpoint_auth_methods_supported", json!(["magic"])),
            ("introspection_signing_alg_values_supported", json!({"RS256": true})),
        ] {
            let mut wrong = stated.clone();
            wrong[name] = nothing;
            let refused = register(&world, &wrong).await;
            refused.refused(400, "invalid_client_metadata");
            assert!(refused.json()["error_description"].as_str().unwrap().starts_with(name), "{refused:?}");
        }
    }

    /// Where no answer tells what was chosen, it is one of what the client lists: entities of a federation, for which this was made (§1), and clients by document.
    async fn clients_that_nobody_registers_are_told_things_as_they_list(world: World) {
        world.person(ALICE.0, ALICE.1).await;
        let it = Federation::new(&world).await;
        it.describe(lists());
        let answer = it.redeem(&it.code(&it.object(&json!({}))).await).await;
        let tokens = Tokens(answer.status(200).json());
        assert_eq!(algorithm(&world.userinfo(tokens.access()).await.status(200).body), Algorithm::EdDsa);
        let site = crate::client_id_document::site::Site::new().await;
        let keys = JwkSet { keys: vec![SigningKey::generate(Algorithm::Es256).unwrap().public_jwk().unwrap()] };
        let mut described = lists();
        described["jwks"] = serde_json::to_value(keys).unwrap();
        site.publish(described);
        let tokens = site.flow(&world).tokens().await;
        assert_eq!(algorithm(&world.userinfo(tokens.access()).await.status(200).body), Algorithm::EdDsa);
    }
}
