//! Token revocation (RFC 7009). What is sent is what introspection takes too: a token, and a hint at what it may be (§2.1).

pub use crate::introspection::Request;
