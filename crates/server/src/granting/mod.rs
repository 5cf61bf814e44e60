//! What a request is granted: the same rules for every grant.

pub mod rules;
