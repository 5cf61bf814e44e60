//! Introspection answers that are JWTs: RFC 9701.

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::{Algorithm, Jwk, SigningKey, jws};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, World};
use crate::on_each_engine;

const JWT: &str = "application/token-introspection+jwt";

/// An API of the notes that registered these members, and a token for it.
async fn api(world: &World, members: &[(&str, Value)]) -> (Client, String) {
    let service = world.service().await;
    let token = service
        .client_credentials("notes.read")
        .await
        .text("access_token");
    let mut client = world
        .client("api")
        .grants(&["client_credentials"])
        .redirects(&[])
        .scope("")
        .set("introspects", json!(["urn:example:notes"]));
    for (name, value) in members {
        client = client.set(name, value.clone());
    }
    (client.create().await, token)
}

async fn ask(world: &World, client: &Client, token: &str, accept: &str) -> Answer {
    let secret = client.secret.as_deref().unwrap();
    let call = world.post("/introspect").form(&[("token", token)]);
    let call = call.basic(&client.id, secret).header("accept", accept);
    call.send().await
}

fn header(token: &str) -> (Algorithm, Option<String>) {
    let peeked = jws::peek(token).unwrap();
    (peeked.algorithm, peeked.header.typ)
}

/// A key to encrypt to, as it is registered, and as its owner has it.
fn pair() -> (Value, Jwk) {
    let own = SigningKey::generate(Algorithm::Es256).unwrap().jwk();
    let meant = |key: &Jwk| {
        let mut value = key.to_value();
        for (name, said) in [("use", json!("enc")), ("kid", json!("to-encrypt"))] {
            value[name] = said;
        }
        value.as_object_mut().unwrap().remove("alg");
        value
    };
    let public = meant(&own.public().unwrap());
    (public, Jwk::from_value(meant(&own)).unwrap())
}

on_each_engine! {
    /// §4, §5: asked for by `Accept`, signed, typed, for the caller alone; without `sub` and `exp`, which would make it look like other tokens.
    async fn an_api_that_asks_for_it_gets_a_signed_answer(world: World) {
        let (api, token) = api(&world, &[("introspection_signed_response_alg", json!("ES256"))]).await;
        let plain = api.introspect(&token).await;
        let answer = ask(&world, &api, &token, JWT).await;
        answer.status(200).not_stored();
        assert_eq!(answer.header("content-type"), JWT);
        assert_eq!(header(&answer.body), (Algorithm::Es256, Some("token-introspection+jwt".to_owned())));
        let claims = world.claims(&answer.body).await;
        let expected = json!({
            "iss": world.issuer(), "aud": "api", "iat": world.now(), "token_introspection": plain,
        });
        assert_eq!(claims, expected);
    }

    /// §5: of a token that is not active, or is for somebody else, the signed answer tells nothing more than the plain one.
    async fn a_signed_answer_about_a_strange_token_tells_nothing(world: World) {
        let (api, token) = api(&world, &[("introspection_signed_response_alg", json!("EdDSA"))]).await;
        let document = json!({"id": "urn:example:other", "name": "Other", "scopes": [{"name": "other.read", "description": "Read"}]});
        world.resource_document(document).await;
        let other = world.api("urn:example:other").await;
        for (client, token) in [(&api, "unknown"), (&other, token.as_str())] {
            let answer = ask(&world, client, token, JWT).await;
            let claims = world.claims(&answer.status(200).body).await;
            assert_eq!(claims["token_introspection"], json!({"active": false}));
            assert_eq!(claims["aud"], json!(client.id));
        }
    }

    /// §6: RS256 signs for a caller that registered nothing.
    async fn rs256_signs_when_nothing_is_registered(world: World) {
        let (api, token) = api(&world, &[]).await;
        let answer = ask(&world, &api, &token, JWT).await;
        assert_eq!(header(&answer.status(200).body).0, Algorithm::Rs256);
        assert_eq!(world.claims(&answer.body).await["token_introspection"]["active"], json!(true));
    }

    /// §5, §6: signed, then encrypted to a key of the caller (RFC 7519 §5.2).
    async fn an_answer_is_encrypted_for_who_registered_that(world: World) {
        let (public, own) = pair();
        let signs = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk().unwrap().to_value();
        let members = [
            ("introspection_signed_response_alg", json!("ES256")),
            ("introspection_encrypted_response_alg", json!("ECDH-ES+A128KW")),
            ("introspection_encrypted_response_enc", json!("A256GCM")),
            ("jwks", json!({"keys": [signs, public]})),
        ];
        let (api, token) = api(&world, &members).await;
        let answer = ask(&world, &api, &token, JWT).await;
        assert_eq!(answer.status(200).header("content-type"), JWT);
        let accepted = Accepted { key_management: &[KeyManagement::EcdhEsA128Kw], content: &[ContentEncryption::A256Gcm] };
        let opened = jwe::decrypt(&answer.body, &own, &accepted).unwrap();
        assert_eq!((opened.header.cty.as_deref(), opened.header.kid.as_deref()), (Some("JWT"), Some("to-encrypt")));
        let inner = String::from_utf8(opened.plaintext).unwrap();
        assert_eq!(header(&inner), (Algorithm::Es256, Some("token-introspection+jwt".to_owned())));
        assert_eq!(world.claims(&inner).await["token_introspection"]["active"], json!(true));
    }

    /// §4 and RFC 9110 §12.5.1: whoever does not name the type gets JSON, whatever else the header says; an error is JSON in any case.
    async fn only_the_named_type_is_answered_with_a_jwt(world: World) {
        let (api, token) = api(&world, &[("introspection_signed_response_alg", json!("ES256"))]).await;
        for (accept, kind) in [
            ("*/*", "application/json"),
            ("application/*;q=1", "application/json"),
            ("application/json, application/token-introspection+jwt;q=0.5", "application/json"),
            ("application/token-introspection+jwt;q=0", "application/json"),
            ("application/jwt", "application/json"),
            ("application/token-introspection+jwt;q=nan, text/html", "application/json"),
            (",;q=,,/", "application/json"),
            ("text/html;q=0.9, application/token-introspection+jwt;q=0.1", JWT),
            ("APPLICATION/TOKEN-INTROSPECTION+JWT", JWT),
        ] {
            let answer = ask(&world, &api, &token, accept).await;
            assert_eq!(answer.status(200).header("content-type"), kind, "{accept}");
        }
        let long = format!("{JWT};q=0, ").repeat(500);
        assert_eq!(ask(&world, &api, &token, &long).await.header("content-type"), "application/json");
        ask(&world, &api.with_secret("not the right secret"), &token, JWT).await.refused(401, "invalid_client");
        let call = world.post("/introspect").form(&[]).basic(&api.id, api.secret.as_deref().unwrap());
        call.header("accept", JWT).send().await.refused(400, "invalid_request");
    }

    /// §8.1: the answer is neither an access token nor an ID token, although the same keys sign all of them.
    async fn an_introspection_answer_is_no_other_token(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        let answer = ask(&world, &app, tokens.access(), JWT).await;
        let jwt = answer.status(200).body.clone();
        world.userinfo(&jwt).await.status(401);
        assert_eq!(app.introspect(&jwt).await, json!({"active": false}));
        let flow = world.flow(&app).with("prompt", "none").with("id_token_hint", &jwt);
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_request");
        // Nor is an access token an introspection answer: its type says so.
        assert_eq!(header(tokens.access()).1.as_deref(), Some("at+jwt"));
    }

    /// A caller at one tenant reads nothing of another's tokens.
    async fn an_answer_of_another_realm_is_not_to_be_had(world: World) {
        world.add_realm("second").await;
        let (api, token) = api(&world, &[]).await;
        let secret = api.secret.as_deref().unwrap();
        let call = world.post("/realms/second/introspect").form(&[("token", &token)]).basic("api", secret);
        call.header("accept", JWT).send().await.refused(401, "invalid_client");
    }

    /// What cannot work is refused when it is registered (RFC 9701 §6, OpenID Connect Registration §2).
    async fn algorithms_of_answers_are_checked_at_registration(world: World) {
        let (public, _) = pair();
        let keys = json!({"keys": [public]});
        let alg = "introspection_encrypted_response_alg";
        let enc = "introspection_encrypted_response_enc";
        for (case, members) in [
            ("a symmetric signature", vec![("introspection_signed_response_alg", json!("HS256"))]),
            ("none", vec![("introspection_signed_response_alg", json!("none"))]),
            ("no key", vec![(alg, json!("ECDH-ES"))]),
            ("a key of another kind", vec![(alg, json!("RSA-OAEP-256")), ("jwks", keys.clone())]),
            ("a shared key", vec![(alg, json!("dir")), ("jwks", keys.clone())]),
            ("RSA1_5", vec![(alg, json!("RSA1_5")), ("jwks", keys.clone())]),
            ("an unknown content encryption", vec![(alg, json!("ECDH-ES")), (enc, json!("A1")), ("jwks", keys.clone())]),
            ("content encryption alone", vec![(enc, json!("A256GCM")), ("jwks", keys.clone())]),
        ] {
            let mut client = world.client("bad");
            for (name, value) in members {
                client = client.set(name, value);
            }
            assert!(client.try_create().await.is_none(), "{case}");
        }
        let good = world.client("good").set(alg, json!("ECDH-ES")).set("jwks", keys);
        assert!(good.try_create().await.is_some());
    }

    /// §7: the metadata name the algorithms.
    async fn the_metadata_name_the_algorithms_of_answers(world: World) {
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        for (member, value) in [
            ("introspection_signing_alg_values_supported", "RS256"),
            ("introspection_signing_alg_values_supported", "ES256"),
            ("introspection_encryption_alg_values_supported", "ECDH-ES"),
            ("introspection_encryption_alg_values_supported", "RSA-OAEP-256"),
            ("introspection_encryption_enc_values_supported", "A128CBC-HS256"),
        ] {
            let values = document[member].as_array().unwrap_or_else(|| panic!("{member}: {document}"));
            assert!(values.contains(&json!(value)), "{member}: {values:?}");
        }
    }
}
