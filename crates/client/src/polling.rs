//! Asking the token endpoint again and again until a person who is elsewhere has decided (RFC 8628 §3.5, OpenID Connect CIBA Core §11).

use std::fmt;
use std::time::Duration;

use oauth::device_code::{DEFAULT_INTERVAL, SLOW_DOWN};
use oauth::token::TokenResponse;
use oauth::{ErrorCode, Scope};

use crate::client::Client;
use crate::id_token::Asked;
use crate::{Error, IdTokenError, Session, Tokens};

/// Longest wait between two polls, in seconds, however often the server could not be reached.
const LONGEST_WAIT: i64 = 300;

/// What a client polls for.
pub(crate) struct Polling {
    client: Client,
    form: Vec<(&'static str, String)>,
    interval: i64,
    expires_at: i64,
    scope: Scope,
}

impl Polling {
    /// Polls with this form, at the pace and for the time (in seconds) that the server named, for what was asked for.
    pub(crate) fn new(
        client: &Client,
        form: Vec<(&'static str, String)>,
        (interval, expires_in): (Option<i64>, i64),
        scope: Scope,
    ) -> Self {
        Self {
            client: client.clone(),
            form,
            interval: interval.unwrap_or(DEFAULT_INTERVAL).max(1),
            expires_at: client.ambient().now().saturating_add(expires_in),
            scope,
        }
    }

    pub(crate) fn asked(&self) -> (&Client, &Scope) {
        (&self.client, &self.scope)
    }

    pub(crate) fn expires_at(&self) -> i64 {
        self.expires_at
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.interval.unsigned_abs())
    }

    pub(crate) async fn finish(mut self) -> Result<Session, Error> {
        loop {
            let left = self.expires_at.saturating_sub(self.client.ambient().now());
            let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
            tokio::time::sleep(self.wait().min(left)).await;
            if let Some(session) = self.poll().await? {
                return Ok(session);
            }
        }
    }

    pub(crate) async fn poll(&mut self) -> Result<Option<Session>, Error> {
        if self.client.ambient().now() >= self.expires_at {
            return Err(Error::TimedOut);
        }
        match self.client.token(self.form.clone()).await {
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

impl fmt::Debug for Polling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polling")
            .field("client", &self.client)
            .field("interval", &self.interval)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
