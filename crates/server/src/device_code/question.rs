//! What a person sees before the answer, and after it.

use std::net::IpAddr;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use realm::{Catalogue, Client};
use web::address::ClientAddress;
use web::headers::Csp;
use web::page::{self, Shell};

use super::confirm::{Standing, Visit};
use crate::call::Call;
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

/// How the device's address stands to the browser's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Same,
    Other,
    Unknown,
}

/// A host with addresses of both versions asks with one and is looked at with the other: that says nothing.
fn network(device: Option<&str>, browser: Option<ClientAddress>) -> Network {
    let device = device.and_then(|text| text.parse::<IpAddr>().ok());
    let (Some(device), Some(ClientAddress(browser))) = (device, browser) else {
        return Network::Unknown;
    };
    let networks = [device, browser].map(|address| ClientAddress(address).network());
    if networks[0] == networks[1] || (device.is_loopback() && browser.is_loopback()) {
        Network::Same
    } else if device.is_ipv4() == browser.is_ipv4() {
        Network::Other
    } else {
        Network::Unknown
    }
}

fn ago(seconds: i64) -> String {
    match seconds {
        ..=59 => "less than a minute ago".to_owned(),
        60..=119 => "a minute ago".to_owned(),
        _ => format!("{} minutes ago", seconds / 60),
    }
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
    let asked_at = jiff::Timestamp::from_second(device.created_at).unwrap_or_default();
    let new = match &standing.consent {
        Some(consent) => standing.scope.minus(&consent.scope),
        None => standing.scope.clone(),
    };
    let page = Question {
        shell: pages::shell(call, "Connect a device"),
        application: client.display_name(),
        initial: initial(client.display_name()),
        code: visit.code.to_string(),
        person: visit.person.shown_name(),
        username: &visit.person.username,
        origin: Origin::new(call, device.address.as_deref(), device.created_at),
        items: items(&standing.scope, &new, catalogue),
        details: details(device.details.as_ref(), catalogue),
        unchecked: unchecked(client, None),
        policy: client.policy_uri.as_deref(),
        terms: client.tos_uri.as_deref(),
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
        application: client.display_name(),
        allowed,
    };
    page::render(StatusCode::OK, &page, &Csp::default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn only_addresses_that_can_be_compared_are() {
        for (device, browser, expected) in [
            ("192.0.2.1", "192.0.2.1", Network::Same),
            ("192.0.2.1", "192.0.2.2", Network::Other),
            ("2001:db8:1:2::1", "2001:db8:1:2:9::1", Network::Same),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", Network::Other),
            ("192.0.2.1", "2001:db8::1", Network::Unknown),
            ("127.0.0.1", "::1", Network::Same),
            ("nowhere", "192.0.2.1", Network::Unknown),
        ] {
            let browser = Some(ClientAddress(browser.parse().unwrap()));
            assert_eq!(network(Some(device), browser), expected, "{device}");
        }
        assert_eq!(network(None, None), Network::Unknown);
    }

    #[test]
    fn a_while_is_said_in_minutes() {
        for (seconds, words) in [
            (-3, "less than a minute ago"),
            (59, "less than a minute ago"),
            (60, "a minute ago"),
            (120, "2 minutes ago"),
            (599, "9 minutes ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }
}
