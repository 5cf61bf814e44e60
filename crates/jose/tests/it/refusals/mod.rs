//! What must never be accepted (RFC 8725, RFC 7515 §10, RFC 7519 §11).

mod claims;
mod keys;
mod tokens;

use jose::{
    Algorithm, Error, SigningKey, base64url,
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
};
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;

const POLICY: Policy<'_> = Policy {
    issuer: Issuer::Is("https://as.example"),
    audience: Audience::Includes("api"),
    algorithms: &Algorithm::ALL,
    typ: Type::Is("at+jwt"),
    lifetime: Lifetime::Expires,
    now: NOW,
    leeway: 10,
};

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://as.example", "aud": "api", "exp": NOW + 60, "sub": "alice"})
}

/// A token of any header and payload with a right signature over them.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = base64url::encode(key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

fn outcome(key: &SigningKey, token: &str, policy: &Policy<'_>) -> Result<Value, Error> {
    jwt::verify::<Value>(token, &key.verifying_key()?, policy).map(jwt::Verified::into_claims)
}
