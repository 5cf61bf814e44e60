//! The inner pieces of the hot paths: `cargo bench -p grantor-bench`.
#![allow(clippy::unwrap_used, missing_docs)]

use divan::Bencher;
use jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;

fn main() {
    divan::main();
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "sub": "0190-client", "aud": "https://api.example", "iat": NOW, "exp": NOW + 300,
        "jti": "K8v0mM2w1Yt0cJ6b3xq9Pw", "client_id": "0190-client", "scope": "notes.read notes.write",
    })
}

const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
    Algorithm::MlDsa65,
];

#[divan::bench(args = ALGORITHMS)]
fn sign_a_jwt(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    let signer = jwt::Signer::new(key.into(), "at+jwt").unwrap();
    let claims = claims();
    bencher.bench(|| signer.sign(&claims).unwrap());
}

#[divan::bench(args = ALGORITHMS)]
fn verify_a_jwt(bencher: Bencher, algorithm: Algorithm) {
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

#[divan::bench]
fn check_a_code_verifier(bencher: Bencher) {
    let verifier: oauth::pkce::Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        .parse()
        .unwrap();
    let challenge = oauth::pkce::Challenge::of(&verifier);
    bencher.bench(|| challenge.matches(&verifier));
}
