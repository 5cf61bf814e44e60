//! Asking the token endpoint again and again until a person who is elsewhere has decided (RFC 8628 §3.5, OpenID Connect CIBA Core §11).

use std::fmt;
use std::time::Duration;

use oauth::device_code::{DEFAULT_INTERVAL, SLOW_DOWN};
use oauth::token::{GrantType, TokenResponse};
use oauth::{ErrorCode, Redacted, Scope};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::id_token::Asked;
use crate::{Error, IdTokenError, Session, Tokens};

/// Longest wait between two polls, in seconds, however often the server could not be reached.
const LONGEST_WAIT: i64 = 300;

/// A grant whose client polls, and the parameter that says for which request.
pub(crate) type Grant = (GrantType, &'static str);

/// What a client polls for.
pub(crate) struct Polling {
    client: Client,
    grant: Grant,
    kept: Kept,
}

/// What there is to know of it beside the client, to be kept between two polls: as secret as what they bring.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    issuer: String,
    client_id: String,
    code: String,
    interval: i64,
    expires_at: i64,
    scope: Scope,
}

impl Kept {
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    pub(crate) fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("code", &Redacted)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Polling {
    /// Polls for the request with this code, at the pace and for the time (in seconds) that the server named, for what was asked for.
    pub(crate) fn new(
        client: &Client,
        (grant, code): (Grant, String),
        (interval, expires_in): (Option<i64>, i64),
        scope: Scope,
    ) -> Self {
        let kept = Kept {
            issuer: client.issuer().to_owned(),
            client_id: client.id().to_owned(),
            code,
            interval: interval.unwrap_or(DEFAULT_INTERVAL).max(1),
            expires_at: client.ambient().now().saturating_add(expires_in),
            scope,
        };
        Self {
            client: client.clone(),
            grant,
            kept,
        }
    }

    /// Goes on with what was kept.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when it is of another client or server: its code must not go there.
    pub(crate) fn resume(client: &Client, grant: Grant, kept: Kept) -> Result<Self, Error> {
        if kept.issuer != client.issuer() || kept.client_id != client.id() {
            return Err(Error::Incomplete(
                "what was kept was begun by another client, or with another server",
            ));
        }
        Ok(Self {
            client: client.clone(),
            grant,
            kept,
        })
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(crate) fn asked(&self) -> (&Client, &Scope) {
        (&self.client, &self.kept.scope)
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.kept.interval.unsigned_abs())
    }

    pub(crate) async fn finish(mut self) -> Result<Session, Error> {
        loop {
            let now = self.client.ambient().now();
            let left = self.kept.expires_at.saturating_sub(now);
            let left = Duration::from_secs(u64::try_from(left).unwrap_or_default());
            tokio::time::sleep(self.wait().min(left)).await;
            if let Some(session) = self.poll().await? {
                return Ok(session);
            }
        }
    }

    pub(crate) async fn poll(&mut self) -> Result<Option<Session>, Error> {
        if self.client.ambient().now() >= self.kept.expires_at {
            return Err(Error::TimedOut);
        }
        let (grant, name) = self.grant;
        let form = vec![
            ("grant_type", grant.as_str().to_owned()),
            (name, self.kept.code.clone()),
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
                self.kept.interval = self.kept.interval.saturating_add(SLOW_DOWN);
                Ok(())
            }
            (Some(ErrorCode::ExpiredToken), _) => Err(Error::TimedOut),
            (Some(ErrorCode::AccessDenied), Error::Refused { error, .. }) => {
                Err(Error::Authorization(error))
            }
            (_, error) if is_passing(&error) => {
                let doubled = self.kept.interval.saturating_mul(2).min(LONGEST_WAIT);
                self.kept.interval = self.kept.interval.max(doubled);
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
            None if self.kept.scope.contains("openid") => {
                return Err(IdTokenError::Missing.into());
            }
            None => None,
        };
        let now = self.client.ambient().now();
        let tokens = Tokens::new(response, &self.kept.scope, claims, now);
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
            .field("interval", &self.kept.interval)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}
