//! A message, or a request with its answer, as it stands on the page.

use grantor_client::{Exchange, Parameter};

use super::rows::{self, Group, Row, ordered, row};
use crate::demo::lessons::Place;

/// One line, and below it what was sent and what came back.
pub(in crate::demo) struct Message {
    pub(super) method: &'static str,
    /// The scheme and the host of the address.
    pub(super) origin: String,
    /// What follows them.
    pub(super) path: String,
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

/// Members that are understood without a lesson.
const SECOND_LOOK: &[(&str, &str)] = &[
    ("token", "token_type"),
    ("token", "expires_in"),
    ("token", "scope"),
    ("resource", "on_behalf_of"),
    ("resource", "read_by"),
];

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
pub(super) fn redirect(target: &str, parameters: &[Parameter], place: Place) -> Message {
    let rows = parameters.iter().map(|parameter| row(place, parameter));
    let group = Group::new("Parameter", ordered(rows.collect(), FIRST));
    let (origin, path) = split(target);
    Message {
        method: "GET",
        origin,
        path,
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
    let (origin, path) = split(&exchange.url);
    Message {
        method: exchange.method,
        status: exchange.status,
        what: if exchange.status.is_none() {
            "no answer"
        } else {
            ""
        },
        origin,
        path,
        open: false,
        groups,
    }
}

/// An address: what every request here begins with, and what tells them apart.
fn split(url: &str) -> (String, String) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    let (origin, path) = url.split_at(path);
    (origin.to_owned(), path.to_owned())
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
    let (second, first) = rows
        .into_iter()
        .partition(|row| SECOND_LOOK.contains(&(exchange.endpoint, row.name.as_str())));
    let mut groups: Vec<Group> = Group::new("Response", first).into_iter().collect();
    groups.extend(Group::new("The rest of the response", second).map(Group::folded));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_after_its_host() {
        let split = |url| split(url);
        let told = |origin: &str, path: &str| (origin.to_owned(), path.to_owned());
        assert_eq!(
            split("http://localhost:8080/a/b"),
            told("http://localhost:8080", "/a/b")
        );
        assert_eq!(split("http://localhost"), told("http://localhost", ""));
        assert_eq!(split("/a"), told("", "/a"));
        assert_eq!(split(""), told("", ""));
    }

    #[test]
    fn what_matters_of_a_response_stands_open_and_the_rest_is_folded() {
        let parameter = |name: &str| Parameter {
            name: name.into(),
            value: "1".into(),
            secret: false,
        };
        let groups = answered(&Exchange {
            endpoint: "token",
            method: "POST",
            url: String::new(),
            headers: Vec::new(),
            form: Vec::new(),
            status: Some(401),
            response_headers: vec![parameter("WWW-Authenticate"), parameter("Cache-Control")],
            response: vec![parameter("token_type"), parameter("refresh_token")],
        });
        let open: Vec<&str> = groups
            .iter()
            .filter(|group| !group.folded)
            .flat_map(|group| group.rows.iter().map(|row| row.name.as_str()))
            .collect();
        assert_eq!(open, ["WWW-Authenticate", "refresh_token"]);
        assert_eq!(groups.len(), 3);
    }
}
