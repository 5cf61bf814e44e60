//! What a person sees before the answer, and after it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use realm::{Catalogue, Client};
use web::headers::Csp;
use web::page::{self, Shell};

use super::confirm::{Standing, Visit};
use crate::call::Call;
use crate::consent::Described;
use crate::consent::words::{Item, Said, Unchecked, details, initial, items, unchecked};
use crate::pages;
use crate::waiting::origin::Origin;

#[derive(Template)]
#[template(path = "device_question.html")]
struct Question<'a> {
    shell: Shell,
    application: &'a str,
    initial: String,
    code: String,
    person: &'a str,
    username: &'a str,
    origin: Origin,
    items: Vec<Item<'a>>,
    details: Vec<Said>,
    unchecked: Option<Unchecked>,
    policy: Option<&'a str>,
    terms: Option<&'a str>,
    token: &'a str,
    entered: &'a str,
}

/// The question; `token` is what its buttons send.
pub(super) fn question(
    call: &Call,
    visit: &Visit,
    standing: &Standing,
    catalogue: &Catalogue,
    token: &str,
) -> Response {
    let (device, client) = (&standing.device, &standing.client);
    let new = match &standing.consent {
        Some(consent) => standing.scope.minus(&consent.scope),
        None => standing.scope.clone(),
    };
    let described = Described::to(client, &[], &call.headers);
    let page = Question {
        shell: pages::shell(call, "Connect a device"),
        application: described.name(),
        initial: initial(described.name()),
        code: visit.code.to_string(),
        person: visit.person.shown_name(),
        username: &visit.person.username,
        origin: Origin::new(call, device.address.as_deref(), device.created_at),
        items: items((&standing.scope, &new), &device.resources, catalogue),
        details: details(device.details.as_ref(), catalogue),
        unchecked: unchecked(client, None),
        policy: described.policy(),
        terms: described.terms(),
        token,
        entered: &visit.token,
    };
    page::render(StatusCode::OK, &page, &Csp::default())
}

#[derive(Template)]
#[template(path = "device_done.html")]
struct Done<'a> {
    shell: Shell,
    application: &'a str,
    allowed: bool,
}

/// What became of it.
pub(super) fn done(call: &Call, client: &Client, allowed: bool) -> Response {
    let title = if allowed {
        "Device connected"
    } else {
        "Access denied"
    };
    let page = Done {
        shell: pages::shell(call, title),
        application: Described::to(client, &[], &call.headers).name(),
        allowed,
    };
    page::render(StatusCode::OK, &page, &Csp::default())
}
