//! Asking a person for approval who is not at a browser of the application (OpenID Connect CIBA Core): an agent asks, the person approves on a device of their
//! own, and the agent asks meanwhile whether they have.

use std::fmt;
use std::time::Duration;

use oauth::Scope;
use oauth::ciba::{BindingMessage, Response};
use oauth::token::GrantType;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::details::Details;
use crate::exchange::json;
use crate::polling::{Grant, Kept, Polling};
use crate::request_object::claims;
use crate::{Error, Session};

const ENDPOINT: &str = "backchannel_authentication";
const TOKEN: &str = "client_notification_token";
const GRANT: Grant = (GrantType::Ciba, "auth_req_id");

/// A request for approval in the making.
#[must_use]
#[derive(Clone)]
pub struct Approval<'a> {
    client: &'a Client,
    scope: String,
    resources: Vec<String>,
    details: Details,
    signed: bool,
    form: Vec<(&'static str, String)>,
}

impl<'a> Approval<'a> {
    pub(crate) fn new(client: &'a Client, hint: (&'static str, String)) -> Self {
        Self {
            client,
            scope: "openid".to_owned(),
            resources: Vec::new(),
            details: Details::default(),
            signed: false,
            form: vec![hint],
        }
    }

    /// What to ask for, separated by spaces; `openid` must be among it. Without this it is all that is asked for.
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

    /// Signs the request (§7.1.1), as a client must that registered `backchannel_authentication_request_signing_alg`: with
    /// [`ClientBuilder::request_key`](crate::ClientBuilder::request_key) or the key of
    /// [`Credentials::private_key_jwt`](crate::Credentials::private_key_jwt).
    pub fn signed_request(mut self) -> Self {
        self.signed = true;
        self
    }

    /// What the person sees on both devices, so that they know what they approve: one line of at most 100 characters (§7.1).
    pub fn binding_message(self, message: impl Into<String>) -> Self {
        self.with("binding_message", message)
    }

    /// What the person told the application so that it may ask them.
    pub fn user_code(self, code: impl Into<String>) -> Self {
        self.with("user_code", code)
    }

    /// The authentication contexts that it would like, separated by spaces.
    pub fn acr_values(self, values: impl Into<String>) -> Self {
        self.with("acr_values", values)
    }

    /// For how many seconds the request shall stand; the server may shorten it.
    pub fn expires_in(self, seconds: u32) -> Self {
        self.with("requested_expiry", seconds.to_string())
    }

    /// The server shall call the application, as its registration says (the modes ping and push): with a token of 256 random bits that is made here. See
    /// [`Notification`](crate::Notification).
    pub fn called(self) -> Self {
        let token = self.client.ambient().token();
        self.notification_token(token)
    }

    /// As [`Approval::called`], with a token of the application's own (§7.1): at least 128 random bits.
    pub fn notification_token(self, token: impl Into<String>) -> Self {
        self.with(TOKEN, token)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.form.retain(|(known, _)| *known != name);
        self.form.push((name, value.into()));
        self
    }

    /// Asks the person (§7.1).
    ///
    /// # Errors
    /// [`Error::Refused`] with the code of §13: `unknown_user_id`, `invalid_user_code` and so on.
    pub async fn start(self) -> Result<PendingApproval, Error> {
        let scope: Scope = self.scope.parse()?;
        let message = self
            .form
            .iter()
            .find(|(name, _)| *name == "binding_message");
        if message.is_some_and(|(_, text)| BindingMessage::parse(text).is_err()) {
            return Err(Error::Incomplete(
                "the binding message is not one line of 1 to 100 characters",
            ));
        }
        let client = self.client;
        let metadata = client.metadata();
        let url = metadata.backchannel_authentication_endpoint.as_deref();
        let url = client.endpoint("backchannel_authentication_endpoint", url);
        let url = url.ok_or(Error::Unsupported("backchannel_authentication_endpoint"))?;
        let mut form = self.form;
        form.push(("scope", scope.to_string()));
        form.extend(self.resources.into_iter().map(|uri| ("resource", uri)));
        let details = self.details.text()?;
        form.extend(details.map(|text| ("authorization_details", text)));
        let token = form.iter().find(|(name, _)| *name == TOKEN);
        let token = token.map(|(_, token)| SecretString::from(token.as_str()));
        if self.signed {
            let pairs = form.iter().map(|(name, value)| (*name, value.as_str()));
            let claims = claims(&pairs.collect::<Vec<_>>())?;
            form = vec![("request", client.signed_request("JWT", claims)?)];
        }
        let answer = client.send_form(ENDPOINT, url, form).await?;
        let response: Response = json(ENDPOINT, &answer)?;
        let grant = (GRANT, response.auth_req_id);
        let pace = (response.interval, response.expires_in);
        Ok(PendingApproval {
            token,
            polling: Polling::new(client, grant, pace, scope),
        })
    }
}

/// A request that waits for a person.
#[must_use]
pub struct PendingApproval {
    /// What the server shows when it calls.
    token: Option<SecretString>,
    polling: Polling,
}

impl PendingApproval {
    /// What a ping names, so that the application knows which request it is about. A secret.
    pub fn auth_req_id(&self) -> &str {
        self.polling.kept().code()
    }

    pub(crate) fn notification_token(&self) -> Option<&str> {
        self.token.as_ref().map(ExposeSecret::expose_secret)
    }

    pub(crate) fn asked(&self) -> (&Client, &Scope) {
        self.polling.asked()
    }

    /// When the request expires, in unix seconds.
    pub fn expires_at(&self) -> i64 {
        self.polling.kept().expires_at()
    }

    /// How long to wait before the next [`PendingApproval::poll`]. It grows when the server says so, or cannot be reached.
    pub fn wait(&self) -> Duration {
        self.polling.wait()
    }

    /// What to keep of it until the person decides, for an application that keeps nothing in memory; [`Client::resume_approval`] goes on with it. As secret
    /// as a password.
    ///
    /// ```no_run
    /// # use grantor_client::{Client, KeptApproval};
    /// # async fn ask(client: Client) -> Result<String, Box<dyn std::error::Error>> {
    /// let pending = client.approval("alice").scope("openid notes.write").start().await?;
    /// let stored = serde_json::to_string(&pending.kept())?;
    /// # Ok(stored) }
    /// // … in another process, a while later:
    /// # async fn later(client: Client, stored: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut pending = client.resume_approval(serde_json::from_str(stored)?)?;
    /// if let Some(session) = pending.poll().await? {
    ///     let header = session.access_token().await?.authorization();
    /// #   let _ = header;
    /// } else {
    ///     let stored = serde_json::to_string(&pending.kept())?; // the pace may have changed
    /// #   let _ = stored;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn kept(&self) -> KeptApproval {
        KeptApproval {
            token: self.notification_token().map(str::to_owned),
            polling: self.polling.kept().clone(),
        }
    }

    /// Polls until the person has decided.
    ///
    /// # Errors
    /// [`Error::Authorization`] when the person said no, [`Error::TimedOut`] when the request expired.
    pub async fn finish(self) -> Result<Session, Error> {
        self.polling.finish().await
    }

    /// Asks once; `None` while the person has not decided. Wait [`PendingApproval::wait`] before each call, unless a ping came.
    ///
    /// # Errors
    /// As [`PendingApproval::finish`].
    pub async fn poll(&mut self) -> Result<Option<Session>, Error> {
        self.polling.poll().await
    }
}

impl fmt::Debug for PendingApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingApproval")
            .field("polling", &self.polling)
            .finish_non_exhaustive()
    }
}

/// A [`PendingApproval`] without its client. It serialises.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptApproval {
    token: Option<String>,
    polling: Kept,
}

impl KeptApproval {
    /// By which an application that is called finds it: see [`Notification::auth_req_id`](crate::Notification::auth_req_id). A secret.
    pub fn auth_req_id(&self) -> &str {
        self.polling.code()
    }

    /// When the request expires, in unix seconds: from then on it need not be kept.
    pub fn expires_at(&self) -> i64 {
        self.polling.expires_at()
    }
}

impl fmt::Debug for KeptApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptApproval").field(&self.polling).finish()
    }
}

impl Client {
    /// Goes on with a request for approval that was kept. Nothing in it is verified again.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when another client began it, or with another server.
    pub fn resume_approval(&self, kept: KeptApproval) -> Result<PendingApproval, Error> {
        Ok(PendingApproval {
            token: kept.token.map(SecretString::from),
            polling: Polling::resume(self, GRANT, kept.polling)?,
        })
    }
}
