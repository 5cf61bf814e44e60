//! `/ssf/subjects/add` and `/ssf/subjects/remove`: whom a stream is about (OpenID Shared Signals Framework §8.1.3). Nothing tells a receiver whether there is such
//! a person.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use db::{Batch, params};
use oauth::security_event::SubjectId;
use oauth::shared_signals::DefaultSubjects;
use realm::{Client, Realm};
use serde_json::{Map, Value};

use super::access::{self, Fault, Need, Receiver, admit, stream_id};
use super::stored::{self, Stream};
use super::{rules, sql};
use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// What the MACs are for.
const PURPOSE: &str = "signal_subject";

/// `POST /ssf/subjects/add` (§8.1.3.2).
pub(crate) async fn add(call: Call, body: Body) -> Response {
    let at = (&Method::POST, "/ssf/subjects/add");
    let receiver = match admit(&call, at, Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = change(&call, &receiver, body, true).await;
    let outcome = outcome.map(|()| answer::empty(StatusCode::OK));
    receiver.answer(&call, outcome)
}

/// `POST /ssf/subjects/remove` (§8.1.3.3).
pub(crate) async fn remove(call: Call, body: Body) -> Response {
    let at = (&Method::POST, "/ssf/subjects/remove");
    let receiver = match admit(&call, at, Need::Manage).await {
        Ok(receiver) => receiver,
        Err(response) => return *response,
    };
    let outcome = change(&call, &receiver, body, false).await;
    let outcome = outcome.map(|()| answer::empty(StatusCode::NO_CONTENT));
    receiver.answer(&call, outcome)
}

/// Whether a receiver may name people by their addresses, and so learn who has which: as for any claim, the scope says it.
pub(super) fn may_know_addresses(client: &Client) -> bool {
    client.scope.contains("email")
}

async fn change(call: &Call, receiver: &Receiver, body: Body, wanted: bool) -> Result<(), Fault> {
    let members = access::members(call, body).await?;
    let stream = receiver.stream(call, stream_id(&members)?).await?;
    let subjects = subjects(&members)?;
    let address = subjects.iter().any(SubjectId::names_an_address);
    if address && !may_know_addresses(&receiver.client) {
        let why = "subject: addresses are for receivers with the scope email";
        return Err(Fault::Forbidden(why));
    }
    if let Some(verified) = members.get("verified")
        && !verified.is_boolean()
        && !verified.is_null()
    {
        return Err(Fault::Malformed("verified: true or false"));
    }
    store(&call.realm, &stream, &subjects, wanted).await
}

/// The subject by each of its names.
fn subjects(members: &Map<String, Value>) -> Result<Vec<SubjectId>, Fault> {
    let value = members.get("subject").unwrap_or(&Value::Null);
    SubjectId::read_all(value)
        .map_err(|_| Fault::Malformed("subject: an identifier of RFC 9493, or a complex one"))
}

async fn store(
    realm: &Realm,
    stream: &Stream,
    subjects: &[SubjectId],
    wanted: bool,
) -> Result<(), Fault> {
    let mut batch = Batch::new();
    let is_forgotten =
        !wanted && realm.settings().signals_default_subjects == DefaultSubjects::None;
    if !is_forgotten {
        let values = params![realm.name(), &stream.id];
        let row = realm.db().row(&sql::COUNT_SUBJECTS, values).await?;
        if row.is_some_and(|row| row.int(0) >= rules::SUBJECTS) {
            return Err(Fault::Forbidden("a stream has at most 10000 subjects"));
        }
    }
    for subject in subjects {
        let document = subject.to_value().to_string();
        let hash = hash(realm, &document);
        if is_forgotten {
            let own = params![realm.name(), &stream.id, hash];
            batch.run(&sql::FORGET_SUBJECT, own);
        } else {
            let user = self::hash(realm, &subject.key());
            let values = params![realm.name(), &stream.id, hash, user, document, wanted];
            batch.run(&sql::SET_SUBJECT, values);
        }
    }
    realm.db().commit(batch).await.map_err(stored::failed)?;
    Ok(())
}

fn hash(realm: &Realm, text: &str) -> String {
    jose::base64url::encode(realm.mac(PURPOSE, text.as_bytes()))
}

/// What the receiver of a stream said of the subjects that may be these.
pub(super) async fn said(
    realm: &Realm,
    stream: &Stream,
    about: &rules::About,
) -> Result<Vec<(SubjectId, bool)>, Refusal> {
    let mut keys = about.keys().into_iter().map(|key| hash(realm, &key));
    let [one, two, three, four] = std::array::from_fn(|_| keys.next().unwrap_or_default());
    let values = params![realm.name(), &stream.id, one, two, three, four, 100];
    let rows = realm.db().rows(&sql::SUBJECTS_OF_USER, values).await?;
    let read = |row: &db::Row| {
        let document = serde_json::from_str(row.text(0)).ok()?;
        Some((SubjectId::read(&document).ok()?, row.flag(1)))
    };
    Ok(rows.iter().filter_map(read).collect())
}
