//! Token revocation (RFC 7009).

use std::fmt;

use crate::introspection::TokenTypeHint;
use crate::{Error, Params, Redacted};

/// The revocation request (RFC 7009 §2.1), without the client's authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The token to revoke.
    pub token: String,
    /// What it may be; one that is not known is ignored.
    pub token_type_hint: Option<TokenTypeHint>,
}

impl Request {
    /// Reads a request.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            token: params.required("token")?.to_owned(),
            token_type_hint: params.get("token_type_hint").and_then(TokenTypeHint::parse),
        })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("token", &Redacted)
            .field("token_type_hint", &self.token_type_hint)
            .finish()
    }
}
