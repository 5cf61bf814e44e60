//! What the server calls the application with in the modes ping and push (OpenID Connect CIBA Core §10.2, §10.3, §12).

use std::fmt;

use oauth::ciba::{Ping, Push};
use oauth::id_token::at_hash;
use oauth::{ErrorCode, ErrorResponse};
use subtle::ConstantTimeEq;

use crate::client::Client;
use crate::id_token::Asked;
use crate::{Error, IdTokenError, PendingApproval, Session, Tokens};

/// Longest body that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// A call to the application's notification endpoint. Nothing in it is believed before [`PendingApproval::is_told_by`] or
/// [`PendingApproval::pushed`] has looked at it.
///
/// ```no_run
/// # use grantor_client::{Client, Error, Notification, PendingApproval};
/// # async fn run(client: Client, authorization: Option<&str>, body: &[u8]) -> Result<(), Error> {
/// let mut pending = client.approval("alice").scope("openid notes.write").called().start().await?;
/// // … and at the notification endpoint, with the `Authorization` header and the body of the request:
/// let Some(call) = Notification::read(authorization, body) else { return Ok(()) }; // 400
/// if pending.is_told_by(&call) { // else 401
///     let session = pending.poll().await?; // mode ping; in the mode push: pending.pushed(&call).await?
/// #   let _ = session;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Notification {
    token: String,
    request: Ping,
    body: Vec<u8>,
}

impl Notification {
    /// Reads the call: the value of its `Authorization` header, and its body. `None` when it is not one.
    pub fn read(authorization: Option<&str>, body: &[u8]) -> Option<Self> {
        let (scheme, token) = authorization?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Bearer") || body.len() > LONGEST {
            return None;
        }
        Some(Self {
            token: token.trim().to_owned(),
            request: serde_json::from_slice(body).ok()?,
            body: body.to_vec(),
        })
    }

    /// Which request it says it is about, so that an application with several finds the one: as secret as the request.
    pub fn auth_req_id(&self) -> &str {
        &self.request.auth_req_id
    }

    pub(crate) fn is_of(&self, auth_req_id: &str, token: &str) -> bool {
        let same = |one: &str, other: &str| bool::from(one.as_bytes().ct_eq(other.as_bytes()));
        same(&self.request.auth_req_id, auth_req_id) & same(&self.token, token)
    }
}

impl fmt::Debug for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notification(…)")
    }
}

impl PendingApproval {
    /// Whether the call is about this request and shows the token that the application gave the server for it: in the mode ping it is worth polling now.
    /// An answer to the call needs no more than the status 204.
    pub fn is_told_by(&self, call: &Notification) -> bool {
        let token = self.notification_token();
        token.is_some_and(|token| call.is_of(self.auth_req_id(), token))
    }

    /// Takes the tokens that the server pushed (§10.3.1), after looking at the token of the call and at the ID token, which names this request and holds the
    /// hashes of the tokens beside it.
    ///
    /// # Errors
    /// [`Error::Authorization`] when the person said no, [`Error::TimedOut`] when nobody decided in time (§12), [`Error::Response`] for a call of somebody
    /// else, [`Error::IdToken`] when the ID token is not good.
    pub async fn pushed(self, call: &Notification) -> Result<Session, Error> {
        if !self.is_told_by(call) {
            return Err(unexpected(
                "it is about another request, or of somebody else",
            ));
        }
        if let Ok(error) = serde_json::from_slice::<ErrorResponse>(&call.body) {
            return Err(match error.code() {
                Some(ErrorCode::ExpiredToken) => Error::TimedOut,
                _ => Error::Authorization(error),
            });
        }
        let push = serde_json::from_slice::<Push>(&call.body);
        let push = push.map_err(|_| unexpected("it holds no tokens"))?;
        let (client, scope) = self.asked();
        client.take(push, scope).await
    }
}

fn unexpected(reason: &'static str) -> Error {
    Error::Response {
        endpoint: "client_notification",
        status: 200,
        reason,
    }
}

impl Client {
    async fn take(&self, push: Push, scope: &oauth::Scope) -> Result<Session, Error> {
        let Push { request, tokens } = push;
        if self.dpop().is_some() || !tokens.token_type.eq_ignore_ascii_case("Bearer") {
            return Err(unexpected(
                "the token is of a type that this client cannot use",
            ));
        }
        let token = tokens.id_token.as_deref().ok_or(IdTokenError::Missing)?;
        let asked = Asked {
            nonce: None,
            max_age: None,
            access_token: &tokens.access_token,
        };
        let claims = self.accept(token, asked).await?;
        let hash = |token: &str| at_hash(self.id_token_algorithm(), token);
        let refresh = tokens.refresh_token.as_deref();
        let bound = claims.auth_req_id.as_deref() == Some(&request.auth_req_id)
            && claims.at_hash.is_some()
            && refresh
                .is_none_or(|token| claims.rt_hash.is_some() && claims.rt_hash == hash(token));
        if !bound {
            return Err(unexpected(
                "the ID token does not belong to the tokens beside it",
            ));
        }
        let tokens = Tokens::new(tokens, scope, Some(claims), self.ambient().now());
        Ok(Session::new(self.clone(), tokens))
    }
}
