//! Tokens for tokens that are there (RFC 8693), and for what a trusted issuer signed (RFC 7523 §2.1).

use oauth::Scope;
use oauth::token::GrantType;
use oauth::token_exchange::{NOT_APPLICABLE, TokenType};
use serde::Serialize;

use crate::client::Client;
use crate::details::Details;
use crate::{Error, Tokens};

/// A request for another token in exchange for one that is there, in the making (RFC 8693 §2.1).
#[must_use]
pub struct TokenExchange<'a> {
    client: &'a Client,
    form: Vec<(&'static str, String)>,
    scope: String,
    details: Details,
}

impl<'a> TokenExchange<'a> {
    pub(crate) fn new(client: &'a Client, token: String, kind: TokenType) -> Self {
        let form = vec![
            ("grant_type", GrantType::TokenExchange.as_str().to_owned()),
            ("subject_token", token),
            ("subject_token_type", kind.as_str().to_owned()),
        ];
        Self {
            client,
            form,
            scope: String::new(),
            details: Details::default(),
        }
    }

    /// Who acts for the subject, by a token of theirs; without it the server decides whether to name the client.
    pub fn actor(mut self, token: impl Into<String>, kind: TokenType) -> Self {
        self.form.push(("actor_token", token.into()));
        self.form
            .push(("actor_token_type", kind.as_str().to_owned()));
        self
    }

    /// What to ask for, separated by spaces; without it all that can be had.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// The API that the token is for (RFC 8707); may be called again for another.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.form.push(("resource", uri.into()));
        self
    }

    /// Whom the token is for, by name; may be called again for another.
    pub fn audience(mut self, name: impl Into<String>) -> Self {
        self.form.push(("audience", name.into()));
        self
    }

    /// What of the subject's token to ask for in particular (RFC 9396 §6.1): an object of the application's own type, with a member `type`; may be called again for
    /// another. Without it all of that goes along; what was granted is in [`Tokens::details`](crate::Tokens::details).
    pub fn detail(mut self, detail: &impl Serialize) -> Self {
        self.details.add(detail);
        self
    }

    /// Asks for an access token.
    ///
    /// # Errors
    /// [`Error::Refused`] with the server's reason; [`Error::Incomplete`] for details that are none.
    pub async fn tokens(mut self) -> Result<Tokens, Error> {
        let details = self.details.text()?;
        self.form
            .extend(details.map(|text| ("authorization_details", text)));
        ask(self.client, self.form, &self.scope).await
    }

    /// Asks for an assertion about the person for another authorization server (ID-JAG, draft-ietf-oauth-identity-assertion-authz-grant §4.3): hand it in there
    /// with [`Client::hand_in`]. The [`audience`](Self::audience) is that server's issuer.
    ///
    /// # Errors
    /// [`Error::Refused`] with the server's reason; [`Error::Response`] when it gives something else.
    pub async fn identity_assertion(mut self) -> Result<String, Error> {
        let kind = TokenType::IdJag.as_str();
        self.form.push(("requested_token_type", kind.to_owned()));
        let form = with_scope(self.form, &self.scope.parse()?);
        let response = self.client.token_of(form, NOT_APPLICABLE).await?;
        if response.issued_token_type.as_deref() == Some(kind) {
            Ok(response.access_token)
        } else {
            Err(Error::Response {
                endpoint: "token",
                status: 200,
                reason: "the token is not of the kind that was asked for",
            })
        }
    }
}

/// Something a trusted issuer signed that is handed in for a token, in the making (RFC 7523 §2.1).
#[must_use]
pub struct JwtBearer<'a> {
    client: &'a Client,
    form: Vec<(&'static str, String)>,
    scope: String,
}

impl<'a> JwtBearer<'a> {
    pub(crate) fn new(client: &'a Client, assertion: String) -> Self {
        let form = vec![
            ("grant_type", GrantType::JwtBearer.as_str().to_owned()),
            ("assertion", assertion),
        ];
        Self {
            client,
            form,
            scope: String::new(),
        }
    }

    /// What to ask for, separated by spaces; without it all that can be had.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// The API that the token is for (RFC 8707); may be called again for another.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.form.push(("resource", uri.into()));
        self
    }

    /// Asks for an access token.
    ///
    /// # Errors
    /// [`Error::Refused`] with the server's reason.
    pub async fn tokens(self) -> Result<Tokens, Error> {
        ask(self.client, self.form, &self.scope).await
    }
}

fn with_scope(mut form: Vec<(&'static str, String)>, scope: &Scope) -> Vec<(&'static str, String)> {
    if !scope.is_empty() {
        form.push(("scope", scope.to_string()));
    }
    form
}

async fn ask(
    client: &Client,
    form: Vec<(&'static str, String)>,
    scope: &str,
) -> Result<Tokens, Error> {
    let scope: Scope = scope.parse()?;
    let response = client.token(with_scope(form, &scope)).await?;
    Ok(Tokens::new(response, &scope, None, client.ambient().now()))
}
