//! JOSE over aws-lc-rs: JWK (RFC 7517), JWS (RFC 7515), JWE (RFC 7516) and JWT (RFC 7519), with the algorithms of RFC 7518, RFC 8037, RFC 8812
//! and RFC 9964 (ML-DSA).
//!
//! The rules everywhere: a key is bound to one algorithm and a token cannot choose another; a caller states in full what it accepts; what is
//! ambiguous (duplicate members, odd base64, unknown `crit`) is refused with a typed [`Error`]; sizes are bounded by [`limits`]; keys are parsed
//! once and shared between threads.
//!
//! ```
//! use jose::{Algorithm, SigningKey, jwt};
//!
//! let key = SigningKey::generate(Algorithm::Es256)?;
//! let claims = serde_json::json!({
//!     "iss": "https://as.example", "aud": "https://api.example", "sub": "alice", "exp": 1_700_000_300,
//! });
//! let token = jwt::sign(&key, "at+jwt", &claims)?;
//!
//! // What an API does: the issuer's published set, parsed once, and a policy that says everything.
//! let keys = jose::KeySet::from_jwks(&jose::JwkSet { keys: vec![key.public_jwk()?] });
//! let policy = jwt::Policy {
//!     issuer: jwt::Issuer::Is("https://as.example"),
//!     audience: jwt::Audience::Includes("https://api.example"),
//!     algorithms: &[Algorithm::Es256, Algorithm::EdDsa],
//!     typ: jwt::Type::Is("at+jwt"),
//!     lifetime: jwt::Lifetime::Expires,
//!     now: 1_700_000_000,
//!     leeway: 5,
//! };
//! let verified = jwt::verify::<serde_json::Value>(&token, &keys, &policy)?;
//! assert_eq!(verified["sub"], "alice");
//!
//! let late = jwt::Policy { now: 1_700_000_400, ..policy };
//! assert_eq!(jwt::verify::<serde_json::Value>(&token, &keys, &late).err(), Some(jose::Error::Expired));
//! # Ok::<(), jose::Error>(())
//! ```

mod algorithm;
pub mod base64url;
mod der;
mod error;
mod header;
mod json;
pub mod jwe;
mod jwk;
pub mod jws;
pub mod jwt;
mod key;
pub mod limits;
pub mod sd_jwt;

pub use algorithm::Algorithm;
pub use error::Error;
pub use jwk::{Jwk, JwkSet, KeyType, KeyUse};
pub use key::{KeySet, SigningKey, VerifyingKey};

/// Parses the text of one JSON object, strictly: one that names a member twice, at whatever depth, is refused.
///
/// # Errors
/// [`Error::Malformed`] or [`Error::DuplicateMember`].
pub fn json_object(text: &str) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    json::parse_object(text.as_bytes(), "JSON object")
}
