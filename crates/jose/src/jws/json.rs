//! The JSON serialisations of JWS (RFC 7515 §7.2).
