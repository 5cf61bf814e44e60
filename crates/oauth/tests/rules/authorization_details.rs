//! `authorization_details` (RFC 9396).

use oauth::ErrorCode;
use oauth::authorization_details::{AuthorizationDetails, LONGEST};
use proptest::prelude::*;
use serde_json::{Value, json};

fn details(value: Value) -> AuthorizationDetails {
    AuthorizationDetails::parse(&value.to_string()).unwrap()
}

#[test]
fn what_is_no_list_of_typed_objects_is_refused() {
    let deep = |levels: usize| {
        let open = "[".repeat(levels);
        let close = "]".repeat(levels);
        format!(r#"[{{"type":"a","x":{open}{close}}}]"#)
    };
    let deepest = deep(8);
    for text in [
        "",
        "{}",
        "[]",
        "[1]",
        "[{}]",
        r#"[{"type":1}]"#,
        r#"[{"type":""}]"#,
        r#"[{"type":"a"},[]]"#,
        r#"{"type":"a"}"#,
        r#"[{"type":"a""#,
        &format!("[{}]", vec![r#"{"type":"a"}"#; 17].join(",")),
        &format!(r#"[{{"type":"{}"}}]"#, "a".repeat(LONGEST)),
        "[{\"type\":\"a\",\"x\":\"\u{1}\"}]",
        &deepest,
        &"[".repeat(4000),
        &format!("[{}", r#"{"type":"a","x":"#.repeat(200)),
    ] {
        let error = AuthorizationDetails::parse(text).unwrap_err();
        assert_eq!(
            error.code,
            ErrorCode::InvalidAuthorizationDetails,
            "{text:.60}"
        );
    }
    assert!(AuthorizationDetails::parse(&deep(7)).is_ok());
}

#[test]
fn what_was_read_is_what_goes_on() {
    let text = r#"[{"type":"a","x":1,"x":2,"big":123456789012345678901234567890}]"#;
    let read = AuthorizationDetails::parse(text).unwrap();
    let again: AuthorizationDetails = serde_json::from_str(&read.to_text()).unwrap();
    assert_eq!(read, again);
    assert!(!read.to_text().contains("\"x\":1,"));
}

#[test]
fn less_is_within_and_more_or_other_is_not() {
    let granted = details(json!([
        {"type": "accounts", "actions": ["list", "read"], "locations": ["https://a.example"], "iban": "DE1"},
        {"type": "payment", "amount": "10"},
    ]));
    for (asked, within) in [
        (json!([{"type": "payment", "amount": "10"}]), true),
        (
            json!([{"type": "accounts", "actions": ["read"], "locations": ["https://a.example"], "iban": "DE1"}]),
            true,
        ),
        (
            json!([{"type": "accounts", "actions": ["read", "list"], "locations": ["https://a.example"], "iban": "DE1"}]),
            true,
        ),
        (json!([{"type": "payment", "amount": "11"}]), false),
        (json!([{"type": "payment"}]), false),
        (
            json!([{"type": "payment", "amount": "10", "more": true}]),
            false,
        ),
        (
            json!([{"type": "payment", "amount": "10"}, {"type": "payment", "amount": "10"}]),
            false,
        ),
        (
            json!([{"type": "accounts", "actions": ["write"], "locations": ["https://a.example"], "iban": "DE1"}]),
            false,
        ),
        (
            json!([{"type": "accounts", "actions": [], "locations": ["https://a.example"], "iban": "DE1"}]),
            false,
        ),
        (
            json!([{"type": "accounts", "actions": "read", "locations": ["https://a.example"], "iban": "DE1"}]),
            false,
        ),
        (
            json!([{"type": "accounts", "actions": ["read"], "iban": "DE1"}]),
            false,
        ),
        (json!([{"type": "other"}]), false),
    ] {
        let asked_for = details(asked.clone());
        assert_eq!(asked_for.is_within(&granted), within, "{asked}");
        let narrowed = AuthorizationDetails::narrow(Some(&granted), Some(&asked_for));
        assert_eq!(narrowed.is_ok(), within, "{asked}");
        assert!(AuthorizationDetails::narrow(None, Some(&asked_for)).is_err());
    }
    assert_eq!(
        AuthorizationDetails::narrow(Some(&granted), None).unwrap(),
        Some(granted)
    );
    assert_eq!(AuthorizationDetails::narrow(None, None).unwrap(), None);
}

#[test]
fn two_find_their_places_whatever_the_order() {
    let granted =
        details(json!([{"type": "a", "actions": ["x", "y"]}, {"type": "a", "actions": ["x"]}]));
    for asked in [
        json!([{"type": "a", "actions": ["x"]}, {"type": "a", "actions": ["y"]}]),
        json!([{"type": "a", "actions": ["y"]}, {"type": "a", "actions": ["x"]}]),
    ] {
        assert!(details(asked).is_within(&granted));
    }
    let two = json!([{"type": "a", "actions": ["y"]}, {"type": "a", "actions": ["y"]}]);
    assert!(!details(two).is_within(&granted));
}

fn some() -> impl Strategy<Value = Value> {
    let list = proptest::sample::subsequence(vec!["a", "b", "c"], 1..=3);
    let one = (prop_oneof!["p", "q"], list, 0..2)
        .prop_map(|(kind, actions, x)| json!({"type": kind, "actions": actions, "x": x}));
    proptest::collection::vec(one, 1..5).prop_map(Value::from)
}

proptest! {
    /// Narrowing never widens: what is within something within is within, and there are never more of them.
    #[test]
    fn narrowing_never_widens(first in some(), second in some(), third in some()) {
        let (first, second, third) = (details(first), details(second), details(third));
        prop_assert!(first.is_within(&first));
        if first.is_within(&second) {
            prop_assert!(first.iter().count() <= second.iter().count());
            if second.is_within(&third) {
                prop_assert!(first.is_within(&third));
            }
        }
    }

    #[test]
    fn no_text_breaks_the_parser(text in ".{0,200}") {
        let _ = AuthorizationDetails::parse(&text);
    }
}
