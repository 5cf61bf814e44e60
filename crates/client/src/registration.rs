//! An application that registers itself (RFC 7591) and manages its registration (RFC 7592).

use std::fmt;

use http::Method as Verb;
use jose::{JwkSet, SigningKey};
use oauth::client_auth::Method;
use oauth::metadata::ClientMetadata;
use oauth::token::GrantType;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;
use crate::exchange::{Request, parsed, refused};
use crate::{ClientBuilder, Credentials, Error};

const ENDPOINT: &str = "registration";

/// A registration in the making (RFC 7591 §2). What is not said has the server's default.
///
/// ```no_run
/// use grantor_client::{Client, Credentials, Registration};
///
/// # async fn run() -> Result<(), grantor_client::Error> {
/// let server = Client::builder("https://id.example.com", Credentials::public(""));
/// let registered = Registration::new("Notes for you")
///     .public()
///     .redirect_uri("http://127.0.0.1/callback")
///     .scope("openid notes.read")
///     .register(server)
///     .await?;
/// // Keep it as safely as a password: it is the way to change or to end the registration.
/// let kept = serde_json::to_string(&registered).unwrap();
/// let client = Client::discover(registered.issuer(), registered.credentials()?).await?;
/// # let _ = (kept, client); Ok(()) }
/// ```
#[must_use]
#[derive(Clone)]
pub struct Registration {
    metadata: ClientMetadata,
    initial_access_token: Option<String>,
}

/// What a server knows about an application that registered itself, and the right to change that. Serialises with its secrets; the `Debug` output
/// is without.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registered {
    issuer: String,
    metadata: ClientMetadata,
}

impl Registration {
    /// Of an application by this name, which people see.
    pub fn new(name: impl Into<String>) -> Self {
        let metadata = ClientMetadata {
            client_name: Some(name.into()),
            ..ClientMetadata::default()
        };
        Self {
            metadata,
            initial_access_token: None,
        }
    }

    /// One that keeps no secret: a program that people install, or one in a browser.
    pub fn public(mut self) -> Self {
        self.metadata.token_endpoint_auth_method = Some(Method::None);
        self
    }

    /// One that authenticates with this key (`private_key_jwt`), whose public part is registered. Its credentials are then
    /// [`Credentials::signing_key`] with [`Registered::client_id`].
    ///
    /// # Errors
    /// [`Error::Incomplete`] for a symmetric key.
    pub fn key(mut self, key: &SigningKey) -> Result<Self, Error> {
        const SYMMETRIC: Error = Error::Incomplete("a symmetric key has no public part");
        let public = key.public_jwk().map_err(|_| SYMMETRIC)?;
        let keys = JwkSet { keys: vec![public] };
        self.metadata.jwks = serde_json::to_value(keys).ok();
        self.metadata.token_endpoint_auth_method = Some(Method::PrivateKeyJwt);
        Ok(self)
    }

    /// Where answers may go; may be called again for another.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.metadata.redirect_uris.push(uri.into());
        self
    }

    /// A grant that it uses; may be called again for another. Without it the code grant.
    pub fn grant(mut self, grant: GrantType) -> Self {
        self.metadata.grant_types.push(grant);
        self
    }

    /// What it may ask for, separated by spaces.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.member("scope", scope.into())
    }

    /// What somebody whom the server trusts signed about the application (RFC 7591 §2.3).
    pub fn software_statement(mut self, statement: impl Into<String>) -> Self {
        self.metadata.software_statement = Some(statement.into());
        self
    }

    /// What the server's operator gave out so that this application may register (RFC 7591 §3).
    pub fn initial_access_token(mut self, token: impl Into<String>) -> Self {
        self.initial_access_token = Some(token.into());
        self
    }

    /// Any other member, by its registered name.
    pub fn member(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.metadata.extra.insert(name.into(), value.into());
        self
    }

    /// Registers it at the server of the builder, whose credentials do not matter.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where nobody may register, [`Error::Refused`] with the codes of §3.2.2.
    pub async fn register(self, server: ClientBuilder) -> Result<Registered, Error> {
        let client = server.discover().await?;
        let url = client.metadata().registration_endpoint.as_deref();
        let url = url.ok_or(Error::Unsupported("registration_endpoint"))?;
        let body = json!(self.metadata).to_string();
        let mut request = Request::json(ENDPOINT, url, (Verb::POST, Some(body)));
        request.authorization = self.initial_access_token.map(|token| bearer(&token));
        let metadata = read(&client.send(request).await?)?;
        Ok(Registered {
            issuer: client.issuer().to_owned(),
            metadata,
        })
    }
}

impl Registered {
    /// The server.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// All that is registered, as the server said it last.
    pub fn metadata(&self) -> &ClientMetadata {
        &self.metadata
    }

    /// The identifier that the server gave it.
    pub fn client_id(&self) -> &str {
        self.metadata.client_id.as_deref().unwrap_or_default()
    }

    /// What it authenticates with, by the method that the server registered.
    ///
    /// # Errors
    /// [`Error::Incomplete`] for a method whose key or certificate the server does not have: see [`Credentials`].
    pub fn credentials(&self) -> Result<Credentials, Error> {
        let method = self.metadata.token_endpoint_auth_method;
        // RFC 7591 §2: left out means Basic.
        let method = method.unwrap_or(Method::ClientSecretBasic);
        let id = self.client_id();
        match (method, &self.metadata.client_secret) {
            (Method::None, _) => Ok(Credentials::public(id)),
            (Method::ClientSecretBasic, Some(secret)) => Ok(Credentials::basic(id, secret)),
            (Method::ClientSecretPost, Some(secret)) => Ok(Credentials::post(id, secret)),
            _ => Err(Error::Incomplete(
                "the registration holds no secret to authenticate with",
            )),
        }
    }

    /// Asks the server what is registered now (RFC 7592 §2.1).
    ///
    /// # Errors
    /// [`Error::Refused`] with `invalid_token` when there is no such registration any more.
    pub async fn refresh(&mut self, server: &Client) -> Result<(), Error> {
        self.manage(server, (Verb::GET, None)).await
    }

    /// Registers it anew as it is after this change (RFC 7592 §2.2).
    ///
    /// # Errors
    /// [`Error::Refused`] with the codes of RFC 7591 §3.2.2; nothing has changed then.
    pub async fn update(
        &mut self,
        server: &Client,
        change: impl FnOnce(&mut ClientMetadata),
    ) -> Result<(), Error> {
        let mut wanted = self.metadata.clone();
        change(&mut wanted);
        wanted.client_id = self.metadata.client_id.clone();
        wanted.client_secret = self.metadata.client_secret.clone();
        let mut body = json!(wanted);
        if let Some(members) = body.as_object_mut() {
            for own in [
                "registration_access_token",
                "registration_client_uri",
                "client_secret_expires_at",
                "client_id_issued_at",
            ] {
                members.remove(own);
            }
        }
        let body = body.to_string();
        self.manage(server, (Verb::PUT, Some(body))).await
    }

    /// Ends the registration (RFC 7592 §2.3): the server forgets the application, and its tokens end.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server does not do that.
    pub async fn delete(self, server: &Client) -> Result<(), Error> {
        let answer = self.ask(server, (Verb::DELETE, None)).await?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(refused(ENDPOINT, &answer))
        }
    }

    async fn manage(&mut self, server: &Client, what: (Verb, Option<String>)) -> Result<(), Error> {
        let mut told = read(&self.ask(server, what).await?)?;
        let known = &mut self.metadata;
        if told.client_id != known.client_id {
            return Err(Error::Response {
                endpoint: ENDPOINT,
                status: 200,
                reason: "it is about another client",
            });
        }
        // What is shown once, or need not be shown again, stays (RFC 7592 §3).
        let keep = |new: &mut Option<String>, old: &mut Option<String>| {
            if new.is_none() {
                *new = old.take();
            }
        };
        keep(&mut told.client_secret, &mut known.client_secret);
        let token = &mut known.registration_access_token;
        keep(&mut told.registration_access_token, token);
        let uri = &mut known.registration_client_uri;
        keep(&mut told.registration_client_uri, uri);
        *known = told;
        Ok(())
    }

    async fn ask(
        &self,
        server: &Client,
        what: (Verb, Option<String>),
    ) -> Result<fetch::Response, Error> {
        if server.issuer() != self.issuer {
            return Err(Error::Incomplete("it is registered at another server"));
        }
        let (Some(url), Some(token)) = (
            &self.metadata.registration_client_uri,
            &self.metadata.registration_access_token,
        ) else {
            return Err(Error::Unsupported("registration_client_uri"));
        };
        let mut request = Request::json(ENDPOINT, url, what);
        request.authorization = Some(bearer(token));
        server.send(request).await
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// What the server says about a registration.
fn read(answer: &fetch::Response) -> Result<ClientMetadata, Error> {
    if !answer.status.is_success() {
        return Err(refused(ENDPOINT, answer));
    }
    let metadata: ClientMetadata = parsed(ENDPOINT, answer)?;
    match metadata.client_id.as_deref() {
        Some(id) if !id.is_empty() => Ok(metadata),
        _ => Err(Error::Response {
            endpoint: ENDPOINT,
            status: answer.status.as_u16(),
            reason: "it names no client",
        }),
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("issuer", &self.issuer)
            .field("metadata", &self.metadata)
            .finish()
    }
}
