//! The authorization response: in the query, in the fragment or by a form that the browser posts; with `iss` always (RFC 9207 §2), which a signed one has
//! among its claims.

use axum::response::Response;
use oauth::authorization::{Carrier, ResponseMode, response_url};
use oauth::redirect_uri::ReturnTo;

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
    let way = if is_unasked(call, answer, refusal) && !is_known(call, answer).await {
        Way::ByHand
    } else {
        Way::Straight
    };
    let mut response = send(call, (answer, way), pairs).await;
    if matches!(refusal, Refusal::Because(Reason::LoginNeeded)) {
        call.forget_remains(&mut response).await;
    }
    response
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
/// that site (RFC 9700 §4.11.2). What leads to a program on the person's own machine leads to no site, who said no was on our page, which named it, and in a
/// frame nobody is led anywhere: there a client asks silently, and has to hear the answer (OpenID Connect Core §3.1.2.6).
fn is_unasked(call: &Call, answer: &Answer, refusal: &Refusal) -> bool {
    let client = &answer.client;
    client.is_anybodys()
        && !leads_home(&answer.to)
        && !matches!(refusal, Refusal::Because(Reason::PersonDenied))
        && !is_framed(call)
}

/// Whether the person who is signed in has allowed the client something, and so knows it: a silent request of it is answered silently.
async fn is_known(call: &Call, answer: &Answer) -> bool {
    let (realm, client) = (&call.realm, &answer.client);
    let Ok(Some((_, person))) = identity::session::current(realm, &call.headers).await else {
        return false;
    };
    let found = consent::sql::find(realm, &person.id, &client.id).await;
    let consent = found.ok().flatten();
    consent.is_some_and(|consent| !consent.to(client.created_at).scope.is_empty())
}

/// Whether the answer goes to a program on the person's own device.
fn leads_home(to: &ReturnTo) -> bool {
    let site = ["https://", "http://"]
        .iter()
        .any(|scheme| to.as_str().starts_with(scheme));
    to.is_loopback() || !site
}

/// Whether the browser says that the answer is shown in a frame (Fetch Metadata §2.1); scripts cannot say so.
fn is_framed(call: &Call) -> bool {
    let destination = call.headers.get("sec-fetch-dest");
    destination.is_some_and(|it| it == "iframe")
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
