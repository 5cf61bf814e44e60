//! Asking people without a browser of the client's: OpenID Connect CIBA Core.

use oauth::ciba::{
    BindingMessage, DeliveryMode, Hint, NotificationToken, Ping, Push, PushError, Request,
    SignedRequest,
};
use oauth::token::TokenResponse;
use oauth::{ErrorCode, Params};
use proptest::prelude::*;
use serde_json::json;

fn params(pairs: &[(&str, &str)]) -> Params {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Params::new(pairs.iter().map(owned).collect())
}

/// §7.1.
#[test]
fn a_whole_request_is_read() {
    let request = Request::parse(&params(&[
        ("scope", "openid email"),
        (
            "client_notification_token",
            "8d67dc78-7faa-4d41-aabd-67707b374255",
        ),
        ("binding_message", " W4SCT "),
        ("login_hint", "alice"),
        ("acr_values", "high  low"),
        ("user_code", "1234"),
        ("requested_expiry", "120"),
        ("max_age", "0"),
    ]))
    .unwrap();
    assert_eq!(request.hint, Hint::Login("alice".into()));
    assert_eq!(request.binding_message.unwrap().as_str(), "W4SCT");
    assert_eq!(request.acr_values, ["high", "low"]);
    assert_eq!(
        (request.requested_expiry, request.max_age),
        (Some(120), Some(0))
    );
}

/// §7.1: exactly one hint.
#[test]
fn exactly_one_hint_is_needed() {
    let names = ["login_hint", "id_token_hint", "login_hint_token"];
    for bits in 0..8_u8 {
        let given = names
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1);
        let mut pairs: Vec<_> = given.map(|(_, name)| (*name, "x")).collect();
        pairs.push(("scope", "openid"));
        let read = Request::parse(&params(&pairs));
        assert_eq!(read.is_ok(), bits.count_ones() == 1, "{pairs:?}");
    }
}

/// §7.1.1: the parameters are the claims, as text, a number or a list.
#[test]
fn signed_parameters_are_parameters() {
    let claims = json!({
        "iss": "agent", "aud": "https://as.example", "jti": "1", "iat": 1.5, "nbf": 1, "exp": 9,
        "scope": "openid", "id_token_hint": "x", "requested_expiry": 60, "resource": ["urn:a", "urn:b"], "nothing": null,
    });
    let signed: SignedRequest = serde_json::from_value(claims).unwrap();
    assert_eq!((signed.iat, signed.exp), (Some(1), Some(9)));
    let request = Request::parse(&signed.params().unwrap()).unwrap();
    assert_eq!(request.requested_expiry, Some(60));
    assert_eq!(request.resource, ["urn:a", "urn:b"]);
    assert_eq!(request.hint, Hint::IdToken("x".into()));
    let nul: SignedRequest = serde_json::from_value(json!({"login_hint": "a\0b"})).unwrap();
    assert!(nul.params().is_err());
}

/// §10.3.1 and §12, as they stand there.
#[test]
fn what_is_pushed_is_flat_json() {
    let request = || Ping {
        auth_req_id: "1c266114".into(),
    };
    let push = Push {
        request: request(),
        tokens: TokenResponse::bearer("G5kXH2wHvUra0sHlDy1iTkDJgsgUO1bN".into(), 3600),
    };
    let text = json!({"auth_req_id": "1c266114", "access_token": "G5kXH2wHvUra0sHlDy1iTkDJgsgUO1bN", "token_type": "Bearer", "expires_in": 3600});
    assert_eq!(serde_json::to_value(&push).unwrap(), text);
    assert_eq!(serde_json::from_value::<Push>(text).unwrap(), push);
    let error = PushError::new("1c266114".into(), ErrorCode::AccessDenied, "no");
    let text =
        json!({"auth_req_id": "1c266114", "error": "access_denied", "error_description": "no"});
    assert_eq!(serde_json::to_value(&error).unwrap(), text);
    assert!(!format!("{push:?} {error:?}").contains("1c266114"));
}

#[test]
fn modes_have_their_registered_names() {
    for mode in DeliveryMode::ALL {
        assert_eq!(mode.as_str().parse(), Ok(mode));
        assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
    }
    assert!("Poll".parse::<DeliveryMode>().is_err());
}

/// §7.1: plain text that means the same on both screens.
#[test]
fn a_binding_message_can_be_seen_and_compared() {
    for good in [
        "W4SCT",
        "Pay 12 € to Bo’s Books?",
        "支払い",
        "ادفع ١٢",
        "👍🏽",
        &"x".repeat(100),
    ] {
        assert!(BindingMessage::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        " ",
        "a\tb",
        "a\u{85}b",
        "\u{feff}a",
        "a\u{2066}b",
        "a\u{e0041}",
        "\u{3164}",
        &"x".repeat(101),
    ] {
        let refused = BindingMessage::parse(bad).unwrap_err();
        assert_eq!(refused.code, ErrorCode::InvalidBindingMessage, "{bad:?}");
    }
}

proptest! {
    #[test]
    fn no_request_makes_the_parser_panic(pairs in proptest::collection::vec(("[a-z_]{1,12}|scope|login_hint|requested_expiry|binding_message", any::<String>()), 0..8)) {
        let _ = Request::parse(&Params::new(pairs));
    }

    #[test]
    fn a_notification_token_can_stand_in_a_header(text in any::<String>()) {
        if let Ok(token) = NotificationToken::parse(&text) {
            prop_assert!(token.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(token.as_str().len() >= 22);
        }
    }
}
