//! Signing and verifying a JWT, by algorithm.

use divan::Bencher;
use jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "0190-client", "aud": "https://api.example", "iat": NOW, "exp": NOW + 300,
        "jti": "K8v0mM2w1Yt0cJ6b3xq9Pw", "client_id": "0190-client", "scope": "notes.read notes.write",
    })
}

const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es256k,
    Algorithm::EdDsa,
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::MlDsa44,
    Algorithm::MlDsa65,
    Algorithm::MlDsa87,
];

#[divan::bench(args = ALGORITHMS)]
fn sign(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    let signer = jwt::Signer::new(key.into(), "at+jwt").unwrap();
    let claims = claims();
    bencher.bench(|| signer.sign(&claims).unwrap());
}

#[divan::bench(args = ALGORITHMS)]
fn verify(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    let token = jwt::sign(&key, "at+jwt", &claims()).unwrap();
    let keys = KeySet::from_jwks(&JwkSet {
        keys: vec![key.public_jwk().unwrap()],
    });
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is("https://id.example"),
        audience: jwt::Audience::Includes("https://api.example"),
        algorithms: &[algorithm],
        typ: jwt::Type::Is("at+jwt"),
        lifetime: jwt::Lifetime::Expires,
        now: NOW,
        leeway: 0,
    };
    bencher.bench(|| jwt::verify::<oauth::claims::AccessToken>(&token, &keys, &policy).unwrap());
}
