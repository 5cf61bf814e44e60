//! `authorization_details` (RFC 9396): what is asked for in particular, by the same rules for every grant.

pub mod rules;
