//! What two grants have in common: a client asks and polls (RFC 8628, OpenID Connect CIBA Core), while a person who is elsewhere decides.

pub(crate) mod origin;
pub(crate) mod poll;
pub mod rules;
pub(crate) mod stored;
