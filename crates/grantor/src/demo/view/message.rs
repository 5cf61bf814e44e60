//! A message, or a request with its answer, as it stands on the page.

use grantor_client::{Exchange, Parameter};

use super::rows::{self, Group, Row, ordered, row};
use crate::demo::lessons::Place;

/// One line, and below it what was sent and what came back.
pub(in crate::demo) struct Message {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) status: Option<u16>,
    /// What is said at the end of the line.
    pub(super) what: &'static str,
    /// Whether its groups are seen before it is clicked.
    pub(super) open: bool,
    pub(super) groups: Vec<Group>,
}

impl Message {
    pub(super) fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }
}

/// Headers that say nothing of OAuth by themselves.
const PLAIN: [&str; 3] = ["cache-control", "content-type", "etag"];

/// Names in the order in which they are best understood.
const FIRST: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "resource",
    "code",
    "error",
    "error_description",
    "state",
    "iss",
    "code_challenge",
    "code_challenge_method",
    "nonce",
];
const FIRST_OF_TOKENS: &[&str] = &[
    "error",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "refresh_token",
    "id_token",
];
const FIRST_OF_METADATA: &[&str] = &[
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
];
const FIRST_OF_THE_PERSON: &[&str] = &["sub", "name", "preferred_username", "email"];

/// What travels in the address while the browser is sent on.
pub(super) fn redirect(target: String, parameters: &[Parameter], place: Place) -> Message {
    let rows = parameters.iter().map(|parameter| row(place, parameter));
    let group = Group::new("Parameter", ordered(rows.collect(), FIRST));
    Message {
        method: "GET",
        target,
        status: None,
        what: "by redirect",
        open: false,
        groups: group.into_iter().collect(),
    }
}

/// What the application sent itself, and the answer.
pub(super) fn exchanged(exchange: Exchange, refresh: bool) -> Message {
    let sent = match exchange.endpoint {
        "revocation" => Place::Revocation,
        _ if refresh => Place::Refresh,
        _ => Place::Redemption,
    };
    let mut asked = rows_of(Place::RequestHeader, &exchange.headers);
    asked.extend(rows_of(sent, &exchange.form));
    let mut groups: Vec<Group> = Group::new("Request", asked).into_iter().collect();
    groups.extend(answered(&exchange));
    Message {
        method: exchange.method,
        status: exchange.status,
        what: if exchange.status.is_none() {
            "no answer"
        } else {
            ""
        },
        target: exchange.url,
        open: false,
        groups,
    }
}

fn rows_of(place: Place, parameters: &[Parameter]) -> Vec<Row> {
    parameters
        .iter()
        .map(|parameter| row(place, parameter))
        .collect()
}

fn answered(exchange: &Exchange) -> Vec<Group> {
    let (plain, telling): (Vec<_>, Vec<_>) = exchange
        .response_headers
        .iter()
        .cloned()
        .partition(|header| PLAIN.contains(&header.name.to_ascii_lowercase().as_str()));
    let mut rows = rows_of(Place::ResponseHeader, &telling);
    let body = &exchange.response;
    rows.extend(match exchange.endpoint {
        "jwks" => body.iter().flat_map(|set| rows::keys(&set.value)).collect(),
        "discovery" => ordered(rows_of(Place::Metadata, body), FIRST_OF_METADATA),
        "userinfo" => ordered(rows_of(Place::Userinfo, body), FIRST_OF_THE_PERSON),
        "resource" => rows_of(Place::Api, body),
        _ => ordered(rows_of(Place::Tokens, body), FIRST_OF_TOKENS),
    });
    let mut groups: Vec<Group> = Group::new("Response", rows).into_iter().collect();
    groups.extend(inside(body, "access_token"));
    groups.extend(inside(body, "id_token"));
    let plain = Group::new(
        "Plain headers of the response",
        rows_of(Place::ResponseHeader, &plain),
    );
    groups.extend(plain.map(Group::folded));
    groups
}

/// What stands in a token of the response.
fn inside(body: &[Parameter], name: &str) -> Option<Group> {
    let token = body.iter().find(|parameter| parameter.name == name)?;
    let (title, header, claims) = match name {
        "id_token" => ("Inside the ID token", Place::IdHeader, Place::IdClaim),
        _ => (
            "Inside the access token",
            Place::AccessHeader,
            Place::AccessClaim,
        ),
    };
    let rows = rows::decoded(&token.value, header, claims)?;
    Group::new(title, rows).map(Group::folded)
}
