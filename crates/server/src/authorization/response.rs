//! The authorization response: in the query, in the fragment or by a form that the browser posts; with `iss` always (RFC 9207 §2), which a signed one has
//! among its claims.

use axum::response::Response;
use oauth::authorization::{Carrier, ResponseMode, response_url};

use super::issue::Given;
use super::request::Answer;
use super::{form_post, jarm};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::{consent, pages};

/// Sends what the client is given.
pub(crate) async fn given(call: &Call, answer: &Answer, given: &Given) -> Response {
    let mut response = send(call, (answer, Way::Straight), given.pairs()).await;
    if let Some(cookie) = &given.cookie {
        cookie.append_to(response.headers_mut());
    }
    response
}

/// Sends a refusal.
pub(crate) async fn refusal(call: &Call, answer: &Answer, refusal: &Refusal) -> Response {
    refusal.log(call.realm.name(), "authorization", Some(&answer.client.id));
    let (code, description) = refusal.wire();
    let pairs = vec![
        ("error", code.as_str()),
        ("error_description", description.as_str()),
    ];
    let way = if is_unasked(answer, refusal) {
        Way::ByHand
    } else {
        Way::Straight
    };
    send(call, (answer, way), pairs).await
}

/// How the browser gets there.
#[derive(Clone, Copy)]
enum Way {
    /// By itself.
    Straight,
    /// When the person wants to, from a page that says where it leads.
    ByHand,
}

/// Whether nobody decided to go there: anybody can make a client of any site, and a wrong request is answered at once, so that a link to us would lead to
/// that site (RFC 9700 §4.11.2). What leads to a program on the person's own machine leads to no site, and who said no was on our page, which named it.
fn is_unasked(answer: &Answer, refusal: &Refusal) -> bool {
    let client = &answer.client;
    client.is_document()
        && !consent::words::is_open_to_impostors(client, &answer.to)
        && !matches!(refusal, Refusal::Because(Reason::PersonDenied))
}

async fn send(
    call: &Call,
    (answer, way): (&Answer, Way),
    mut pairs: Vec<(&str, &str)>,
) -> Response {
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
            Ok(response) => deliver(call, (answer, mode, way), &[("response", &response)]),
            // Never without the signature that was asked for, so the client is told nothing.
            Err(refusal) => pages::refused(call, &refusal),
        };
    }
    pairs.push(("iss", call.realm.issuer()));
    deliver(call, (answer, mode, way), &pairs)
}

fn deliver(
    call: &Call,
    (answer, mode, way): (&Answer, ResponseMode, Way),
    pairs: &[(&str, &str)],
) -> Response {
    let url = response_url(&answer.to, mode, pairs);
    match (mode.carrier(), way) {
        (Carrier::FormPost, Way::Straight) => form_post::page(call, &answer.to, pairs),
        (Carrier::FormPost, Way::ByHand) => form_post::page_by_hand(call, &answer.to, pairs),
        (_, Way::Straight) => web::page::see_other(&url),
        (_, Way::ByHand) => pages::unasked(call, answer.to.host(), url),
    }
}
