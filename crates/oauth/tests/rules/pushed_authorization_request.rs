//! Pushed authorization requests (RFC 9126).

use oauth::pushed_authorization_request::{PREFIX, Response, reference, request};
use oauth::{ErrorCode, Params};
use proptest::prelude::*;

/// §2.2.
#[test]
fn a_reference_has_the_prefix_and_something_random() {
    assert_eq!(reference(&format!("{PREFIX}a-Z_9")), Some("a-Z_9"));
    let long = format!("{PREFIX}{}", "a".repeat(200));
    for text in [
        "",
        PREFIX,
        "https://client.example/request",
        "urn:x",
        &long,
        &format!("{PREFIX}a b"),
        &format!("{PREFIX}a%00"),
    ] {
        assert_eq!(reference(text), None, "{text}");
    }
}

/// §2.1: what authenticates the client is no part of the request, and a reference cannot be pushed.
#[test]
fn what_authenticates_the_client_is_not_kept() {
    let pushed = Params::parse(
        "client_id=app&client_secret=s&client_assertion=a&client_assertion_type=t&scope=openid&state=",
    );
    let kept = request(&pushed, "app").unwrap();
    assert_eq!(kept, Params::parse("client_id=app&scope=openid"));
    let nested = Params::parse(&format!("client_id=app&request_uri={PREFIX}abc"));
    assert_eq!(
        request(&nested, "app").unwrap_err().code,
        ErrorCode::InvalidRequest
    );
}

#[test]
fn the_answer_shows_no_reference_in_a_log() {
    let answer = Response {
        request_uri: format!("{PREFIX}abc"),
        expires_in: 90,
    };
    assert!(!format!("{answer:?}").contains("abc"));
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(
        text,
        r#"{"request_uri":"urn:ietf:params:oauth:request_uri:abc","expires_in":90}"#
    );
}

proptest! {
    /// Whatever is pushed, the request is that of the client which authenticated.
    #[test]
    fn a_request_is_always_its_own_clients(pairs in proptest::collection::vec(("client_id|scope|state|client_secret|request", "[a-z]{0,3}"), 0..8)) {
        let pushed = Params::new(pairs);
        match request(&pushed, "app") {
            Ok(kept) => {
                prop_assert_eq!(kept.all("client_id").collect::<Vec<_>>(), ["app"]);
                prop_assert!(kept.get("client_secret").is_none());
                prop_assert_eq!(kept.get("scope"), pushed.get("scope"));
            }
            Err(_) => prop_assert!(pushed.get("client_id").is_some_and(|id| id != "app")),
        }
    }
}
