use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oauth::{ErrorCode, Redacted, Scope};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::client::Client;
use crate::exchange::Request;
use crate::{Error, Tokens};

/// An access token. The `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    text: String,
    /// Whether it is bound to the client's key.
    bound: bool,
}

impl AccessToken {
    /// The token itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value of the `Authorization` header that carries it (RFC 6750 §2.1, RFC 9449 §7.1).
    pub fn authorization(&self) -> String {
        let scheme = if self.bound { "DPoP" } else { "Bearer" };
        format!("{scheme} {}", self.text)
    }

    /// Whether it is bound to the client's key, so that each request needs a proof beside it: see [`Client::proof`].
    pub fn is_bound(&self) -> bool {
        self.bound
    }

    fn of(tokens: &Tokens) -> Self {
        Self {
            text: tokens.access_token.clone(),
            bound: tokens.bound,
        }
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("text", &Redacted)
            .field("bound", &self.bound)
            .finish()
    }
}

/// Where access tokens come from: hands out the one at hand and renews it before it expires, with one request in flight however many tasks
/// ask. Clones share it. Needs a tokio runtime: a renewal runs to its end even when whoever asked for it gives up, since the server may
/// already have rotated the refresh token.
#[derive(Clone)]
pub struct TokenSource(Arc<Shared>);

struct Shared {
    client: Client,
    renewal: Renewal,
    state: Arc<Mutex<State>>,
    /// How many renewals have ended.
    ended: AtomicU64,
}

/// How a new access token is obtained.
pub(crate) enum Renewal {
    /// With the refresh token, if there is one.
    Refresh,
    /// By asking again in the client's own name.
    ClientCredentials {
        scope: Scope,
        resources: Vec<String>,
        details: Option<String>,
    },
}

struct State {
    tokens: Option<Tokens>,
    /// How the last renewal failed, if it did.
    failure: Option<Error>,
    /// The server no longer accepts the refresh token, or it was revoked.
    over: bool,
}

impl TokenSource {
    pub(crate) fn new(client: Client, renewal: Renewal, tokens: Option<Tokens>) -> Self {
        Self(Arc::new(Shared {
            client,
            renewal,
            state: Arc::new(Mutex::new(State {
                tokens,
                failure: None,
                over: false,
            })),
            ended: AtomicU64::new(0),
        }))
    }

    /// An access token that is good for a while.
    ///
    /// # Errors
    /// [`Error::SignInAgain`] when it cannot be renewed; otherwise why the renewal failed. While the token at hand lives, a failed renewal is
    /// no error.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        let seen = self.0.ended.load(Ordering::SeqCst);
        let state = self.lock().await;
        let now = self.0.client.ambient().now();
        if let Some(token) = state.fresh(now) {
            return Ok(token);
        }
        match self.shared_outcome(&state, seen) {
            Some(Ok(token)) => Ok(token),
            Some(Err(error)) => state.alive(now).ok_or(error),
            None => match self.renew(state).await {
                Ok(token) => Ok(token),
                Err(error) => self.lock().await.alive(now).ok_or(error),
            },
        }
    }

    /// Renews now, whatever the token's age: for when an API refuses it all the same.
    pub async fn refresh(&self) -> Result<AccessToken, Error> {
        let seen = self.0.ended.load(Ordering::SeqCst);
        let state = self.lock().await;
        match self.shared_outcome(&state, seen) {
            Some(outcome) => outcome,
            None => self.renew(state).await,
        }
    }

    /// `GET url` with a fresh token: a call to an API. Any status is an answer.
    pub async fn get(&self, url: &str) -> Result<fetch::Response, Error> {
        let token = self.access_token().await?;
        let request = Request::get("resource", url).with_token(&token);
        self.0.client.send(request).await
    }

    /// Everything that is at hand now, fresh or not.
    pub async fn tokens(&self) -> Option<Tokens> {
        self.lock().await.tokens.clone()
    }

    /// Revokes what is at hand and hands out no more.
    pub(crate) async fn revoke(&self) -> Result<(), Error> {
        let mut state = self.lock().await;
        state.over = true;
        let Some(tokens) = state.tokens.take() else {
            return Ok(());
        };
        let token = tokens.refresh_token.unwrap_or(tokens.access_token);
        self.0.client.revoke(&token).await
    }

    async fn lock(&self) -> OwnedMutexGuard<State> {
        Arc::clone(&self.0.state).lock_owned().await
    }

    /// What a renewal brought that ended while the caller waited for its turn.
    fn shared_outcome(&self, state: &State, seen: u64) -> Option<Result<AccessToken, Error>> {
        if self.0.ended.load(Ordering::SeqCst) == seen {
            return None;
        }
        Some(match &state.failure {
            Some(error) => Err(error.clone()),
            None => state.token().ok_or(Error::SignInAgain),
        })
    }

    async fn renew(&self, mut state: OwnedMutexGuard<State>) -> Result<AccessToken, Error> {
        let shared = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            let outcome = shared.renewed(&state).await;
            let result = match outcome {
                Ok(tokens) => {
                    state.failure = None;
                    let token = AccessToken::of(&tokens);
                    state.tokens = Some(tokens);
                    Ok(token)
                }
                Err(error) => {
                    state.over |= matches!(error, Error::SignInAgain);
                    state.failure = Some(error.clone());
                    Err(error)
                }
            };
            shared.ended.fetch_add(1, Ordering::SeqCst);
            result
        });
        task.await.map_err(|_| Error::Interrupted)?
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("client", &self.0.client)
            .finish_non_exhaustive()
    }
}

impl State {
    fn token(&self) -> Option<AccessToken> {
        self.tokens.as_ref().map(AccessToken::of)
    }

    /// The token, unless it is time to renew it.
    fn fresh(&self, now: i64) -> Option<AccessToken> {
        let renew_at = self.tokens.as_ref()?.renew_at;
        self.token().filter(|_| renew_at.is_none_or(|at| now < at))
    }

    /// The token, if it has not expired.
    fn alive(&self, now: i64) -> Option<AccessToken> {
        let expires_at = self.tokens.as_ref()?.expires_at;
        self.token()
            .filter(|_| expires_at.is_none_or(|at| now < at))
    }
}

impl Shared {
    async fn renewed(&self, state: &State) -> Result<Tokens, Error> {
        if state.over {
            return Err(Error::SignInAgain);
        }
        match &self.renewal {
            Renewal::Refresh => self.refreshed(state.tokens.as_ref()).await,
            Renewal::ClientCredentials {
                scope,
                resources,
                details,
            } => {
                let mut form = vec![("grant_type", "client_credentials".to_owned())];
                if !scope.is_empty() {
                    form.push(("scope", scope.to_string()));
                }
                form.extend(resources.iter().map(|uri| ("resource", uri.clone())));
                let details = details.clone();
                form.extend(details.map(|text| ("authorization_details", text)));
                let response = self.client.token(form).await?;
                let now = self.client.ambient().now();
                Ok(Tokens::new(response, scope, None, now))
            }
        }
    }

    async fn refreshed(&self, tokens: Option<&Tokens>) -> Result<Tokens, Error> {
        let before = tokens.ok_or(Error::SignInAgain)?;
        let refresh_token = before.refresh_token.clone().ok_or(Error::SignInAgain)?;
        let form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh_token.clone()),
        ];
        let mut response = match self.client.token(form).await {
            Err(error) if error.code() == Some(ErrorCode::InvalidGrant) => {
                return Err(Error::SignInAgain);
            }
            other => other?,
        };
        let details = response.authorization_details.take();
        response.authorization_details = details.or_else(|| before.details.clone());
        // A server that does not rotate sends none: the old one stays good (RFC 6749 §6).
        response.refresh_token.get_or_insert(refresh_token);
        let claims = match (&response.id_token, &before.claims) {
            (Some(token), Some(claims)) => {
                let access_token = &response.access_token;
                Some(
                    self.client
                        .accept_again(token, access_token, claims)
                        .await?,
                )
            }
            (None, claims) => claims.clone(),
            (Some(_), None) => None,
        };
        if response.id_token.is_none() || claims.is_none() {
            response.id_token = before.id_token.clone();
        }
        let now = self.client.ambient().now();
        Ok(Tokens::new(response, &before.scope, claims, now))
    }
}
