//! `/ssf/verify`: a receiver asks whether its stream works (OpenID Shared Signals Framework §8.1.4).

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use oauth::shared_signals::{Status, event};
use serde_json::{Map, Value};

use super::access::{self, Fault, Need, Receiver, admit, stream_id};
use super::stored::{Besides, Stream};
use super::{about_stream, rules};
use crate::answer;
use crate::call::Call;

/// How long `state` may be, in bytes.
const LONGEST: usize = 1024;

/// `POST` (§8.1.4.2). It changes nothing, so that who may read may ask.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let receiver = match admit(&call, (&Method::POST, "/ssf/verify"), Need::Read).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = verify(&call, &receiver, body).await;
    receiver.answer(&call, outcome)
}

async fn verify(call: &Call, receiver: &Receiver, body: Body) -> Result<Response, Fault> {
    let realm = &call.realm;
    let members = access::members(call, body).await?;
    let id = stream_id(&members)?;
    let state = match members.get("state") {
        None | Some(Value::Null) => None,
        Some(Value::String(state)) if state.len() <= LONGEST && !state.contains('\0') => {
            Some(state.clone())
        }
        Some(_) => return Err(Fault::Malformed("state: a string of at most 1024 bytes")),
    };
    let decide = |stream: &mut Stream| {
        if stream.status == Status::Disabled {
            return Err(Fault::Malformed("the stream is disabled"));
        }
        if let Some(wait) = rules::verification_wait(stream.verified_at, call.now()) {
            return Err(Fault::TooSoon(wait));
        }
        stream.verified_at = call.now();
        let state = state.iter();
        let said: Map<String, Value> = state
            .map(|state| ("state".to_owned(), state.as_str().into()))
            .collect();
        Ok(Besides {
            signals: vec![about_stream(
                realm,
                stream,
                (event::VERIFICATION, said),
                false,
            )],
            ..Besides::default()
        })
    };
    receiver.change(call, id, decide).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}
