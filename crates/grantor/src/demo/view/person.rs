//! Who signed in: what is told about the person first, what the protocol needs after it.

use grantor_client::{Exchange, Parameter, Step};
use serde_json::Value;

use super::rows::{self, IN_TOKENS, Row};
use super::value::Shown;
use crate::demo::browser::Browser;
use crate::demo::lessons::Place;

/// The person of this browser's session.
pub(in crate::demo) struct SignedIn {
    pub(super) name: String,
    pub(super) about: Vec<Claim>,
    pub(super) protocol: Vec<Row>,
    pub(super) notes: Vec<String>,
    pub(super) can_refresh: bool,
    pub(super) ended: bool,
}

/// Something about the person.
pub(in crate::demo) struct Claim {
    pub(super) name: String,
    /// The claim's name in words.
    pub(super) label: String,
    pub(super) value: String,
    pub(super) note: Option<String>,
}

/// What is told about people, in this order, with its name in words (OpenID Connect Core §5.1).
const ABOUT: &[(&str, &str)] = &[
    ("name", "Name"),
    ("preferred_username", "User name"),
    ("email", "E-mail address"),
    ("email_verified", "E-mail verified"),
    ("phone_number", "Telephone"),
    ("phone_number_verified", "Telephone verified"),
    ("given_name", "Given name"),
    ("middle_name", "Middle name"),
    ("family_name", "Family name"),
    ("nickname", "Nickname"),
    ("gender", "Gender"),
    ("birthdate", "Born"),
    ("address", "Address"),
    ("locale", "Language"),
    ("zoneinfo", "Time zone"),
    ("website", "Website"),
    ("profile", "Profile"),
    ("picture", "Picture"),
    ("groups", "Groups"),
    ("updated_at", "Last changed"),
    ("sub", "Identifier"),
];

pub(super) async fn signed_in(browser: &Browser) -> Option<SignedIn> {
    let session = browser.session.as_ref()?;
    let claims = session.claims()?;
    let mut known = match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => rows::members(members),
        _ => Vec::new(),
    };
    for parameter in userinfo(browser.steps()) {
        if !known.iter().any(|claim| claim.name == parameter.name) {
            known.push(parameter);
        }
    }
    let name = known.iter().find(|claim| claim.name == "name");
    let name = name.map_or_else(|| claims.sub.clone(), |claim| claim.value.clone());
    let (about, protocol) = sorted(known);
    let tokens = session.tokens().await;
    Some(SignedIn {
        name,
        about,
        protocol,
        notes: browser.notes.clone(),
        can_refresh: tokens.is_some_and(|tokens| tokens.refresh_token().is_some()),
        ended: browser.ended,
    })
}

fn userinfo(steps: Vec<Step>) -> Vec<Parameter> {
    let found = steps.into_iter().rev().find_map(|step| match step {
        Step::Exchange(Exchange {
            endpoint: "userinfo",
            response,
            ..
        }) => Some(response),
        _ => None,
    });
    found.unwrap_or_default()
}

/// What is about the person, and what is the protocol's.
fn sorted(claims: Vec<Parameter>) -> (Vec<Claim>, Vec<Row>) {
    let is_protocol = |name: &str| name != "sub" && IN_TOKENS.contains(&name);
    let (protocol, about): (Vec<_>, Vec<_>) = claims
        .into_iter()
        .partition(|claim| is_protocol(&claim.name));
    let mut about: Vec<Claim> = about.into_iter().map(claim).collect();
    about.sort_by_key(|claim| place(&claim.name));
    let rows = protocol
        .iter()
        .map(|claim| rows::row(Place::IdClaim, claim));
    (about, rows::ordered(rows.collect(), IN_TOKENS))
}

/// Claims that nobody expected come before the identifier.
fn place(name: &str) -> usize {
    match name {
        "sub" => usize::MAX,
        _ => ABOUT
            .iter()
            .position(|(known, _)| *known == name)
            .unwrap_or(ABOUT.len()),
    }
}

fn claim(parameter: Parameter) -> Claim {
    let shown = Shown::of(&parameter.name, &parameter.value);
    let label = ABOUT.iter().find(|(name, _)| *name == parameter.name);
    let label = label.map_or_else(
        || parameter.name.replace('_', " "),
        |(_, label)| (*label).into(),
    );
    // A date says more than its number, and a word more than a boolean.
    let (value, note) = match (shown.text().as_str(), &shown.note) {
        ("true", _) => ("yes".to_owned(), None),
        ("false", _) => ("no".to_owned(), None),
        (number, Some(date)) => (date.clone(), Some(number.to_owned())),
        (text, None) => (text.to_owned(), None),
    };
    Claim {
        name: parameter.name,
        label,
        value,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Vec<Parameter> {
        let parameter = |(name, value): &(&str, &str)| Parameter {
            name: (*name).into(),
            value: (*value).into(),
            secret: false,
        };
        pairs.iter().map(parameter).collect()
    }

    #[test]
    fn the_person_comes_first_and_the_protocol_is_kept_apart() {
        let (about, protocol) = sorted(parameters(&[
            ("acr", "a"),
            ("aud", "demo-web"),
            ("iss", "http://localhost"),
            ("sub", "7"),
            ("shoe_size", "42"),
            ("email_verified", "true"),
            ("email", "alice@example.org"),
            ("name", "Alice Adams"),
            ("updated_at", "1795236118"),
        ]));
        let names: Vec<&str> = about.iter().map(|claim| claim.name.as_str()).collect();
        let expected = [
            "name",
            "email",
            "email_verified",
            "updated_at",
            "shoe_size",
            "sub",
        ];
        assert_eq!(names, expected);
        let names: Vec<&str> = protocol.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["iss", "aud", "acr"]);
    }

    #[test]
    fn booleans_and_times_are_said_in_words() {
        let (about, _) = sorted(parameters(&[
            ("email_verified", "true"),
            ("updated_at", "0"),
        ]));
        assert_eq!(about[0].value, "yes");
        assert_eq!(about[1].value, "1 January 1970, 00:00:00 UTC");
        assert_eq!(about[1].note.as_deref(), Some("0"));
    }
}
