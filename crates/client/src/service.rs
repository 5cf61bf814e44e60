use oauth::Scope;

use crate::Error;
use crate::client::Client;
use crate::source::{Renewal, TokenSource};

/// A request for tokens in the client's own name (RFC 6749 §4.4), in the making.
#[must_use]
pub struct Service<'a> {
    client: &'a Client,
    scope: String,
    resources: Vec<String>,
}

impl<'a> Service<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self {
            client,
            scope: String::new(),
            resources: Vec::new(),
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

    /// Where the tokens come from. Nothing is sent before the first is asked for.
    pub fn tokens(self) -> Result<TokenSource, Error> {
        let scope: Scope = self.scope.parse()?;
        let renewal = Renewal::ClientCredentials {
            scope,
            resources: self.resources,
        };
        Ok(TokenSource::new(self.client.clone(), renewal, None))
    }
}
