//! Signing in on a device without a browser (RFC 8628): the person allows it in a browser of theirs, and the device asks meanwhile whether they have.

use std::fmt;
use std::time::Duration;

use oauth::Scope;
use oauth::device_code;
use oauth::token::GrantType;
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::details::Details;
use crate::discovery::browser_endpoint;
use crate::exchange::json;
use crate::polling::{Grant, Kept, Polling};
use crate::{Error, Session};

const ENDPOINT: &str = "device_authorization";
const GRANT: Grant = (GrantType::DeviceCode, "device_code");

/// Longest user code that is shown, in characters.
const LONGEST_CODE: usize = 64;

/// A device authorization request in the making.
#[must_use]
#[derive(Clone)]
pub struct DeviceAuthorization<'a> {
    client: &'a Client,
    scope: String,
    resources: Vec<String>,
    details: Details,
}

impl<'a> DeviceAuthorization<'a> {
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

    /// The API that the tokens are for (RFC 8707); may be called again for another.
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
        let details = self.details.text()?;
        form.extend(details.map(|text| ("authorization_details", text)));
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
        let grant = (GRANT, response.device_code);
        let pace = (response.interval, response.expires_in);
        Ok(DeviceSignIn {
            verification_uri: page,
            verification_uri_complete: browser_endpoint(complete, "").ok(),
            user_code: response.user_code,
            polling: Polling::new(client, grant, pace, scope),
        })
    }
}

/// A sign-in that waits for a person at another device.
#[must_use]
pub struct DeviceSignIn {
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    polling: Polling,
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
        self.polling.kept().expires_at()
    }

    /// How long to wait before the next [`DeviceSignIn::poll`]. It grows when the server says so, or cannot be reached.
    pub fn wait(&self) -> Duration {
        self.polling.wait()
    }

    /// What to keep of it between two polls, for a program that does not keep running; [`Client::resume_device`] goes on with it. As secret as a password.
    pub fn kept(&self) -> KeptDevice {
        KeptDevice {
            user_code: self.user_code.clone(),
            verification_uri: self.verification_uri.clone(),
            verification_uri_complete: self.verification_uri_complete.clone(),
            polling: self.polling.kept().clone(),
        }
    }

    /// Polls until the person has decided.
    ///
    /// # Errors
    /// [`Error::Authorization`] when the person said no, [`Error::TimedOut`] when the codes expired.
    pub async fn finish(self) -> Result<Session, Error> {
        self.polling.finish().await
    }

    /// Asks once; `None` while the person has not decided. Wait [`DeviceSignIn::wait`] before each call.
    ///
    /// # Errors
    /// As [`DeviceSignIn::finish`].
    pub async fn poll(&mut self) -> Result<Option<Session>, Error> {
        self.polling.poll().await
    }
}

impl fmt::Debug for DeviceSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignIn")
            .field("verification_uri", &self.verification_uri)
            .field("polling", &self.polling)
            .finish_non_exhaustive()
    }
}

/// A [`DeviceSignIn`] without its client. It serialises.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptDevice {
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    polling: Kept,
}

impl fmt::Debug for KeptDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptDevice").field(&self.polling).finish()
    }
}

impl Client {
    /// Goes on with a device sign-in that was kept. Nothing in it is verified again.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when another client began it, or with another server.
    pub fn resume_device(&self, kept: KeptDevice) -> Result<DeviceSignIn, Error> {
        Ok(DeviceSignIn {
            user_code: kept.user_code,
            verification_uri: kept.verification_uri,
            verification_uri_complete: kept.verification_uri_complete,
            polling: Polling::resume(self, GRANT, kept.polling)?,
        })
    }
}
