use oauth::authorization::{
    AuthorizationRequest, Carrier, Prompt, ResponseMode, ResponseType, is_resource,
};
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

/// RFC 6749 §3.1.1: missing is invalid_request, unknown is unsupported_response_type.
#[test]
fn a_response_type_is_one_that_there_is() {
    let of = |query: &str| {
        AuthorizationRequest::parse(&params(query))
            .unwrap_err()
            .code
    };
    assert_eq!(of("client_id=a"), ErrorCode::InvalidRequest);
    for unknown in [
        "CODE",
        "none",
        "code+code",
        "code++token",
        "+code",
        "code+",
        "code%09token",
        "code,token",
        "code+id_token+token+code",
    ] {
        assert_eq!(
            of(&format!("client_id=a&response_type={unknown}")),
            ErrorCode::UnsupportedResponseType,
            "{unknown}"
        );
    }
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §3 and §5: the order of the words does not matter, and each says what is sent back.
#[test]
fn a_response_type_is_a_set_of_words() {
    for (text, known) in [
        ("token id_token", ResponseType::IdTokenToken),
        ("token code", ResponseType::CodeToken),
        ("id_token code", ResponseType::CodeIdToken),
        ("token id_token code", ResponseType::CodeIdTokenToken),
    ] {
        assert_eq!(text.parse(), Ok(known));
    }
    for known in ResponseType::ALL {
        assert_eq!(known.as_str().parse(), Ok(known));
        let words: Vec<&str> = known.as_str().split(' ').collect();
        assert_eq!(known.has_code(), words.contains(&"code"));
        assert_eq!(known.has_token(), words.contains(&"token"));
        assert_eq!(known.has_id_token(), words.contains(&"id_token"));
        assert_eq!(known.is_front_channel(), known != ResponseType::Code);
    }
}

/// OpenID Connect Core §3.2.2.1 and §3.3.2.11; RFC 9449 §10 binds codes only.
#[test]
fn a_request_for_tokens_has_a_nonce_and_openid() {
    let of = |more: &str| {
        AuthorizationRequest::parse(&params(&format!(
            "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&{more}"
        )))
    };
    for good in [
        "response_type=id_token&scope=openid&nonce=n",
        "response_type=code+id_token&scope=openid&nonce=n",
        "response_type=token",
        "response_type=code+token&scope=openid",
    ] {
        assert!(of(good).is_ok(), "{good}");
    }
    for bad in [
        "response_type=id_token&scope=openid",
        "response_type=id_token&nonce=n",
        "response_type=code+id_token&scope=openid",
        "response_type=id_token+token&scope=profile&nonce=n",
        "response_type=token&dpop_jkt=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ] {
        let code = of(bad).unwrap_err().code;
        assert_eq!(code, ErrorCode::InvalidRequest, "{bad}");
    }
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

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode §2, JARM §2.3: each mode by its name, and without one that of the
/// response type.
#[test]
fn a_response_mode_is_one_that_there_is() {
    assert_eq!(parse("").unwrap().response_mode, ResponseMode::Query);
    for mode in ResponseMode::ALL {
        let asked = format!("response_mode={}", mode.as_str());
        assert_eq!(parse(&asked).unwrap().response_mode, mode);
        let written = serde_json::to_value(mode).unwrap();
        assert_eq!(written, mode.as_str());
        assert_eq!(mode.is_signed(), mode.as_str().ends_with(".jwt"));
    }
    assert_eq!(
        parse("response_mode=jwt").unwrap().response_mode,
        ResponseMode::QueryJwt
    );
    for bad in [
        "Query",
        "query.JWT",
        "jwt.query",
        "web_message",
        "query+",
        "query.fragment",
    ] {
        let refused = refusal(&format!("response_mode={bad}")).0;
        assert_eq!(refused, ErrorCode::InvalidRequest, "{bad}");
    }
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §3 and §5, JARM §2.3.1 and §2.3.4: tokens never travel in a query.
#[test]
fn tokens_never_travel_in_a_query() {
    for response_type in ResponseType::ALL
        .into_iter()
        .filter(|it| it.is_front_channel())
    {
        let ask = |mode: &str| {
            AuthorizationRequest::parse(&params(&format!(
                "response_type={}&client_id=a&redirect_uri=https%3A%2F%2Fa.example%2F&scope=openid&nonce=n&response_mode={mode}",
                response_type.as_str().replace(' ', "+"),
            )))
            .map(|request| request.response_mode)
        };
        assert_eq!(ask(""), Ok(ResponseMode::Fragment));
        assert_eq!(ask("jwt"), Ok(ResponseMode::FragmentJwt));
        assert_eq!(ask("form_post"), Ok(ResponseMode::FormPost));
        for query in ["query", "query.jwt"] {
            assert_eq!(ask(query).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }
}

fn word(of: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(of)
}

proptest! {
    /// Whatever a request asks for, and however wrong it is: its refusal is signed when a signed answer was asked for, stays out of the query when tokens
    /// were, and a request that is good is refused in the mode in which it would be answered.
    #[test]
    fn a_refusal_travels_no_worse_than_the_answer(
        types in word(&["", "code", "token", "code token", "id_token code", "token token", "nonsense"]),
        mode in word(&["", "query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "nonsense", "nonsense.jwt"]),
    ) {
        let pairs = [
            ("response_type", types), ("response_mode", mode), ("client_id", "a"), ("redirect_uri", "https://a.example/"),
            ("scope", "openid"), ("nonce", "n"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let params = Params::new(pairs.to_vec());
        let of = ResponseMode::of(&params);
        prop_assert_eq!(of.is_signed(), mode.ends_with("jwt"));
        prop_assert!(!types.contains("token") || of.carrier() != Carrier::Query);
        if let Ok(request) = AuthorizationRequest::parse(&params) {
            prop_assert_eq!(request.response_mode, of);
        }
    }
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
