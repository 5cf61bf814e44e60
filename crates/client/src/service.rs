use oauth::Scope;
use serde::Serialize;

use crate::Error;
use crate::client::Client;
use crate::details::Details;
use crate::source::{Renewal, TokenSource};

/// A request for tokens in the client's own name (RFC 6749 §4.4), in the making.
#[must_use]
pub struct Service<'a> {
    client: &'a Client,
    scope: String,
    resources: Vec<String>,
    details: Details,
}

impl<'a> Service<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self {
            client,
            scope: String::new(),
            resources: Vec::new(),
            details: Details::default(),
        }
    }

    /// What to ask for, separated by spaces; without it the server's default for this client.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// The API that the token is for (RFC 8707); may be called again for another.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resources.push(uri.into());
        self
    }

    /// What to ask for in particular (RFC 9396): an object of the application's own type, with a member `type`. May be called again for another; what
    /// was granted is in [`Tokens::details`](crate::Tokens::details).
    pub fn detail(mut self, detail: &impl Serialize) -> Self {
        self.details.add(detail);
        self
    }

    /// Where the tokens come from. Nothing is sent before the first is asked for.
    pub fn tokens(self) -> Result<TokenSource, Error> {
        let scope: Scope = self.scope.parse()?;
        let renewal = Renewal::ClientCredentials {
            scope,
            resources: self.resources,
            details: self.details.text()?,
        };
        Ok(TokenSource::new(self.client.clone(), renewal, None))
    }
}
