//! The parameters of `grant_type=password` (RFC 6749 §4.3.2).

use std::fmt;

use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::{Error, Params, Redacted, Scope};

/// A user name and a password that a person told the client. `Debug` hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Password {
    /// The user name; `None` when it was left out, which is an error where the grant is there at all.
    pub username: Option<String>,
    /// The password; likewise.
    pub password: Option<String>,
    /// What is asked for; `None` means the client's default scopes.
    pub scope: Option<Scope>,
    /// The APIs that the token is for.
    pub resource: Vec<String>,
    /// What is asked for in particular (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

impl Password {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `invalid_scope` or `invalid_target`.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        Ok(Self {
            username: params.owned("username"),
            password: params.owned("password"),
            scope: params.get("scope").map(str::parse::<Scope>).transpose()?,
            resource: resources(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
        })
    }

    /// The user name and the password.
    ///
    /// # Errors
    /// `invalid_request` when one is missing.
    pub fn credentials(&self) -> Result<(&str, &str), Error> {
        let username = self.username.as_deref();
        let password = self.password.as_deref();
        Ok((
            username.ok_or_else(|| Error::missing("username"))?,
            password.ok_or_else(|| Error::missing("password"))?,
        ))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Password")
            .field("username", &self.username)
            .field("password", &Redacted::option(&self.password))
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .finish()
    }
}
