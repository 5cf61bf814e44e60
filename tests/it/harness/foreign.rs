//! A foreign library verifies what grantor signs.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use super::World;

/// The claims, after `jsonwebtoken` has verified the signature with the key that /jwks publishes under the token's `kid`.
pub async fn claims(world: &World, token: &str) -> Value {
    let answer = world.get("/jwks").send().await;
    answer.status(200);
    claims_by(&answer.body, token)
}

/// The same with these keys (a JWK set).
pub fn claims_by(keys: &str, token: &str) -> Value {
    let keys: JwkSet = serde_json::from_str(keys).expect("a key set");
    let header = decode_header(token).expect("a header");
    let kid = header.kid.expect("a kid");
    let key = keys
        .find(&kid)
        .unwrap_or_else(|| panic!("no key {kid} in {keys:?}"));
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    let mut validation = Validation::new(header.alg);
    // The clock of the tests is not that of the machine; what the claims say is for the tests to assert.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    match decode::<Value>(token, &key, &validation) {
        Ok(verified) => verified.claims,
        Err(error) => panic!("{error}: {token}"),
    }
}

/// The algorithm and the claims of a token, verified with the published keys by our own code.
pub async fn verified(world: &World, token: &str) -> (jose::Algorithm, Value) {
    let answer = world.get("/jwks").send().await;
    let keys = jose::JwkSet::from_json(&answer.body).expect("a key set");
    let keys = jose::KeySet::from_jwks(&keys);
    let said = jose::jws::peek(token).expect("a JWT");
    let key = keys.find(said.header.kid.as_deref(), said.algorithm);
    let verified = jose::jws::verify(token, key.expect("its key")).expect("a good signature");
    let claims = serde_json::from_slice(&verified.payload).expect("claims");
    (said.algorithm, claims)
}
