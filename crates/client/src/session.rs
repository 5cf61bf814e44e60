use oauth::claims::IdToken;

use crate::client::Client;
use crate::source::{AccessToken, Renewal, TokenSource};
use crate::{Error, Tokens};

/// A person's session with this application: what they granted, and who they are if `openid` was asked for. Clones share the tokens.
#[derive(Clone, Debug)]
pub struct Session {
    client: Client,
    source: TokenSource,
    claims: Option<IdToken>,
}

impl Session {
    pub(crate) fn new(client: Client, tokens: Tokens) -> Self {
        Self {
            claims: tokens.claims.clone(),
            source: TokenSource::new(client.clone(), Renewal::Refresh, Some(tokens)),
            client,
        }
    }

    /// What the ID token said at sign-in; it has been verified.
    pub fn claims(&self) -> Option<&IdToken> {
        self.claims.as_ref()
    }

    /// An access token that is good for a while; see [`TokenSource::access_token`].
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        self.source.access_token().await
    }

    /// Renews the access token now; see [`TokenSource::refresh`].
    pub async fn refresh(&self) -> Result<AccessToken, Error> {
        self.source.refresh().await
    }

    /// `GET url` with a fresh access token; see [`TokenSource::get`].
    pub async fn get(&self, url: &str) -> Result<fetch::Response, Error> {
        self.source.get(url).await
    }

    /// Where the tokens come from, for tasks that need nothing else of the session.
    pub fn source(&self) -> &TokenSource {
        &self.source
    }

    /// Everything at hand, to be kept as safely as a password and given to [`Client::resume`] later. `None` after [`Session::revoke`].
    pub async fn tokens(&self) -> Option<Tokens> {
        self.source.tokens().await
    }

    /// Revokes the refresh token (or the access token, where there is none) and ends this session here (RFC 7009). The session at the server
    /// goes on: see [`Session::end_session_url`].
    pub async fn revoke(&self) -> Result<(), Error> {
        self.source.revoke().await
    }

    /// Where to send the browser to sign the person out at the server too (OpenID Connect RP-Initiated Logout §2). Ask before
    /// [`Session::revoke`], which forgets the ID token.
    pub async fn end_session_url(
        &self,
        post_logout_redirect_uri: Option<&str>,
    ) -> Result<String, Error> {
        let tokens = self.tokens().await;
        let hint = tokens.as_ref().and_then(Tokens::id_token);
        self.client.end_session_url(hint, post_logout_redirect_uri)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Client {
    /// Goes on with tokens that were kept. They are this client's own, from [`Session::tokens`]: nothing in them is verified again.
    pub fn resume(&self, tokens: Tokens) -> Session {
        Session::new(self.clone(), tokens)
    }
}
