use oauth::Scope;
use oauth::authorization::with_query;
use oauth::pkce::{self, Challenge, Verifier};

use crate::client::Client;
use crate::discovery::browser_endpoint;
use crate::loopback::{self, LoopbackSignIn};
use crate::{Error, Pending, Step, observer};

/// An authorization request in the making. PKCE, `state` and (for `openid`) `nonce` are added by themselves.
#[must_use]
#[derive(Clone)]
pub struct Authorization<'a> {
    client: &'a Client,
    scope: String,
    redirect_uri: Option<String>,
    max_age: Option<i64>,
    more: Vec<(String, String)>,
}

impl<'a> Authorization<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self {
            client,
            scope: String::new(),
            redirect_uri: None,
            max_age: None,
            more: Vec::new(),
        }
    }

    /// What to ask for, separated by spaces. `openid` brings an ID token, `offline_access` a refresh token.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// Where the browser comes back to; one that is registered.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }

    /// The API that the token is for (RFC 8707); may be called again for another.
    pub fn resource(self, uri: impl Into<String>) -> Self {
        self.parameter("resource", uri)
    }

    /// What the person is to be asked: `none`, `login`, `consent`, `select_account`.
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.parameter("prompt", prompt)
    }

    /// How many seconds ago the person may have signed in at most; the ID token is held to it.
    pub fn max_age(mut self, seconds: i64) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Whom to suggest on the sign-in page.
    pub fn login_hint(self, hint: impl Into<String>) -> Self {
        self.parameter("login_hint", hint)
    }

    /// Asks for an answer in a JWT that the server signs (JARM), so that nobody on its way through the browser can change it or take its place: an answer
    /// without it is refused. [`ClientBuilder::signed_response_algorithm`](crate::ClientBuilder::signed_response_algorithm) says what must sign it.
    pub fn signed_response(self) -> Self {
        self.parameter("response_mode", "jwt")
    }

    /// Any other parameter.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.more.push((name.into(), value.into()));
        self
    }

    /// Makes the request. Send the browser to [`Pending::url`] and keep the rest where only this browser's session reaches it.
    pub fn start(self) -> Result<Pending, Error> {
        let client = self.client;
        let endpoint = client.metadata().authorization_endpoint.as_deref();
        let endpoint = browser_endpoint(endpoint, "authorization_endpoint")?;
        let redirect_uri = self
            .redirect_uri
            .ok_or(Error::Incomplete("it has no redirect URI"))?;
        let scope: Scope = self.scope.parse()?;
        let openid = scope.contains("openid");
        let ambient = client.ambient();
        let verifier = Verifier::from_random(ambient.entropy.bytes());
        let challenge = Challenge::of(&verifier);
        let (state, nonce) = (ambient.token(), openid.then(|| ambient.token()));
        let scope_text = scope.to_string();
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", client.id()),
            ("redirect_uri", redirect_uri.as_str()),
            ("state", state.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", pkce::METHOD),
        ];
        if !scope.is_empty() {
            pairs.push(("scope", &scope_text));
        }
        pairs.extend(nonce.as_deref().map(|nonce| ("nonce", nonce)));
        pairs.extend(max_age.as_deref().map(|age| ("max_age", age)));
        pairs.extend(client.dpop().map(|dpop| ("dpop_jkt", dpop.jkt())));
        let more = self.more.iter();
        pairs.extend(more.map(|(name, value)| (name.as_str(), value.as_str())));
        // However it was asked for.
        let signed = pairs.iter().any(|(name, value)| {
            *name == "response_mode" && (*value == "jwt" || value.ends_with(".jwt"))
        });
        let url = with_query(&endpoint, &pairs);
        if client.is_observed() {
            client.observe(Step::Redirect {
                url: endpoint,
                parameters: observer::parameters(&pairs),
            });
        }
        Ok(Pending {
            url,
            issuer: client.issuer().to_owned(),
            client_id: client.id().to_owned(),
            redirect_uri,
            state,
            nonce,
            verifier: verifier.as_str().to_owned(),
            max_age: self.max_age,
            scope,
            signed,
        })
    }

    /// Makes the request with a redirect URI of its own, `http://127.0.0.1:PORT/callback` on a free port, and listens there (RFC 8252 §7.3).
    pub async fn on_loopback(self) -> Result<LoopbackSignIn, Error> {
        self.on_loopback_port(0).await
    }

    /// The same on a port that is chosen; 0 means any that is free.
    pub async fn on_loopback_port(self, port: u16) -> Result<LoopbackSignIn, Error> {
        loopback::begin(self, port).await
    }

    pub(crate) fn has_scope(&self) -> bool {
        !self.scope.is_empty()
    }

    pub(crate) fn client(&self) -> &'a Client {
        self.client
    }
}
