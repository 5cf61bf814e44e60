//! Signing in on a device without a browser (RFC 8628): the person allows it in a browser of theirs, and the device asks meanwhile whether they have.

use std::fmt;
use std::time::Duration;

use oauth::device_code::{self, DEFAULT_INTERVAL, SLOW_DOWN};
use oauth::token::{GrantType, TokenResponse};
use oauth::{ErrorCode, Scope};

use crate::client::Client;
use crate::discovery::browser_endpoint;
use crate::exchange::json;
use crate::id_token::Asked;
use crate::{Error, IdTokenError, Session, Tokens};

const ENDPOINT: &str = "device_authorization";

/// Longest wait between two polls, in seconds, however often the server could not be reached.
const LONGEST_WAIT: i64 = 300;

/// Longest user code that is shown, in characters.
const LONGEST_CODE: usize = 64;

/// A device authorization request in the making.
#[must_use]
#[derive(Clone)]
pub struct DeviceAuthorization<'a> {
    client: &'a Client,
    scope: String,
    resources: Vec<String>,
}

impl<'a> DeviceAuthorization<'a> {
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

    /// The API that the tokens are for (RFC 8707); may be called again for another.
    pub fn resource(mut self, uri: impl Into<String>) -> Self {
        self.resources.push(uri.into());
        self
    }

    /// Asks for the codes (RFC 8628 §3.1).
    pub async fn start(self) -> Result<DeviceSignIn, Error> {
        let scope: Scope = self.scope.parse()?;
        let client = self.client;
        let url = client.metadata().device_authorization_endpoint.as_deref();
        let url = client.endpoint("device_authorization_endpoint", url);
        let url = url.ok_or(Error::Unsupported("device_authorization_endpoint"))?;
        let mut form = Vec::new();
        if !scope.is_empty() {
            form.push(("scope", scope.to_string()));
        }
        form.extend(self.resources.into_iter().map(|uri| ("resource", uri)));
        let answer = client.send_form(ENDPOINT, url, form).await?;
        let response: device_code::Response = json(ENDPOINT, &answer)?;
        let code = &response.user_code;
        if code.is_empty() || code.len() > LONGEST_CODE || code.chars().any(char::is_control) {
            return Err(Error::Response {
                endpoint: ENDPOINT,
                status: answer.status.as_u16(),
                reason: "the user code cannot be shown",
            });
        }
        let page = browser_endpoint(Some(&response.verification_uri), "verification_uri")?;
        let complete = response.verification_uri_complete.as_deref();
        Ok(DeviceSignIn {
            client: client.clone(),
            verification_uri: page,
            verification_uri_complete: browser_endpoint(complete, "").ok(),
            interval: response.interval.unwrap_or(DEFAULT_INTERVAL).max(1),
            expires_at: client.ambient().now().saturating_add(response.expires_in),
            device_code: response.device_code,
            user_code: response.user_code,
            scope,
        })
    }
}

/// A sign-in that waits for a person at another device.
#[must_use]
pub struct DeviceSignIn {
    client: Client,
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    interval: i64,
    expires_at: i64,
    scope: Scope,
}

impl DeviceSignIn {
    /// What the person types at [`DeviceSignIn::verification_uri`].
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page where the person types the code.
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The same with the code in it, to be drawn as a QR code. The person still compares the code, so show that too (RFC 8628 §3.3.1).
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// When both codes expire, in unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// How long to wait before the next [`DeviceSignIn::poll`]. It grows when the server says so, or cannot be reached.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.interval.unsigned_abs())
    }

    /// Polls until the person has decided.
    ///
    /// # Errors
    /// [`Error::Authorization`] when the person said no, [`Error::TimedOut`] when the codes expired.
    pub async fn finish(mut self) -> Result<Session, Error> {
        loop {
            let left = self.expires_at.saturating_sub(self.client.ambient().now());
            let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
            tokio::time::sleep(self.wait().min(left)).await;
            if let Some(session) = self.poll().await? {
                return Ok(session);
            }
        }
    }

    /// Asks once; `None` while the person has not decided. Wait [`DeviceSignIn::wait`] before each call.
    ///
    /// # Errors
    /// As [`DeviceSignIn::finish`].
    pub async fn poll(&mut self) -> Result<Option<Session>, Error> {
        if self.client.ambient().now() >= self.expires_at {
            return Err(Error::TimedOut);
        }
        let form = vec![
            ("grant_type", GrantType::DeviceCode.as_str().to_owned()),
            ("device_code", self.device_code.clone()),
        ];
        match self.client.token(form).await {
            Ok(response) => self.accept(response).await.map(Some),
            Err(error) => self.judge(error).map(|()| None),
        }
    }

    /// Whether to go on after an error, and how fast (RFC 8628 §3.5).
    fn judge(&mut self, error: Error) -> Result<(), Error> {
        match (error.code(), error) {
            (Some(ErrorCode::AuthorizationPending), _) => Ok(()),
            (Some(ErrorCode::SlowDown), _) => {
                self.interval = self.interval.saturating_add(SLOW_DOWN);
                Ok(())
            }
            (Some(ErrorCode::ExpiredToken), _) => Err(Error::TimedOut),
            (Some(ErrorCode::AccessDenied), Error::Refused { error, .. }) => {
                Err(Error::Authorization(error))
            }
            (_, error) if is_passing(&error) => {
                let doubled = self.interval.saturating_mul(2).min(LONGEST_WAIT);
                self.interval = self.interval.max(doubled);
                Ok(())
            }
            (_, error) => Err(error),
        }
    }

    async fn accept(&self, response: TokenResponse) -> Result<Session, Error> {
        let claims = match &response.id_token {
            Some(token) => {
                let asked = Asked {
                    nonce: None,
                    max_age: None,
                    access_token: &response.access_token,
                };
                Some(self.client.accept(token, asked).await?)
            }
            None if self.scope.contains("openid") => return Err(IdTokenError::Missing.into()),
            None => None,
        };
        let now = self.client.ambient().now();
        let tokens = Tokens::new(response, &self.scope, claims, now);
        Ok(Session::new(self.client.clone(), tokens))
    }
}

/// Whether trying again later may help: no answer, or one that says so.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Request { .. } => true,
        Error::Refused { status, .. } | Error::Response { status, .. } => {
            *status == 429 || *status >= 500
        }
        _ => false,
    }
}

impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignIn")
            .field("client", &self.client)
            .field("verification_uri", &self.verification_uri)
            .field("interval", &self.interval)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
