//! The authorization response: in the query, in the fragment or by a form that the browser posts; with `iss` always (RFC 9207 §2), which a signed one has
//! among its claims.

use axum::response::Response;
use oauth::authorization::{Carrier, ResponseMode, response_url};

use super::issue::Given;
use super::request::Answer;
use super::{form_post, jarm};
use crate::call::Call;
use crate::pages;
use crate::refusal::Refusal;

/// Sends what the client is given.
pub(crate) async fn given(call: &Call, answer: &Answer, given: &Given) -> Response {
    send(call, answer, given.pairs()).await
}

/// Sends a refusal.
pub(crate) async fn refusal(call: &Call, answer: &Answer, refusal: &Refusal) -> Response {
    refusal.log(call.realm.name(), "authorization", Some(&answer.client.id));
    let (code, description) = refusal.wire();
    let pairs = vec![
        ("error", code.as_str()),
        ("error_description", description.as_str()),
    ];
    send(call, answer, pairs).await
}

async fn send(call: &Call, answer: &Answer, mut pairs: Vec<(&str, &str)>) -> Response {
    if let Some(state) = &answer.state {
        pairs.push(("state", state));
    }
    let profile = answer.client.profile(&call.realm.settings());
    // Whatever was asked for, and by whomever it was changed on the way.
    let mode = if profile.demands_jarm() {
        answer.mode.signed()
    } else {
        answer.mode
    };
    if mode.is_signed() {
        return match Box::pin(jarm::sign(call, &answer.client, &pairs)).await {
            Ok(response) => deliver(call, (answer, mode), &[("response", &response)]),
            // Never without the signature that was asked for, so the client is told nothing.
            Err(refusal) => pages::refused(call, &refusal),
        };
    }
    pairs.push(("iss", call.realm.issuer()));
    deliver(call, (answer, mode), &pairs)
}

fn deliver(
    call: &Call,
    (answer, mode): (&Answer, ResponseMode),
    pairs: &[(&str, &str)],
) -> Response {
    let url = response_url(&answer.to, mode, pairs);
    match mode.carrier() {
        Carrier::Query | Carrier::Fragment => web::page::see_other(&url),
        Carrier::FormPost => form_post::page(call, &answer.to, pairs),
    }
}
