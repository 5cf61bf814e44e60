//! `/ssf/streams`: a receiver makes, reads, changes and deletes its streams (OpenID Shared Signals Framework §8.1.1).

use axum::body::Body;
use axum::http::{Method as Verb, StatusCode, Uri};
use axum::response::Response;
use fetch::guard;
use oauth::shared_signals::{Delivery, Method, StreamConfiguration, StreamRequest};
use realm::Realm;
use serde_json::json;
use url::Url;

use super::access::{self, Fault, Need, Receiver, admit, malformed};
use super::stored::{self, Besides, Stream};
use super::{PATH, rules};
use crate::answer;
use crate::call::Call;
use crate::form;
use crate::refusal::{Reason, Refusal};

const ENDPOINT: &str = "/ssf/streams";

/// `POST`: makes a stream (§8.1.1.1).
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let receiver = match admit(&call, (&Verb::POST, ENDPOINT), Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = create(&call, &receiver, body).await;
    receiver.answer(&call, outcome)
}

/// `GET`: one of its streams, or all (§8.1.1.2).
pub(crate) async fn get(call: Call, verb: Verb, uri: Uri) -> Response {
    let receiver = match admit(&call, (&verb, ENDPOINT), Need::Read).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = read(&call, &receiver, &uri).await;
    receiver.answer(&call, outcome)
}

/// `PATCH`: changes what is said (§8.1.1.3).
pub(crate) async fn patch(call: Call, body: Body) -> Response {
    let receiver = match admit(&call, (&Verb::PATCH, ENDPOINT), Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = change(&call, &receiver, body, false).await;
    receiver.answer(&call, outcome)
}

/// `PUT`: changes what is said, and forgets what is not (§8.1.1.4).
pub(crate) async fn put(call: Call, body: Body) -> Response {
    let receiver = match admit(&call, (&Verb::PUT, ENDPOINT), Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = change(&call, &receiver, body, true).await;
    receiver.answer(&call, outcome)
}

/// `DELETE` (§8.1.1.5).
pub(crate) async fn delete(call: Call, uri: Uri) -> Response {
    let receiver = match admit(&call, (&Verb::DELETE, ENDPOINT), Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = async {
        let id = named(&uri)?.ok_or(Fault::Malformed("stream_id is missing"))?;
        let stream = receiver.stream(&call, &id).await?;
        if stored::delete(&call.realm, &stream, None).await? {
            Ok(answer::empty(StatusCode::NO_CONTENT))
        } else {
            Err(Fault::Unknown)
        }
    };
    let outcome = outcome.await;
    receiver.answer(&call, outcome)
}

/// The stream that the query names.
pub(super) fn named(uri: &Uri) -> Result<Option<String>, Fault> {
    let params = form::query(uri).map_err(|_| Fault::Malformed("the query cannot be read"))?;
    Ok(params.get("stream_id").map(str::to_owned))
}

async fn create(call: &Call, receiver: &Receiver, body: Body) -> Result<Response, Fault> {
    let realm = &call.realm;
    let members = access::members(call, body).await?;
    let request = StreamRequest::read(&members).map_err(malformed)?;
    for _ in 0..rules::STREAMS {
        let all = stored::of_client(realm, &receiver.client.id).await?;
        let mut free = (0..rules::STREAMS).filter(|slot| all.iter().all(|one| one.slot != *slot));
        let full = Fault::Conflict("a receiver has at most four streams");
        let slot = free.next().ok_or(full)?;
        let mut stream = Stream::new(realm, &receiver.client.id, slot);
        stream.description.clone_from(&request.description);
        stream.events.clone_from(&request.events_requested);
        deliver(
            call,
            &mut stream,
            request.delivery.clone().unwrap_or_default(),
        )?;
        // Otherwise another one took its place just now.
        if stored::insert(realm, &stream).await? {
            return Ok(answer::json(StatusCode::CREATED, &shown(realm, &stream)));
        }
    }
    Err(Refusal::from(Reason::Contended).into())
}

async fn read(call: &Call, receiver: &Receiver, uri: &Uri) -> Result<Response, Fault> {
    let realm = &call.realm;
    if let Some(id) = named(uri)? {
        let stream = receiver.stream(call, &id).await?;
        return Ok(answer::json(StatusCode::OK, &shown(realm, &stream)));
    }
    let all = stored::of_client(realm, &receiver.client.id).await?;
    let own = all.iter().filter(|stream| receiver.owns(stream));
    let all: Vec<StreamConfiguration> = own.map(|stream| shown(realm, stream)).collect();
    Ok(answer::json(StatusCode::OK, &all))
}

async fn change(
    call: &Call,
    receiver: &Receiver,
    body: Body,
    replaces: bool,
) -> Result<Response, Fault> {
    let realm = &call.realm;
    let members = access::members(call, body).await?;
    let request = StreamRequest::read(&members).map_err(malformed)?;
    let id = request.stream_id.clone();
    let id = id.ok_or(Fault::Malformed("stream_id is missing"))?;
    let decide = |stream: &mut Stream| {
        let old = json!(shown(realm, stream));
        rules::check_supplied(&request, &old).map_err(malformed)?;
        if replaces || request.description.is_some() {
            stream.description.clone_from(&request.description);
        }
        if replaces || request.events_requested.is_some() {
            stream.events.clone_from(&request.events_requested);
        }
        if replaces || request.delivery.is_some() {
            let mut wanted = request.delivery.clone().unwrap_or_default();
            let own = stream.method == Method::Poll
                && old["delivery"]["endpoint_url"] == json!(wanted.endpoint_url);
            if wanted.method == Method::Poll && own {
                // It says what it was told.
                wanted.endpoint_url = None;
            }
            deliver(call, stream, wanted)?;
        }
        Ok(Besides::default())
    };
    let stream = receiver.change(call, &id, decide).await?;
    Ok(answer::json(StatusCode::OK, &shown(realm, &stream)))
}

/// Takes over where events go. What is known by then to be out of bounds is refused; the guard looks again at each push.
fn deliver(call: &Call, stream: &mut Stream, wanted: Delivery) -> Result<(), Fault> {
    let url = match (wanted.method, wanted.endpoint_url) {
        (Method::Poll, None) => None,
        (Method::Poll, Some(_)) => {
            return Err(Fault::Malformed(
                "delivery.endpoint_url: the transmitter says where to poll",
            ));
        }
        (Method::Push, None) => {
            return Err(Fault::Malformed("delivery.endpoint_url is missing"));
        }
        (Method::Push, Some(text)) => {
            let refused = Fault::Malformed("delivery.endpoint_url: a public https address");
            let fetch = call.server.outbound.as_ref();
            let is_good = |url: &Url| {
                fetch.is_some_and(|fetch| guard::check_url(url, fetch.options()).is_ok())
            };
            let url = Url::parse(&text).ok().filter(is_good);
            Some(url.map(|_| text).ok_or(refused)?)
        }
    };
    let header = wanted.authorization_header.as_deref();
    if wanted.method == Method::Poll && header.is_some() {
        return Err(Fault::Malformed(
            "delivery.authorization_header: it is for pushes",
        ));
    }
    let is_elsewhere = stream.endpoint_url != url;
    stream.method = wanted.method;
    stream.endpoint_url = url;
    stream.seal(&call.realm, header);
    if is_elsewhere {
        (stream.failing_since, stream.failures) = (0, 0);
    }
    Ok(())
}

/// A stream as its receiver is told.
fn shown(realm: &Realm, stream: &Stream) -> StreamConfiguration {
    let url = match (stream.method, &stream.endpoint_url) {
        (Method::Push, Some(url)) => url.clone(),
        _ => realm.url(&format!("{PATH}/streams/{}/poll", stream.id)),
    };
    StreamConfiguration {
        stream_id: stream.id.clone(),
        iss: realm.issuer().to_owned(),
        aud: stream.client.clone(),
        events_supported: rules::SUPPORTED.map(str::to_owned).to_vec(),
        events_requested: stream.events.clone(),
        events_delivered: stream.delivered(),
        delivery: json!({ "method": stream.method, "endpoint_url": url }),
        min_verification_interval: rules::MIN_VERIFICATION_INTERVAL,
        inactivity_timeout: Some(realm.settings().signals_inactivity_timeout).filter(|it| *it > 0),
        description: stream.description.clone(),
    }
}
