//! Objects that nobody on the way can read (RFC 9101 §6.1).

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Jwk, base64url};
use realm::keys::{Role, Rotation, rotate};
use serde_json::{Value, json};

use super::{REFUSED, Signing};
use crate::harness::World;
use crate::on_each_engine;

/// The key that /jwks says is for this.
pub async fn published(world: &World, path: &str) -> Jwk {
    let keys = world.get(path).send().await.json();
    let mut found = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["use"] == json!("enc"));
    let key = found.next().unwrap();
    assert!(key.get("d").is_none());
    Jwk::from_value(key.clone()).unwrap()
}

fn without(key: &Jwk, member: &str) -> Value {
    let mut value = key.to_value();
    value.as_object_mut().unwrap().remove(member);
    value
}

pub fn encrypt(
    text: &str,
    key: &Jwk,
    management: KeyManagement,
    encryption: ContentEncryption,
) -> String {
    let header = Header {
        cty: Some("JWT".into()),
        kid: key.kid().map(str::to_owned),
        ..Header::default()
    };
    jwe::encrypt(text.as_bytes(), key, management, encryption, &header).unwrap()
}

on_each_engine! {
    /// Signed, then encrypted; in each way that is announced.
    async fn an_encrypted_request_becomes_a_code(world: World) {
        let app = Signing::new(&world).await;
        let key = published(&world, "/jwks").await;
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        let managements = document["request_object_encryption_alg_values_supported"].as_array().unwrap();
        let encryptions = document["request_object_encryption_enc_values_supported"].as_array().unwrap();
        for (number, management) in managements.iter().enumerate() {
            let encryption: ContentEncryption = encryptions[number % encryptions.len()].as_str().unwrap().parse().unwrap();
            let object = encrypt(&app.sign(&app.claims()), &key, management.as_str().unwrap().parse().unwrap(), encryption);
            app.outcome(&object).await.unwrap();
            app.pushed(&object).await.status(201);
        }
        // The same key at another node, and another one in another realm.
        let beside = world.beside().await;
        assert_eq!(published(&beside, "/jwks").await, key);
        world.add_realm("second").await;
        assert_ne!(published(&world, "/realms/second/jwks").await, key);
    }

    /// OpenID Connect Core §10.2.1: while keys are replaced, what was encrypted to the one before is taken for a bounded time, at every node; a new request finds the new
    /// key alone; and what has leaked opens nothing.
    async fn keys_are_replaced_while_requests_are_under_way(world: World) {
        let app = Signing::new(&world).await;
        let beside = world.beside().await;
        let old = published(&world, "/jwks").await;
        assert_eq!(published(&beside, "/jwks").await, old);
        let (management, encryption) = (KeyManagement::EcdhEsA128Kw, ContentEncryption::A256Gcm);
        let seal = |key: &Jwk| encrypt(&app.sign(&app.claims()), key, management, encryption);
        rotate(world.realm(), Role::RequestObjects, Rotation::Now, "test").await.unwrap();
        world.sync().await;
        let new = published(&world, "/jwks").await;
        assert_ne!(new, old);
        world.advance(1);
        let push = async |world: &World, object: &str| {
            let (id, secret) = (&app.client.id, app.client.secret.as_deref().unwrap());
            let form = [("client_id", id.as_str()), ("request", object)];
            world.post("/par").form(&form).basic(id, secret).send().await
        };
        for key in [&old, &new] {
            app.outcome(&seal(key)).await.unwrap();
            // Where nobody has read of the change yet.
            push(&beside, &seal(key)).await.status(201);
        }
        // Whoever names no key is understood too, and whoever names one that is not ours is not.
        let unnamed = Jwk::from_value(without(&new, "kid")).unwrap();
        app.pushed(&seal(&unnamed)).await.status(201);
        app.pushed(&seal(&unnamed.with_kid("unknown"))).await.refused(400, REFUSED);
        rotate(world.realm(), Role::RequestObjects, Rotation::Compromised, "test").await.unwrap();
        for node in [&world, &beside] {
            node.sync().await;
            for key in [&old, &new] {
                push(node, &seal(key)).await.refused(400, REFUSED);
            }
            push(node, &seal(&published(node, "/jwks").await)).await.status(201);
        }
    }

    /// Whoever has our public key can encrypt: only the signature inside says who.
    async fn what_is_encrypted_must_be_signed(world: World) {
        let app = Signing::new(&world).await;
        let key = published(&world, "/jwks").await;
        let (management, encryption) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        let seal = |text: &str| encrypt(text, &key, management, encryption);
        let signed = app.sign(&app.claims());
        let good = seal(&signed);
        let mut altered = good.clone().into_bytes();
        let at = good.rfind('.').unwrap() - 5;
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let none = format!("{}.{}.", base64url::encode(r#"{"alg":"none"}"#), base64url::encode(app.claims().to_string()));
        // A key of the realm, of the same curve, which is for something else.
        let keys = world.get("/jwks").send().await.json();
        let mut signing = keys["keys"].as_array().unwrap().iter().find(|key| key["alg"] == json!("ES256")).unwrap().clone();
        for member in ["use", "alg"] {
            signing.as_object_mut().unwrap().remove(member);
        }
        let signing = Jwk::from_value(signing).unwrap();
        let stranger = Jwk::from_value(json!({"kty": "oct", "k": base64url::encode([7; 32])})).unwrap();
        for (case, object) in [
            ("claims alone", seal(&app.claims().to_string())),
            ("unsigned", seal(&none)),
            ("twice", seal(&good)),
            ("altered", String::from_utf8(altered).unwrap()),
            ("for another", encrypt(&signed, &stranger, KeyManagement::Dir, ContentEncryption::A256Gcm)),
            ("to a key that signs", encrypt(&signed, &signing, management, encryption)),
            ("to a key that signs, unnamed", encrypt(&signed, &Jwk::from_value(without(&signing, "kid")).unwrap(), management, encryption)),
            ("nothing", "....".to_owned()),
            ("no base64", "ä.a.a.a.a".to_owned()),
            ("no header", format!("{}.a.a.a.a", base64url::encode("[]"))),
        ] {
            assert_eq!(app.outcome(&object).await.unwrap_err(), REFUSED, "{case}");
            app.pushed(&object).await.refused(400, REFUSED);
        }
    }

    /// OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2: a hint may be encrypted to us; it has to be an ID token of ours all the same.
    async fn a_hint_may_be_encrypted_to_us(world: World) {
        let app = world.app_with(|client| client.trusted()).await;
        let key = published(&world, "/jwks").await;
        let seal = |text: &str| encrypt(text, &key, KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let flow = |hint: &str| world.flow(&app).with("prompt", "none").with("id_token_hint", hint);
        assert!(!flow(&seal(tokens.id())).code(&mut browser).await.is_empty());
        let stranger = Jwk::from_value(json!({"kty": "oct", "k": base64url::encode([7; 32])})).unwrap();
        for wrong in [seal(tokens.access()), seal("{}"), seal(&seal(tokens.id())), encrypt(tokens.id(), &stranger, KeyManagement::Dir, ContentEncryption::A256Gcm)] {
            assert_eq!(flow(&wrong).error(&mut browser).await, "invalid_request");
        }
        let page = browser.get(&format!("/logout?id_token_hint={}", seal(tokens.id()))).await;
        assert!(!page.has("sign-out"), "{}", page.words());
        assert_eq!(world.flow(&app).with("prompt", "none").error(&mut browser).await, "login_required");
    }
}
