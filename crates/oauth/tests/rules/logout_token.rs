//! How a client judges a logout token (OpenID Connect Back-Channel Logout §2.6).

use oauth::logout_token::{EVENT, Expected, LogoutToken, Refusal, check};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_795_248_000;

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://as.example",
        client_id: "app",
        session_required: true,
        issued_within: Some(600),
        now: NOW,
        leeway: 30,
    }
}

fn good() -> Value {
    json!({
        "iss": "https://as.example", "sub": "alice", "aud": "app", "iat": NOW, "exp": NOW + 120, "jti": "1",
        "events": { EVENT: {} }, "sid": "s",
    })
}

fn judge(token: Value) -> Result<(), Refusal> {
    let claims: LogoutToken = serde_json::from_value(token).unwrap();
    check(&claims, &expected())
}

fn with(name: &str, value: Value) -> Value {
    let mut token = good();
    token[name] = value;
    token
}

#[test]
fn a_logout_token_is_good_or_says_what_is_wrong() {
    assert_eq!(judge(good()), Ok(()));
    for (name, value, refusal) in [
        ("iss", json!("https://other.example"), Refusal::Issuer),
        ("aud", json!("other"), Refusal::Audience),
        ("aud", json!(["app", "other"]), Refusal::Audience),
        ("aud", json!([]), Refusal::Audience),
        ("exp", json!(NOW - 30), Refusal::Expired),
        ("iat", json!(NOW + 31), Refusal::IssuedInFuture),
        ("iat", json!(NOW - 631), Refusal::IssuedLongAgo),
        ("sid", Value::Null, Refusal::SessionMissing),
        ("events", json!({}), Refusal::Event),
        ("events", json!({ EVENT: true }), Refusal::Event),
        ("events", json!({ "urn:other": {} }), Refusal::Event),
        ("nonce", json!("n"), Refusal::Nonce),
        ("nonce", json!(""), Refusal::Nonce),
        ("jti", json!(""), Refusal::Identifier),
    ] {
        assert_eq!(
            judge(with(name, value.clone())),
            Err(refusal),
            "{name} {value}"
        );
    }
}

#[test]
fn it_names_a_person_or_a_session() {
    let claims = |sub: Value, sid: Value| {
        let mut token = good();
        (token["sub"], token["sid"]) = (sub, sid);
        serde_json::from_value::<LogoutToken>(token).unwrap()
    };
    let lax = Expected {
        session_required: false,
        ..expected()
    };
    assert_eq!(check(&claims(json!("alice"), Value::Null), &lax), Ok(()));
    assert_eq!(check(&claims(Value::Null, json!("s")), &lax), Ok(()));
    for (sub, sid) in [(Value::Null, Value::Null), (json!(""), json!(""))] {
        assert_eq!(check(&claims(sub, sid), &lax), Err(Refusal::Nobody));
    }
}

#[test]
fn what_a_token_must_have_cannot_be_left_out() {
    for name in ["iss", "aud", "iat", "exp", "jti", "events"] {
        let mut token = good();
        token.as_object_mut().unwrap().remove(name);
        assert!(
            serde_json::from_value::<LogoutToken>(token).is_err(),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn no_token_counts_before_or_after_its_time(iat in -10_000i64..10_000, life in 0i64..1000, now in -10_000i64..10_000) {
        let mut token = good();
        token["iat"] = json!(NOW + iat);
        token["exp"] = json!(NOW + iat + life);
        let claims: LogoutToken = serde_json::from_value(token).unwrap();
        let at = Expected { now: NOW + now, leeway: 0, ..expected() };
        let fits = iat <= now && now < iat + life && now - iat <= 600;
        prop_assert_eq!(check(&claims, &at).is_ok(), fits);
    }
}
