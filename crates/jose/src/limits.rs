//! Upper bounds on what is parsed, so that no input makes the parser work for long.

/// Longest token (compact or JSON serialisation), in bytes of text.
pub const TOKEN: usize = 16 * 1024;
/// Longest header, in bytes of decoded JSON: one may bring a chain of statements along (OpenID Federation 1.0 §4.3).
pub const HEADER: usize = 12 * 1024;
/// Longest single JWK, in bytes of JSON text.
pub const JWK: usize = 32 * 1024;
/// Longest JWK set, in bytes of JSON text.
pub const JWK_SET: usize = 512 * 1024;
/// Longest `kid`, in bytes.
pub const KID: usize = 512;
