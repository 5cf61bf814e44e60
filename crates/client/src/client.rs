use std::fmt;
use std::sync::Arc;

use ambient::Ambient;
use fetch::{Fetch, FetchOptions};
use jose::{Algorithm, Jwk, SigningKey};
use oauth::client_auth::Method;
use oauth::metadata::ServerMetadata;
use oauth::token_exchange::TokenType;

use crate::approval::Approval;
use crate::attestation::Challenges;
use crate::dpop::Dpop;
use crate::jarm::Expected;
use crate::keys::Keys;
use crate::logout::Met;
use crate::sealed::Sealed;
use crate::token_exchange::{JwtBearer, TokenExchange};
use crate::{
    Authorization, Credentials, DeviceAuthorization, Error, Observer, Service, Step, discovery,
};

/// A client of one authorization server. Clones are cheap and share keys and connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    observer: Option<Observer>,
}

struct Shared {
    metadata: ServerMetadata,
    settings: Settings,
    keys: Keys,
    challenges: Challenges,
    met: Met,
}

#[derive(Clone)]
struct Settings {
    credentials: Credentials,
    fetch: Fetch,
    ambient: Ambient,
    id_token_algorithm: Algorithm,
    trusted_audiences: Vec<String>,
    leeway: i64,
    dpop: Option<Dpop>,
    signed_response: Expected,
    sealed: Sealed,
    request_key: Option<Arc<SigningKey>>,
}

/// Everything about a client that can be chosen.
#[must_use]
pub struct ClientBuilder {
    issuer: String,
    credentials: Credentials,
    fetch: Option<Fetch>,
    ambient: Ambient,
    id_token_algorithm: Algorithm,
    trusted_audiences: Vec<String>,
    leeway: i64,
    dpop: Option<Arc<SigningKey>>,
    signed_response: Expected,
    pub(crate) sealed: Sealed,
    request_key: Option<Arc<SigningKey>>,
    observer: Option<Observer>,
}

impl Client {
    /// Finds the server of this issuer and sets up a client with the defaults. An issuer on a loopback host is reached over plain http too.
    pub async fn discover(
        issuer: impl Into<String>,
        credentials: Credentials,
    ) -> Result<Self, Error> {
        Self::builder(issuer, credentials).discover().await
    }

    /// Begins with the issuer's identifier, exactly as the server writes it.
    pub fn builder(issuer: impl Into<String>, credentials: Credentials) -> ClientBuilder {
        ClientBuilder {
            issuer: issuer.into(),
            credentials,
            fetch: None,
            ambient: Ambient::system(),
            id_token_algorithm: Algorithm::Rs256,
            trusted_audiences: Vec::new(),
            leeway: 30,
            dpop: None,
            signed_response: Expected::default(),
            sealed: Sealed::default(),
            request_key: None,
            observer: None,
        }
    }

    /// Begins to sign a person in, or to ask for their consent.
    pub fn authorize(&self) -> Authorization<'_> {
        Authorization::new(self)
    }

    /// Begins to sign a person in who has a browser elsewhere (RFC 8628).
    pub fn device(&self) -> DeviceAuthorization<'_> {
        DeviceAuthorization::new(self)
    }

    /// Begins to ask the person of this name for approval, on a device of theirs (OpenID Connect CIBA Core §7.1).
    pub fn approval(&self, login_hint: impl Into<String>) -> Approval<'_> {
        Approval::new(self, ("login_hint", login_hint.into()))
    }

    /// As [`Client::approval`], of the person of an ID token that this client was given.
    pub fn approval_by_id_token(&self, id_token: impl Into<String>) -> Approval<'_> {
        Approval::new(self, ("id_token_hint", id_token.into()))
    }

    /// Begins to ask for tokens of the client's own (RFC 6749 §4.4).
    pub fn service(&self) -> Service<'_> {
        Service::new(self)
    }

    /// Begins to exchange a token for another one (RFC 8693).
    pub fn exchange(&self, token: impl Into<String>, kind: TokenType) -> TokenExchange<'_> {
        TokenExchange::new(self, token.into(), kind)
    }

    /// Begins to hand in what an issuer signed that the server trusts (RFC 7523 §2.1).
    pub fn hand_in(&self, assertion: impl Into<String>) -> JwtBearer<'_> {
        JwtBearer::new(self, assertion.into())
    }

    /// The same client, telling another observer: for a page that shows one browser its own steps.
    #[must_use]
    pub fn observed_by(&self, observer: Observer) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            observer: Some(observer),
        }
    }

    /// What the server says about itself.
    pub fn metadata(&self) -> &ServerMetadata {
        &self.shared.metadata
    }

    /// The address of an endpoint, for clients with certificates the one that asks for them (RFC 8705 §5): whether they authenticate by it, or only have their tokens
    /// bound to it.
    pub(crate) fn endpoint<'a>(&'a self, name: &str, usual: Option<&'a str>) -> Option<&'a str> {
        let authenticates = matches!(
            self.credentials().method(),
            Method::TlsClientAuth | Method::SelfSignedTlsClientAuth
        );
        let certified = authenticates || self.fetch().options().identity.is_some();
        let aliases = self.metadata().mtls_endpoint_aliases.as_ref();
        aliases
            .filter(|_| certified)
            .and_then(|aliases| aliases.get(name)?.as_str())
            .or(usual)
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.shared.metadata.issuer
    }

    /// The client's identifier.
    pub fn id(&self) -> &str {
        self.credentials().id()
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.shared.settings.credentials
    }

    pub(crate) fn fetch(&self) -> &Fetch {
        &self.shared.settings.fetch
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        &self.shared.settings.ambient
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub(crate) fn challenges(&self) -> &Challenges {
        &self.shared.challenges
    }

    pub(crate) fn met(&self) -> &Met {
        &self.shared.met
    }

    pub(crate) fn id_token_algorithm(&self) -> Algorithm {
        self.shared.settings.id_token_algorithm
    }

    pub(crate) fn trusted_audiences(&self) -> Vec<&str> {
        let trusted = &self.shared.settings.trusted_audiences;
        trusted.iter().map(String::as_str).collect()
    }

    pub(crate) fn dpop(&self) -> Option<&Dpop> {
        self.shared.settings.dpop.as_ref()
    }

    pub(crate) fn signed_response(&self) -> &Expected {
        &self.shared.settings.signed_response
    }

    pub(crate) fn sealed(&self) -> &Sealed {
        &self.shared.settings.sealed
    }

    /// The key that was chosen to sign requests.
    pub(crate) fn own_request_key(&self) -> Option<&SigningKey> {
        self.shared.settings.request_key.as_deref()
    }

    pub(crate) fn leeway(&self) -> i64 {
        self.shared.settings.leeway
    }

    pub(crate) fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    pub(crate) fn observe(&self, step: Step) {
        if let Some(observer) = &self.observer {
            observer(step);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("issuer", &self.issuer())
            .field("credentials", self.credentials())
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// Uses this HTTP client, with the limits and networks it allows.
    pub fn fetch(mut self, fetch: Fetch) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Takes the time and randomness from here.
    pub fn ambient(mut self, ambient: Ambient) -> Self {
        self.ambient = ambient;
        self
    }

    /// The algorithm that the client has registered as `id_token_signed_response_alg`; without it RS256 (OpenID Connect Core §3.1.3.7 item 7).
    pub fn id_token_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.id_token_algorithm = algorithm;
        self
    }

    /// The algorithm that the client has registered as `authorization_signed_response_alg`; without it RS256 (JARM §3). For
    /// [`Authorization::signed_response`].
    pub fn signed_response_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.signed_response.algorithm = algorithm;
        self
    }

    /// The private key to whose public part signed responses are encrypted, for a client that registered `authorization_encrypted_response_alg`. With it,
    /// one that is not encrypted is refused.
    pub fn signed_response_key(mut self, key: Jwk) -> Self {
        self.signed_response.key = Some(key);
        self
    }

    /// Accepts ID tokens that are for this party too (§3.1.3.7 item 3).
    pub fn trust_audience(mut self, audience: impl Into<String>) -> Self {
        self.trusted_audiences.push(audience.into());
        self
    }

    /// How far the server's clock may be off, in seconds; 30 by default.
    pub fn leeway(mut self, seconds: i64) -> Self {
        self.leeway = seconds;
        self
    }

    /// Proves this key with each token request, so that the tokens are bound to it and worth nothing to a thief (RFC 9449). What a server gives to a public
    /// client, refresh tokens included, works with the same key only: keep it as long as them. ES256 and EdDSA are understood everywhere.
    pub fn dpop(mut self, key: impl Into<Arc<SigningKey>>) -> Self {
        self.dpop = Some(key.into());
        self
    }

    /// Signs every authorization request with this key (RFC 9101), whose public part is registered. A client of
    /// [`Credentials::private_key_jwt`] needs none beside its own: it signs where the server demands it, or
    /// [`Authorization::signed_request`] asks for it.
    pub fn request_key(mut self, key: impl Into<Arc<SigningKey>>) -> Self {
        self.request_key = Some(key.into());
        self
    }

    /// Is told of every step, discovery included.
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Finds the server's metadata at the issuer's well-known addresses.
    pub async fn discover(self) -> Result<Client, Error> {
        let issuer = self.issuer.clone();
        // A client that knows nothing but the issuer, to ask with.
        let asking = self.with_metadata(ServerMetadata {
            issuer,
            ..ServerMetadata::default()
        })?;
        let metadata = discovery::discover(&asking).await?;
        let settings = asking.shared.settings.clone();
        Ok(Client::assemble(metadata, settings, asking.observer))
    }

    /// Uses metadata that is known already.
    pub fn with_metadata(self, metadata: ServerMetadata) -> Result<Client, Error> {
        if metadata.issuer != self.issuer {
            return Err(Error::IssuerMismatch {
                expected: self.issuer,
                found: metadata.issuer,
            });
        }
        if self.id_token_algorithm.is_symmetric() {
            return Err(Error::Incomplete(
                "ID tokens signed with the client's secret are not supported",
            ));
        }
        if self.signed_response.algorithm.is_symmetric() {
            return Err(Error::Incomplete(
                "authorization responses signed with the client's secret are not supported",
            ));
        }
        if let Some(key) = &self.request_key
            && key.algorithm().is_symmetric()
        {
            return Err(Error::Incomplete(
                "a symmetric key cannot sign requests that others verify",
            ));
        }
        let fetch = match self.fetch {
            Some(fetch) => fetch,
            None => Fetch::new(FetchOptions {
                allow_loopback: discovery::is_loopback(&self.issuer),
                ..FetchOptions::default()
            })
            .map_err(Error::Setup)?,
        };
        let settings = Settings {
            credentials: self.credentials,
            fetch,
            ambient: self.ambient,
            id_token_algorithm: self.id_token_algorithm,
            trusted_audiences: self.trusted_audiences,
            leeway: self.leeway.max(0),
            dpop: self.dpop.map(Dpop::new).transpose()?,
            signed_response: self.signed_response,
            sealed: self.sealed,
            request_key: self.request_key,
        };
        Ok(Client::assemble(metadata, settings, self.observer))
    }
}

impl Client {
    fn assemble(metadata: ServerMetadata, settings: Settings, observer: Option<Observer>) -> Self {
        Self {
            shared: Arc::new(Shared {
                metadata,
                settings,
                keys: Keys::default(),
                challenges: Challenges::default(),
                met: Met::default(),
            }),
            observer,
        }
    }
}
