//! JSON Web Tokens (RFC 7519) under the rules of RFC 8725: signing, and verification under a [`Policy`] that the caller states in full.

mod claims;
mod policy;
mod sign;
mod verify;

pub use policy::{Audience, Issuer, Lifetime, Policy, Type};
pub use sign::{Signer, sign};
pub use verify::{Keys, Verified, verify, verify_beside_certificates, verify_with_header_key};
