//! What is encrypted to clients, and what they encrypt to us.

use std::collections::BTreeSet;

use jose::Jwk;
use jose::jwe::{ContentEncryption, KeyManagement};
use realm::keys::Family;
use serde_json::json;

use super::drawn::{Drawn, all_jwks};
use crate::harness::NewClient;
use crate::request_object::encrypted::{encrypt, recipient};

/// Algorithms that nobody shall have here.
const NEVER: [&str; 3] = ["RSA1_5", "PBES2-HS256+A128KW", "A128GCMKW"];

/// ID tokens, answers about people and about tokens, and responses.
pub async fn answers(drawn: &Drawn<'_>) {
    let ways = KeyManagement::ALL.map(KeyManagement::as_str);
    let contents = ContentEncryption::ALL.map(ContentEncryption::as_str);
    for what in ["id_token", "userinfo", "authorization", "introspection"] {
        let (alg, enc) = (
            format!("{what}_encrypted_response_alg"),
            format!("{what}_encrypted_response_enc"),
        );
        let keyed = |client: NewClient| client.set("jwks", all_jwks());
        let list = format!("{what}_encryption_alg_values_supported");
        let all = ways.into_iter().chain(NEVER);
        drawn.registrable((&list, &alg), all, keyed).await;
        let list = format!("{what}_encryption_enc_values_supported");
        let all = contents.into_iter().chain(["A128CBC+HS256", "XC20P"]);
        let agreed = |client: NewClient| keyed(client).set(&alg, json!("ECDH-ES"));
        drawn.registrable((&list, &enc), all, agreed).await;
    }
}

/// Request objects.
pub async fn requests(drawn: &Drawn<'_>) {
    let id = drawn.client(|client| client).await.unwrap();
    let signed = || drawn.object(&id, &drawn.request(&id, &[]), jose::Algorithm::Es256);
    let shared = |length: usize| Jwk::symmetric(&vec![7; length]).unwrap();
    let (curve, rsa) = (
        recipient(&drawn.world, "/jwks", Family::EcdhEs).await,
        recipient(&drawn.world, "/jwks", Family::RsaOaep).await,
    );
    let mut works = BTreeSet::new();
    for way in KeyManagement::ALL {
        let key = match (way, Family::of(way)) {
            (_, Some(Family::EcdhEs)) => curve.clone(),
            (_, Some(Family::RsaOaep)) => rsa.clone(),
            (KeyManagement::A128Kw, _) => shared(16),
            (KeyManagement::A192Kw, _) => shared(24),
            _ => shared(32),
        };
        let object = encrypt(&signed(), &key, way, ContentEncryption::A256Gcm);
        if drawn.pushes(&id, &object).await {
            works.insert(way.as_str());
        }
    }
    drawn.agree("request_object_encryption_alg_values_supported", &works);
    let mut works = BTreeSet::new();
    for content in ContentEncryption::ALL {
        let object = encrypt(&signed(), &curve, KeyManagement::EcdhEs, content);
        if drawn.pushes(&id, &object).await {
            works.insert(content.as_str());
        }
    }
    drawn.agree("request_object_encryption_enc_values_supported", &works);
}
