//! `/ssf/status`: the state of a stream (OpenID Shared Signals Framework §8.1.2).

use axum::body::Body;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use oauth::shared_signals::{Status, StatusRequest};
use serde_json::{Map, Value, json};

use super::access::{self, Fault, Need, Receiver, admit, malformed};
use super::stored::{self, Besides, Stream};
use super::streams::named;
use crate::answer;
use crate::call::Call;

const ENDPOINT: &str = "/ssf/status";

/// `GET` (§8.1.2.1).
pub(crate) async fn get(call: Call, verb: Method, uri: Uri) -> Response {
    let receiver = match admit(&call, (&verb, ENDPOINT), Need::Read).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = async {
        let id = named(&uri)?.ok_or(Fault::Malformed("stream_id is missing"))?;
        let stream = receiver.stream(&call, &id).await?;
        Ok(answer::json(StatusCode::OK, &shown(&stream)))
    };
    let outcome = outcome.await;
    receiver.answer(&call, outcome)
}

/// `POST` (§8.1.2.2).
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let receiver = match admit(&call, (&Method::POST, ENDPOINT), Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = set(&call, &receiver, body).await;
    receiver.answer(&call, outcome)
}

async fn set(call: &Call, receiver: &Receiver, body: Body) -> Result<Response, Fault> {
    let members = access::members(call, body).await?;
    let request = StatusRequest::read(&members).map_err(malformed)?;
    let decide = |stream: &mut Stream| {
        stream.status = request.status;
        stream.reason.clone_from(&request.reason);
        if request.status == Status::Enabled {
            (stream.failing_since, stream.failures) = (0, 0);
        }
        Ok(Besides {
            signals: Vec::new(),
            audit: Some(stored::event("stream.updated", stream)),
            drop: request.status == Status::Disabled,
        })
    };
    let stream = receiver.change(call, &request.stream_id, decide).await?;
    Ok(answer::json(StatusCode::OK, &shown(&stream)))
}

fn shown(stream: &Stream) -> Map<String, Value> {
    let mut shown = Map::from_iter([
        ("stream_id".to_owned(), json!(stream.id)),
        ("status".to_owned(), json!(stream.status)),
    ]);
    if let Some(reason) = &stream.reason {
        shown.insert("reason".to_owned(), reason.as_str().into());
    }
    shown
}
