use oauth::claims::AccessToken;
use oauth::token::{GrantType, TokenRequest, TokenResponse};
use oauth::{ErrorCode, Params, introspection};
use proptest::prelude::*;

use crate::params;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn refusal(query: &str) -> (ErrorCode, String) {
    let error = TokenRequest::parse(&params(query)).unwrap_err();
    (error.code, error.description.to_string())
}

/// RFC 6749 §4.1.3, RFC 7636 §4.5.
#[test]
fn a_code_is_redeemed_with_its_redirect_uri_and_verifier() {
    let query = format!(
        "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fa.example%2F&code_verifier={VERIFIER}&resource=urn:a"
    );
    let request = TokenRequest::parse(&params(&query)).unwrap();
    assert_eq!(request.grant_type(), GrantType::AuthorizationCode);
    let shown = format!("{request:?}");
    assert!(
        !shown.contains("Splx") && !shown.contains(VERIFIER),
        "{shown}"
    );
    let TokenRequest::AuthorizationCode(code) = request else {
        panic!("another grant");
    };
    assert_eq!(code.code, "SplxlOBeZQQYbYS6WxSbIA");
    assert_eq!(code.redirect_uri.as_deref(), Some("https://a.example/"));
    assert_eq!(code.code_verifier.unwrap().as_str(), VERIFIER);
    assert_eq!(code.resource, ["urn:a"]);
}

/// RFC 6749 §6 and §4.4.2.
#[test]
fn a_refresh_may_narrow_and_a_client_may_ask_for_itself() {
    let refresh = TokenRequest::parse(&params(
        "grant_type=refresh_token&refresh_token=grt_x&scope=a",
    ))
    .unwrap();
    assert!(!format!("{refresh:?}").contains("grt_x"));
    assert!(
        matches!(refresh, TokenRequest::RefreshToken(r) if r.refresh_token == "grt_x" && r.scope == Some("a".parse().unwrap()))
    );
    let own = TokenRequest::parse(&params("grant_type=client_credentials&scope=")).unwrap();
    assert!(matches!(own, TokenRequest::ClientCredentials(c) if c.scope.is_none()));
}

/// RFC 6749 §5.2.
#[test]
fn what_is_wrong_is_named() {
    for (query, code, named) in [
        ("", ErrorCode::InvalidRequest, "'grant_type'"),
        ("grant_type=", ErrorCode::InvalidRequest, "'grant_type'"),
        (
            "grant_type=implicit",
            ErrorCode::UnsupportedGrantType,
            "grant_type",
        ),
        (
            "grant_type=AUTHORIZATION_CODE&code=x",
            ErrorCode::UnsupportedGrantType,
            "grant_type",
        ),
        (
            "grant_type=urn:ietf:params:oauth:grant-type:device_code",
            ErrorCode::InvalidRequest,
            "'device_code'",
        ),
        (
            "grant_type=authorization_code",
            ErrorCode::InvalidRequest,
            "'code'",
        ),
        (
            "grant_type=authorization_code&code=x&code_verifier=short",
            ErrorCode::InvalidRequest,
            "'code_verifier'",
        ),
        (
            "grant_type=refresh_token",
            ErrorCode::InvalidRequest,
            "'refresh_token'",
        ),
        (
            "grant_type=client_credentials&scope=a++b",
            ErrorCode::InvalidScope,
            "scope",
        ),
        (
            "grant_type=client_credentials&resource=x",
            ErrorCode::InvalidTarget,
            "'resource'",
        ),
    ] {
        let (found, description) = refusal(query);
        assert_eq!(found, code, "{query}");
        assert!(description.contains(named), "{description}");
    }
}

#[test]
fn grant_types_have_their_registered_names() {
    for grant in GrantType::ALL {
        assert_eq!(grant.as_str().parse(), Ok(grant));
        assert_eq!(serde_json::to_value(grant).unwrap(), grant.as_str());
    }
}

/// RFC 6749 §5.1.
#[test]
fn a_token_response_leaves_out_what_it_does_not_have() {
    let response = TokenResponse::bearer("at".to_owned(), 300);
    let json = serde_json::to_string(&response).unwrap();
    assert_eq!(
        json,
        r#"{"access_token":"at","token_type":"Bearer","expires_in":300}"#
    );
    assert!(!format!("{response:?}").contains("\"at\""));
}

/// Servers are met that send the lifetime as a string.
#[test]
fn a_lifetime_in_quotes_is_understood() {
    let of = |value: &str| {
        serde_json::from_str::<TokenResponse>(&format!(
            r#"{{"access_token":"a","token_type":"bearer","expires_in":{value},"other":[]}}"#
        ))
        .map(|response| response.expires_in)
        .ok()
    };
    assert_eq!(of("3600"), Some(Some(3600)));
    assert_eq!(of("\"3600\""), Some(Some(3600)));
    assert_eq!(of("3600.0"), Some(Some(3600)));
    assert_eq!(of("null"), Some(None));
    assert_eq!(of("\"soon\""), None);
}

/// RFC 7662 §2.1 and RFC 7009 §2.1: a hint that is not known is no hint.
#[test]
fn an_unknown_hint_is_ignored() {
    let query = "token=gat_x&token_type_hint=";
    let hint = |name: &str| {
        let params = params(&format!("{query}{name}"));
        let asked = introspection::Request::parse(&params).unwrap();
        assert!(!format!("{asked:?}").contains("gat_x"));
        asked
            .token_type_hint
            .map(introspection::TokenTypeHint::as_str)
    };
    assert_eq!(hint("access_token"), Some("access_token"));
    assert_eq!(hint("refresh_token"), Some("refresh_token"));
    assert_eq!(hint("id_token"), None);
    assert!(introspection::Request::parse(&params("token=")).is_err());
    assert!(introspection::Request::parse(&params("")).is_err());
}

/// RFC 7662 §2.2: about an inactive token nothing else is said.
#[test]
fn an_inactive_token_is_one_member() {
    let json = serde_json::to_string(&introspection::Response::inactive()).unwrap();
    assert_eq!(json, r#"{"active":false}"#);
}

/// RFC 7662 §2.2.
#[test]
fn a_live_token_is_described_by_its_claims() {
    let mut claims = AccessToken {
        iss: "https://as.example".to_owned(),
        sub: "p1".to_owned(),
        aud: "urn:demo:notes".into(),
        exp: 300,
        iat: 0,
        jti: "j".to_owned(),
        client_id: "app".to_owned(),
        scope: Some("notes.read".parse().unwrap()),
        sid: Some("s".to_owned()),
        ..AccessToken::default()
    };
    claims.extra.insert("active".to_owned(), false.into());
    let value = serde_json::to_value(introspection::Response::access_token(&claims)).unwrap();
    assert_eq!(
        value,
        serde_json::json!({
            "active": true, "iss": "https://as.example", "sub": "p1", "aud": "urn:demo:notes", "exp": 300, "iat": 0,
            "jti": "j", "client_id": "app", "scope": "notes.read", "sid": "s", "token_type": "Bearer",
        })
    );
    let back: introspection::Response = serde_json::from_value(value).unwrap();
    assert_eq!(back.extra["sid"], "s");
}

proptest! {
    #[test]
    fn reading_never_panics(query in ".*") {
        let params = Params::parse(&query);
        let _ = (TokenRequest::parse(&params), introspection::Request::parse(&params));
    }

    #[test]
    fn hostile_json_never_panics(json in ".*") {
        let _ = serde_json::from_str::<TokenResponse>(&json);
        let _ = serde_json::from_str::<introspection::Response>(&json);
    }
}

/// RFC 6749 §4.3.2: what is missing is named where it is asked for, and the password is not shown.
#[test]
fn a_password_is_asked_for_and_hidden() {
    let of = |query: &str| match TokenRequest::parse(&params(query)) {
        Ok(TokenRequest::Password(request)) => request,
        other => panic!("{other:?}"),
    };
    let whole = of("grant_type=password&username=a&password=secret-word&scope=x");
    assert_eq!(whole.credentials(), Ok(("a", "secret-word")));
    assert!(!format!("{whole:?}").contains("secret-word"));
    for (query, name) in [
        ("grant_type=password&password=x", "'username'"),
        ("grant_type=password&username=x", "'password'"),
        ("grant_type=password&username=x&password=", "'password'"),
    ] {
        let error = of(query).credentials().unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert!(error.description.contains(name));
    }
}
