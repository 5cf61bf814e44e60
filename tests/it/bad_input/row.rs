//! A row of a table: what is wrong, what is sent, and the registered error that comes back.

use serde_json::Value;

use crate::harness::{Answer, Call, Client, World};

/// Form bodies.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Sends a wrong request and checks the whole answer: status, code, JSON that nobody stores, and with 401 a challenge of the right scheme
/// (RFC 6749 §5.2, RFC 6750 §3, RFC 9110 §15.5.2, §15.5.6).
#[track_caller]
pub fn refused(case: &str, answer: &Answer, (status, code): (u16, &str)) {
    assert_eq!(answer.status, status, "{case}: {answer:?}");
    let challenge = answer.header("www-authenticate");
    if status == 405 {
        assert!(!answer.header("allow").is_empty(), "{case}: {answer:?}");
        return;
    }
    let found = answer.json();
    assert_eq!(found["error"], Value::from(code), "{case}: {answer:?}");
    assert!(found["error_description"].is_string(), "{case}: {answer:?}");
    answer.not_stored();
    match code {
        "invalid_client" => assert!(
            challenge.starts_with("Basic realm=\""),
            "{case}: {answer:?}"
        ),
        "invalid_token" | "insufficient_scope" => {
            let scheme = challenge.split(' ').next();
            let known = matches!(scheme, Some("Bearer" | "DPoP"));
            assert!(known, "{case}: {answer:?}");
            let named = format!("error=\"{code}\"");
            assert!(challenge.contains(&named), "{case}: {answer:?}");
        }
        _ => assert_ne!(status, 401, "{case}: 401 is for these"),
    }
}

/// As [`refused`], of a call.
pub async fn refuses(case: &str, call: Call, expected: (u16, &str)) {
    refused(case, &call.send().await, expected);
}

/// A form with one change: the value in place of the one that is there, or nothing in its place.
pub fn changed<'a>(
    form: &[(&'a str, &'a str)],
    (name, value): (&'a str, Option<&'a str>),
) -> Vec<(&'a str, &'a str)> {
    let mut form = form.to_vec();
    form.retain(|(known, _)| *known != name);
    form.extend(value.map(|value| (name, value)));
    form
}

/// The form sent by that client, with its secret in the header.
pub fn sent(world: &World, path: &str, client: &Client, form: &[(&str, &str)]) -> Call {
    let secret = client.secret.as_deref().unwrap_or_default();
    world.post(path).form(form).basic(&client.id, secret)
}

/// What is wrong with any parameter that must be there once: missing, empty, twice, with U+0000, not UTF-8.
pub async fn needs_once(world: &World, client: &Client, form: &[(&str, &str)], name: &str) {
    let all = crate::harness::call::encode(form);
    let rest = crate::harness::call::encode(&changed(form, (name, None)));
    let bodies = [
        (format!("no {name}"), rest.clone()),
        (format!("an empty {name}"), format!("{rest}&{name}=")),
        (format!("{name} twice"), format!("{all}&{name}=x")),
        (
            format!("{name} twice, once empty"),
            format!("{all}&{name}="),
        ),
        (format!("U+0000 in {name}"), format!("{rest}&{name}=a%00b")),
        (
            format!("{name} that is not UTF-8"),
            format!("{rest}&{name}=%FF"),
        ),
        (format!("{name} cut off"), format!("{rest}&{name}=%F")),
    ];
    for (case, body) in bodies {
        let secret = client.secret.as_deref().unwrap_or_default();
        let call = world.post("/token").basic(&client.id, secret);
        refuses(
            &case,
            call.body(FORM, body.as_bytes()),
            (400, "invalid_request"),
        )
        .await;
    }
}
