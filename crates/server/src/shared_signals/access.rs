//! Who may use the transmitter: clients, with access tokens of their own for it (OpenID Shared Signals Framework §7.1.1, CAEP Interoperability Profile §2.7).

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use oauth::shared_signals::{Malformed, SCOPE_MANAGE, SCOPE_READ};
use realm::Client;
use serde_json::{Map, Value, json};
use web::form::FormError;

use super::stored::{self, Besides, Stream};
use super::{is_on, resource};
use crate::call::Call;
use crate::dpop::{self, Scheme};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token;
use crate::{answer, userinfo};

/// In the log, and the name of its limit.
const ENDPOINT: &str = "shared_signals";
/// How long the body of a request may be, in bytes.
const LONGEST: usize = 64 * 1024;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// To read, and to get events.
    Read,
    /// To change.
    Manage,
}

/// Why a request of a receiver is not fulfilled.
#[derive(Debug)]
pub(super) enum Fault {
    /// It cannot be read, or asks for what cannot be (400).
    Malformed(&'static str),
    /// The receiver may not (403).
    Forbidden(&'static str),
    /// It has no such stream (404).
    Unknown,
    /// There are too many of them (409).
    Conflict(&'static str),
    /// Too soon: again after so many seconds (429).
    TooSoon(i64),
    /// Something else.
    Other(Refusal),
}

impl<R: Into<Refusal>> From<R> for Fault {
    fn from(refusal: R) -> Self {
        Self::Other(refusal.into())
    }
}

/// As [`Fault::Malformed`].
pub(super) fn malformed(malformed: Malformed) -> Fault {
    Fault::Malformed(malformed.0)
}

/// A receiver that may do what it asks for.
pub(super) struct Receiver {
    pub(super) client: Arc<Client>,
    scheme: Scheme,
}

/// Lets a receiver in.
///
/// # Errors
/// The whole answer to a request that goes no further.
pub(super) async fn admit(
    call: &Call,
    (method, path): (&Method, &str),
    need: Need,
) -> Result<Receiver, Box<Response>> {
    match call.realm.catalogue().await {
        Ok(catalogue) if is_on(&call.realm, &catalogue) => {}
        Ok(_) => return Err(Box::new(answer::empty(StatusCode::NOT_FOUND))),
        Err(error) => {
            let refused = answer::refused(call, ENDPOINT, None, &error.into());
            return Err(Box::new(refused));
        }
    }
    let challenge = |scheme: Option<Scheme>, refusal: Option<&Refusal>| {
        let scope = match need {
            Need::Read => SCOPE_READ,
            Need::Manage => SCOPE_MANAGE,
        };
        let response = userinfo::challenge(call, (ENDPOINT, scope), scheme, refusal);
        Err(Box::new(response))
    };
    let (scheme, token) = match call.authorization() {
        Ok(None) => return challenge(None, None),
        Ok(Some(value)) => match Scheme::split(value) {
            Some(split) => split,
            None => return challenge(None, Some(&Reason::TokenMalformed.into())),
        },
        Err(()) => return challenge(None, Some(&Reason::TokenTwice.into())),
    };
    match judge(call, (method, path), (scheme, token), need).await {
        Ok(client) => Ok(Receiver { client, scheme }),
        Err(refusal) => challenge(Some(scheme), Some(&refusal)),
    }
}

async fn judge(
    call: &Call,
    (method, path): (&Method, &str),
    (scheme, token): (Scheme, &str),
    need: Need,
) -> Result<Arc<Client>, Refusal> {
    let claims = access_token::read(&call.realm, token, call.now()).await?;
    let client = call.realm.client(&claims.client_id).await?;
    let client = client
        .filter(|client| !client.disabled)
        .ok_or(Reason::TokenRevoked)?;
    dpop::check_holder(
        call,
        (method, path),
        (scheme, token),
        (&claims, &client),
        call.confirmation().as_ref(),
    )?;
    if !claims.aud.contains(&resource(&call.realm)) {
        return Err(Reason::TokenAudience.into());
    }
    // A stream is the client's: whoever signs in there must not rule over it.
    if claims.grant_id.is_some() {
        return Err(Reason::TokenOfPerson.into());
    }
    let may_read =
        claims.has_scope(SCOPE_MANAGE) || need == Need::Read && claims.has_scope(SCOPE_READ);
    if !may_read {
        return Err(Reason::TokenScopeOfSignals.into());
    }
    call.server.requests.ask(call, ENDPOINT, &client.id)?;
    Ok(client)
}

impl Receiver {
    /// One of its streams; those of others are as unknown as those that are not there.
    pub(super) async fn stream(&self, call: &Call, id: &str) -> Result<Stream, Fault> {
        let stream = stored::find(&call.realm, id).await?;
        let stream = stream.filter(|stream| self.owns(stream));
        let stream = stream.ok_or(Fault::Unknown)?;
        stored::touch(&call.realm, &stream).await?;
        Ok(stream)
    }

    /// Changes one of its streams.
    pub(super) async fn change(
        &self,
        call: &Call,
        id: &str,
        mut decide: impl FnMut(&mut Stream) -> Result<Besides, Fault>,
    ) -> Result<Stream, Fault> {
        let decide = |stream: &mut Stream| {
            if self.owns(stream) {
                decide(stream)
            } else {
                Err(Fault::Unknown)
            }
        };
        let stream = stored::change(&call.realm, id, decide).await?;
        let stream = stream.ok_or(Fault::Unknown)?;
        stored::touch(&call.realm, &stream).await?;
        Ok(stream)
    }

    /// Whether it made the stream.
    pub(super) fn owns(&self, stream: &Stream) -> bool {
        stream.client == self.client.id && self.client.created_at <= stream.created_at
    }

    /// The answer.
    pub(super) fn answer(&self, call: &Call, outcome: Result<Response, Fault>) -> Response {
        let mut response = match outcome {
            Ok(response) => response,
            Err(fault) => refused(call, &self.client.id, fault),
        };
        self.scheme.offer(call, &mut response);
        response
    }
}

/// The members of a body of JSON.
pub(super) async fn members(call: &Call, body: Body) -> Result<Map<String, Value>, Fault> {
    let text = web::json::read(&call.headers, body, LONGEST).await;
    let text = text.map_err(|error| match error {
        FormError::WrongContentType => Fault::Malformed("the body must be application/json"),
        FormError::TooLarge => Fault::Malformed("the body is too large"),
        _ => Fault::Malformed("the body cannot be read"),
    })?;
    jose::json_object(&text).map_err(|_| {
        Fault::Malformed("the body must be one JSON object that names no member twice")
    })
}

/// A member that has to be there.
pub(super) fn stream_id(members: &Map<String, Value>) -> Result<&str, Fault> {
    let id = members.get("stream_id").and_then(Value::as_str);
    id.filter(|id| !id.contains('\0'))
        .ok_or(Fault::Malformed("stream_id: a string"))
}

/// Errors are as RFC 8935 §2.4 and RFC 8936 §2.6 write them.
fn refused(call: &Call, client: &str, fault: Fault) -> Response {
    let (status, err, description) = match &fault {
        Fault::Malformed(why) => (400, "invalid_request", *why),
        Fault::Forbidden(why) => (403, "access_denied", *why),
        Fault::Unknown => (404, "invalid_request", "there is no such stream"),
        Fault::Conflict(why) => (409, "invalid_request", *why),
        Fault::TooSoon(_) => (429, "invalid_request", "too soon: try again later"),
        Fault::Other(refusal) => return answer::refused(call, ENDPOINT, Some(client), refusal),
    };
    tracing::info!(
        realm = call.realm.name(),
        endpoint = ENDPOINT,
        client,
        status,
        reason = description,
        "refused"
    );
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let said = json!({ "err": err, "description": description });
    let mut response = answer::json(status, &said);
    if let Fault::TooSoon(seconds) = fault {
        let seconds = seconds.to_string();
        answer::set(&mut response, axum::http::header::RETRY_AFTER, &seconds);
    }
    response
}
