use oauth::Scope;
use oauth::authorization::with_query;
use oauth::pkce::{self, Challenge, Verifier};
use serde::Serialize;

use crate::client::Client;
use crate::details::Details;
use crate::discovery::browser_endpoint;
use crate::loopback::{self, LoopbackSignIn};
use crate::{Error, Pending, Step, observer};

/// An authorization request in the making. PKCE, `state` and (for `openid`) `nonce` are added by themselves. Where the server's metadata demand that
/// requests are pushed (RFC 9126) or signed (RFC 9101), or that answers are signed (JARM), that is done by itself too:
///
/// ```no_run
/// use grantor_client::{Client, Credentials};
/// use jose::{Algorithm, SigningKey};
///
/// # async fn run(jwk: &str, query: &str) -> Result<(), grantor_client::Error> {
/// // An application of the FAPI 2.0 profiles: it signs its assertions and binds its tokens to a key.
/// let client = Client::builder("https://bank.example", Credentials::private_key_jwt("shop", jwk)?)
///     .id_token_algorithm(Algorithm::Es256)
///     .signed_response_algorithm(Algorithm::Es256)
///     .dpop(SigningKey::generate(Algorithm::Es256).unwrap())
///     .discover()
///     .await?;
/// let request = client.authorize().scope("openid accounts").redirect_uri("https://shop.example/callback");
/// let pending = request.start().await?;
/// // … send the browser to pending.url(), and later:
/// let session = client.finish(&pending, query).await?;
/// let accounts = session.get("https://bank.example/accounts").await?;
/// # let _ = accounts; Ok(()) }
/// ```
#[must_use]
#[derive(Clone)]
pub struct Authorization<'a> {
    client: &'a Client,
    scope: String,
    redirect_uri: Option<String>,
    max_age: Option<i64>,
    details: Details,
    pushed: bool,
    signed_request: bool,
    encrypted_request: bool,
    more: Vec<(String, String)>,
}

impl<'a> Authorization<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        let metadata = client.metadata();
        let modes = &metadata.response_modes_supported;
        let request = Self {
            client,
            scope: String::new(),
            redirect_uri: None,
            max_age: None,
            details: Details::default(),
            pushed: metadata.require_pushed_authorization_requests == Some(true),
            signed_request: metadata.require_signed_request_object == Some(true)
                || client.own_request_key().is_some(),
            encrypted_request: false,
            more: Vec::new(),
        };
        if !modes.is_empty() && modes.iter().all(|mode| is_signed(mode)) {
            request.signed_response()
        } else {
            request
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

    /// What to ask for in particular (RFC 9396): an object of the application's own type, with a member `type`. May be called again for another; what
    /// was granted is in [`Tokens::details`](crate::Tokens::details).
    pub fn detail(mut self, detail: &impl Serialize) -> Self {
        self.details.add(detail);
        self
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

    /// Hands the request to the server before the browser is sent there (RFC 9126): the browser carries a reference to it that says nothing and that
    /// nobody can change. It needs no asking for where the server demands it.
    pub fn pushed(mut self) -> Self {
        self.pushed = true;
        self
    }

    /// Signs the request (RFC 9101), with [`ClientBuilder::request_key`](crate::ClientBuilder::request_key) or the key of
    /// [`Credentials::private_key_jwt`](crate::Credentials::private_key_jwt). It needs no asking for where the server demands it.
    pub fn signed_request(mut self) -> Self {
        self.signed_request = true;
        self
    }

    /// Signs the request and encrypts it to a key of the server's (RFC 9101 §6.1), so that nobody on its way through the browser can read what is asked
    /// for, or of whom. Beside it stand the client, the kind of response and, for OpenID Connect, the scope `openid`.
    ///
    /// ```no_run
    /// # use grantor_client::{Client, Credentials};
    /// # async fn run(client: Client) -> Result<(), grantor_client::Error> {
    /// let request = client.authorize().scope("openid accounts").login_hint("alice@example.com").encrypted_request();
    /// let pending = request.redirect_uri("https://shop.example/callback").start().await?;
    /// # let _ = pending; Ok(()) }
    /// ```
    pub fn encrypted_request(mut self) -> Self {
        self.encrypted_request = true;
        self.signed_request()
    }

    /// Asks for an answer in a JWT that the server signs (JARM), so that nobody on its way through the browser can change it or take its place: an answer
    /// without it is refused. [`ClientBuilder::signed_response_algorithm`](crate::ClientBuilder::signed_response_algorithm) says what must sign it. It
    /// needs no asking for where the server gives no other answers.
    pub fn signed_response(self) -> Self {
        self.parameter("response_mode", "jwt")
    }

    /// Any other parameter. One that is there already takes the place of the earlier, except `resource`.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        if name != "resource" {
            self.more.retain(|(known, _)| *known != name);
        }
        self.more.push((name, value));
        self
    }

    /// Makes the request. Send the browser to [`Pending::url`] and keep the rest where only this browser's session reaches it.
    ///
    /// # Errors
    /// [`Error::Incomplete`] for a request that cannot be made; when it is pushed also what the server answers.
    pub async fn start(self) -> Result<Pending, Error> {
        let client = self.client;
        let endpoint = client.metadata().authorization_endpoint.as_deref();
        let endpoint = browser_endpoint(endpoint, "authorization_endpoint")?;
        let redirect_uri = self
            .redirect_uri
            .as_deref()
            .ok_or(Error::Incomplete("it has no redirect URI"))?;
        let scope: Scope = self.scope.parse()?;
        let openid = scope.contains("openid");
        let ambient = client.ambient();
        let verifier = Verifier::from_random(ambient.entropy.bytes());
        let challenge = Challenge::of(&verifier);
        let (state, nonce) = (ambient.token(), openid.then(|| ambient.token()));
        let scope_text = scope.to_string();
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        let details = self.details.text()?;
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", client.id()),
            ("redirect_uri", redirect_uri),
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
        let details = details.as_deref();
        pairs.extend(details.map(|text| ("authorization_details", text)));
        let more = self.more.iter();
        pairs.extend(more.map(|(name, value)| (name.as_str(), value.as_str())));
        // However it was asked for.
        let signed = pairs
            .iter()
            .any(|(name, value)| *name == "response_mode" && is_signed(value));
        let url = self.address(&endpoint, pairs).await?;
        Ok(Pending {
            url,
            issuer: client.issuer().to_owned(),
            client_id: client.id().to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            state,
            nonce,
            verifier: verifier.as_str().to_owned(),
            max_age: self.max_age,
            scope,
            signed,
        })
    }

    /// Where the browser is sent with this request: it carries the request itself, or the signed one, or a reference to what was pushed.
    async fn address(&self, endpoint: &str, pairs: Vec<(&str, &str)>) -> Result<String, Error> {
        let client = self.client;
        let object = match (self.signed_request, self.encrypted_request) {
            (true, false) => Some(client.request_object(&pairs)?),
            (true, true) => {
                let signed = client.request_object(&pairs)?;
                Some(client.encrypted_request(&signed).await?)
            }
            (false, _) => None,
        };
        let request = match &object {
            None => pairs,
            // OpenID Connect Core §6.1 wants these two beside the object too, where they count for nothing.
            Some(object) => pairs
                .into_iter()
                .filter(|(name, _)| {
                    *name == "client_id"
                        || (!self.pushed && matches!(*name, "response_type" | "scope"))
                })
                .filter_map(|(name, value)| self.beside_object(name, value))
                .chain([("request", object.as_str())])
                .collect(),
        };
        let reference = match self.pushed {
            true => Some(client.push(&request).await?),
            false => None,
        };
        let carried = match &reference {
            None => request,
            Some(uri) => vec![("client_id", client.id()), ("request_uri", uri)],
        };
        if client.is_observed() {
            client.observe(Step::Redirect {
                url: endpoint.to_owned(),
                parameters: observer::parameters(&carried),
            });
        }
        Ok(with_query(endpoint, &carried))
    }

    /// What stands beside the object: of a scope that nobody shall read, that it is OpenID Connect.
    fn beside_object<'v>(&self, name: &'v str, value: &'v str) -> Option<(&'v str, &'v str)> {
        if name != "scope" || !self.encrypted_request {
            return Some((name, value));
        }
        let openid = value.split(' ').find(|token| *token == "openid")?;
        Some((name, openid))
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

/// Whether a `response_mode` is one of JARM (§2.3).
fn is_signed(mode: &str) -> bool {
    mode == "jwt" || mode.ends_with(".jwt")
}
