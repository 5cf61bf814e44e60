//! What a request is granted: the same rules for every grant.

pub mod authorization_details;
pub mod rules;
