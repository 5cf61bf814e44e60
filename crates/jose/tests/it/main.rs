//! The vectors of the RFCs, a foreign implementation, attacks, and properties.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod jsonwebtoken;
mod properties;
mod refusals;
mod rfc7515;
mod rfc7516;
mod rfc7517;
mod rfc7519;
mod rfc7520;
mod rfc8037;
mod rfc9964;
mod sd_jwt;

use jose::{Jwk, SigningKey, VerifyingKey};
use serde_json::Value;

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn jwk(value: &Value) -> Jwk {
    Jwk::from_json(&value.to_string()).unwrap()
}

fn signing(value: &Value, algorithm: &str) -> SigningKey {
    SigningKey::from_jwk(&jwk(value), algorithm.parse().unwrap()).unwrap()
}

fn verifying(value: &Value, algorithm: &str) -> VerifyingKey {
    VerifyingKey::from_jwk(&jwk(value), algorithm.parse().unwrap()).unwrap()
}
