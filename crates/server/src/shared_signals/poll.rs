//! `/ssf/streams/ID/poll`: a receiver fetches what waits for it (RFC 8936).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{Method as Verb, StatusCode};
use axum::response::Response;
use oauth::shared_signals::{Method, PollRequest, PollResponse};
use tokio::sync::Semaphore;

use super::access::{self, Fault, Need, Receiver, admit, malformed};
use super::push::{Waiting, forget, refused, waiting};
use super::rules;
use crate::answer;
use crate::call::Call;

/// How long a poll waits for an event at most.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(500);
/// How many polls of this process wait at a time; others are answered at once.
const MOST: usize = 64;

/// The room for polls that wait.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }
}

/// `POST` (§2.2).
pub(crate) async fn post(call: Call, Path(id): Path<String>, body: Body) -> Response {
    let path = format!("/ssf/streams/{id}/poll");
    let receiver = match admit(&call, (&Verb::POST, &path), Need::Read).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = poll(&call, &receiver, &id, body).await;
    receiver.answer(&call, outcome)
}

async fn poll(call: &Call, receiver: &Receiver, id: &str, body: Body) -> Result<Response, Fault> {
    let realm = &call.realm;
    let members = access::members(call, body).await?;
    let request = PollRequest::read(&members).map_err(malformed)?;
    if id.contains('\0') {
        return Err(Fault::Unknown);
    }
    let stream = receiver.stream(call, id).await?;
    if stream.method != Method::Poll {
        return Err(Fault::Malformed("the events of this stream are pushed"));
    }
    for (jti, error) in &request.set_errs {
        refused(realm, &stream, (jti, rules::code(&error.err)));
    }
    let done: Vec<String> = request
        .ack
        .iter()
        .chain(request.set_errs.keys())
        .cloned()
        .collect();
    if !done.is_empty() {
        forget(realm, &stream.id, &done).await?;
    }
    let most = rules::batch(request.max_events);
    let mut found = fetched(call, receiver, id, most).await?;
    if found.is_empty() && most > 0 && !request.return_immediately {
        let room = &call.server.polls.0;
        if let Ok(_place) = Arc::clone(room).try_acquire_owned() {
            let wait = wait(call, receiver, id, most);
            if let Ok(arrived) = tokio::time::timeout(PATIENCE, wait).await {
                found = arrived?;
            }
        }
    }
    let more = found.len() > usize::try_from(most).unwrap_or(0);
    found.truncate(usize::try_from(most).unwrap_or(0));
    let mut sets = BTreeMap::new();
    for one in found {
        sets.insert(one.jti.clone(), one.sign(realm, &receiver.client).await?);
    }
    let response = PollResponse {
        sets,
        more_available: more,
    };
    Ok(answer::json(StatusCode::OK, &response))
}

/// What waits, one more than is asked for, so that it is known whether there is more. The stream is read again: it may have been paused or deleted.
async fn fetched(
    call: &Call,
    receiver: &Receiver,
    id: &str,
    most: i64,
) -> Result<Vec<Waiting>, Fault> {
    let stream = receiver.stream(call, id).await?;
    Ok(waiting(&call.realm, &stream, most.saturating_add(1)).await?)
}

/// Looks again and again; nothing of the database is held meanwhile.
async fn wait(
    call: &Call,
    receiver: &Receiver,
    id: &str,
    most: i64,
) -> Result<Vec<Waiting>, Fault> {
    loop {
        tokio::time::sleep(LOOK).await;
        let found = fetched(call, receiver, id, most).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
}
