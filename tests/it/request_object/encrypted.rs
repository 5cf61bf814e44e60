//! Objects that nobody on the way can read (RFC 9101 §6.1).

use jose::jwe::{self, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Jwk, base64url};
use serde_json::json;

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
        let stranger = Jwk::from_value(json!({"kty": "oct", "k": base64url::encode([7; 32])})).unwrap();
        for (case, object) in [
            ("claims alone", seal(&app.claims().to_string())),
            ("unsigned", seal(&none)),
            ("twice", seal(&good)),
            ("altered", String::from_utf8(altered).unwrap()),
            ("for another", encrypt(&signed, &stranger, KeyManagement::Dir, ContentEncryption::A256Gcm)),
            ("nothing", "....".to_owned()),
        ] {
            assert_eq!(app.outcome(&object).await.unwrap_err(), REFUSED, "{case}");
            app.pushed(&object).await.refused(400, REFUSED);
        }
    }
}
