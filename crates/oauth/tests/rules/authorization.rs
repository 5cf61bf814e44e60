use oauth::authorization::{AuthorizationRequest, Prompt, ResponseMode, ResponseType, is_resource};
use oauth::{ErrorCode, Params};
use proptest::prelude::*;

use crate::params;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn parse(more: &str) -> Result<AuthorizationRequest, oauth::Error> {
    AuthorizationRequest::parse(&params(&format!(
        "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&{more}"
    )))
}

fn refusal(more: &str) -> (ErrorCode, String) {
    let error = parse(more).unwrap_err();
    (error.code, error.description.to_string())
}

/// RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1.
#[test]
fn every_parameter_is_read() {
    let request = parse(&format!(
        "scope=openid+notes.read&state=s%201&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256\
         &prompt=login+consent&max_age=0&login_hint=alice&ui_locales=fr-CA+fr+b%C3%BC&id_token_hint=ey.x.y\
         &acr_values=a+b&display=popup&resource=urn:a&resource=urn:b&resource=urn:a&response_mode=form_post&unknown=1"
    ))
    .unwrap();
    assert_eq!(request.client_id, "app");
    assert_eq!(request.response_type, ResponseType::Code);
    assert_eq!(request.response_mode, ResponseMode::FormPost);
    assert_eq!(
        request.scope.as_ref().unwrap().to_string(),
        "openid notes.read"
    );
    assert_eq!(request.state.as_deref(), Some("s 1"));
    assert_eq!(request.code_challenge.as_ref().unwrap().as_str(), CHALLENGE);
    assert!(request.prompt.contains(Prompt::Login) && request.prompt.contains(Prompt::Consent));
    assert!(!request.prompt.contains(Prompt::None));
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.ui_locales, ["fr-CA", "fr"]);
    assert_eq!(request.acr_values, ["a", "b"]);
    assert_eq!(request.resource, ["urn:a", "urn:b"]);
    assert!(request.is_openid());
    let sealed = serde_json::to_string(&request).unwrap();
    assert_eq!(
        serde_json::from_str::<AuthorizationRequest>(&sealed).unwrap(),
        request
    );
    let shown = format!("{request:?}");
    assert!(!shown.contains(CHALLENGE) && !shown.contains("ey.x.y"));
}

/// RFC 6749 §3.1.1: only `code`; missing is invalid_request, unknown is unsupported_response_type.
#[test]
fn the_response_type_must_be_code() {
    let of = |query| {
        AuthorizationRequest::parse(&params(query))
            .unwrap_err()
            .code
    };
    assert_eq!(of("client_id=a"), ErrorCode::InvalidRequest);
    assert_eq!(
        of("client_id=a&response_type=token"),
        ErrorCode::UnsupportedResponseType
    );
    assert_eq!(
        of("client_id=a&response_type=code+id_token"),
        ErrorCode::UnsupportedResponseType
    );
    assert_eq!(
        of("client_id=a&response_type=CODE"),
        ErrorCode::UnsupportedResponseType
    );
}

/// RFC 7636 §4.3 and §4.4.1, RFC 9700 §2.1.1.
#[test]
fn pkce_is_s256_or_refused() {
    let good = parse(&format!(
        "code_challenge={CHALLENGE}&code_challenge_method=S256"
    ));
    assert!(good.unwrap().code_challenge.is_some());
    assert!(parse("").unwrap().code_challenge.is_none());
    for (query, named) in [
        (
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "code_challenge_method",
        ),
        (
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            "code_challenge_method",
        ),
        (
            format!("code_challenge={CHALLENGE}"),
            "code_challenge_method",
        ),
        (
            "code_challenge_method=S256".to_owned(),
            "code_challenge_method",
        ),
        (
            "code_challenge=short&code_challenge_method=S256".to_owned(),
            "'code_challenge'",
        ),
    ] {
        let (code, description) = refusal(&query);
        assert_eq!(code, ErrorCode::InvalidRequest, "{query}");
        assert!(description.contains(named), "{description}");
    }
}

/// OpenID Connect Core §3.1.2.1: none with any other value is an error.
#[test]
fn prompt_none_stands_alone() {
    assert!(parse("prompt=none").unwrap().prompt.contains(Prompt::None));
    for bad in ["none+login", "login+none", "LOGIN", "sleep"] {
        let (code, description) = refusal(&format!("prompt={bad}"));
        assert_eq!(code, ErrorCode::InvalidRequest, "{bad}");
        assert!(description.contains("'prompt'"));
    }
}

/// OpenID Connect Core §3.1.2.1.
#[test]
fn max_age_is_a_number_of_seconds() {
    assert_eq!(parse("max_age=3600").unwrap().max_age, Some(3600));
    for bad in ["-1", "1.5", "%2B1", "1h", "99999999999999999999"] {
        let (code, description) = refusal(&format!("max_age={bad}"));
        assert_eq!(code, ErrorCode::InvalidRequest, "{bad}");
        assert!(description.contains("'max_age'"));
    }
}

/// OpenID Connect Core §3.1.2.6.
#[test]
fn request_objects_and_registration_are_refused_by_their_own_codes() {
    assert_eq!(refusal("request=ey.x.y").0, ErrorCode::RequestNotSupported);
    assert_eq!(
        refusal("request_uri=urn:x").0,
        ErrorCode::RequestUriNotSupported
    );
    assert_eq!(
        refusal("registration=%7B%7D").0,
        ErrorCode::RegistrationNotSupported
    );
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1.
#[test]
fn the_response_mode_is_query_or_form_post() {
    assert_eq!(parse("").unwrap().response_mode, ResponseMode::Query);
    assert_eq!(
        parse("response_mode=query").unwrap().response_mode,
        ResponseMode::Query
    );
    assert_eq!(
        refusal("response_mode=fragment").0,
        ErrorCode::InvalidRequest
    );
    assert_eq!(
        ResponseMode::of(&params("response_mode=fragment")),
        ResponseMode::Query
    );
    assert_eq!(
        ResponseMode::of(&params("response_mode=form_post")),
        ResponseMode::FormPost
    );
}

/// RFC 8707 §2: an absolute URI without fragment.
#[test]
fn a_resource_is_an_absolute_uri_without_fragment() {
    assert!(is_resource("urn:demo:notes") && is_resource("https://api.example/x?y=1"));
    for bad in [
        "notes",
        "/notes",
        "https://api.example/#x",
        "https://api.example/a%20b%23 c",
    ] {
        assert!(!is_resource(bad), "{bad}");
    }
    assert_eq!(refusal("resource=notes").0, ErrorCode::InvalidTarget);
    let many: String = (0..33).map(|i| format!("resource=urn:{i}:x&")).collect();
    assert_eq!(refusal(&many).0, ErrorCode::InvalidTarget);
}

/// OpenID Connect Core §3.1.2.1: redirect_uri is required there.
#[test]
fn an_openid_request_must_name_its_redirect_uri() {
    let without = |scope: &str| {
        AuthorizationRequest::parse(&params(&format!(
            "response_type=code&client_id=a&scope={scope}"
        )))
    };
    assert!(without("notes.read").is_ok());
    let error = without("openid").unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.description.contains("'redirect_uri'"));
}

/// RFC 6749 §4.1.2.1: a malformed scope is invalid_scope.
#[test]
fn a_malformed_scope_is_invalid_scope() {
    assert_eq!(refusal("scope=a%22b").0, ErrorCode::InvalidScope);
}

#[test]
fn control_characters_are_refused_in_what_is_echoed() {
    for name in ["state", "nonce", "login_hint"] {
        let (code, description) = refusal(&format!("{name}=a%0D%0Ab"));
        assert_eq!(code, ErrorCode::InvalidRequest);
        assert!(description.contains(name));
    }
}

proptest! {
    #[test]
    fn reading_never_panics(query in ".*") {
        let _ = AuthorizationRequest::parse(&Params::parse(&query));
    }

    #[test]
    fn hostile_values_never_panic_and_name_a_registered_code(
        name in prop_oneof!["scope", "state", "prompt", "max_age", "resource", "display", "ui_locales", "code_challenge", "response_mode"],
        value in ".*",
    ) {
        let pairs = [("response_type", "code"), ("client_id", "a"), ("code_challenge_method", "S256")]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain([(name, value)]);
        if let Ok(request) = AuthorizationRequest::parse(&Params::new(pairs.collect())) {
            prop_assert!(request.max_age.is_none_or(|age| age >= 0));
            prop_assert!(!request.prompt.contains(Prompt::None) || request.prompt == request.prompt.without(Prompt::Login));
        }
    }
}
