use oauth::{Error, ErrorCode, ErrorResponse};
use proptest::prelude::*;

use crate::params;

/// RFC 6749 §5.2: invalid_client may be 401 (and is, here); RFC 6750 §3.1: invalid_token 401, insufficient_scope 403; RFC 9470 §3: 401; OpenID
/// Federation 1.0 §8.9: what is not found 404; the rest 400.
#[test]
fn each_code_has_its_status() {
    for code in ErrorCode::ALL {
        let expected = match code.as_str() {
            "invalid_client" | "invalid_token" | "insufficient_user_authentication" => 401,
            "insufficient_scope" => 403,
            "invalid_trust_anchor" | "not_found" => 404,
            "server_error" => 500,
            "temporarily_unavailable" => 503,
            _ => 400,
        };
        assert_eq!(code.status(), expected, "{code}");
    }
}

/// The IANA OAuth Extensions Error registry: the code is a plain string on the wire.
#[test]
fn each_code_survives_json_and_text() {
    for code in ErrorCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
        let json = serde_json::to_string(code).unwrap();
        assert_eq!(json, format!("\"{code}\""));
        assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
    }
    assert!("Invalid_Request".parse::<ErrorCode>().is_err());
}

/// RFC 6749 §5.2: the body of an error.
#[test]
fn an_error_is_two_members_of_json() {
    let error = Error::invalid_grant("The code has expired.");
    assert_eq!(
        serde_json::to_string(&error).unwrap(),
        r#"{"error":"invalid_grant","error_description":"The code has expired."}"#
    );
}

/// RFC 6749 §5.2: a client meets codes that it does not know.
#[test]
fn a_foreign_error_is_read_even_when_its_code_is_unknown() {
    let json = r#"{"error":"bad_verification_code","error_uri":"https://example.com/e"}"#;
    let error: ErrorResponse = serde_json::from_str(json).unwrap();
    assert_eq!(error.code(), None);
    assert_eq!(error.error, "bad_verification_code");
}

/// RFC 6749 §3.1: parameters sent without a value count as omitted.
#[test]
fn an_empty_value_counts_as_omitted() {
    let params = params("a=&b=1&a=2");
    assert_eq!(params.get("a"), Some("2"));
    assert_eq!(params.get("c"), None);
    assert!(params.required("c").is_err());
}

/// RFC 6749 §3.1: parameters must not be included more than once; RFC 8707 §2 lets `resource` be.
#[test]
fn a_repeated_parameter_is_refused_unless_it_may_repeat() {
    let params = params("resource=urn:a&resource=urn:b&scope=a&scope=b");
    let error = params.refuse_repeated(&["resource"]).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.description.contains("'scope'"));
    assert!(params.refuse_repeated(&["resource", "scope"]).is_ok());
}

#[test]
fn debug_output_of_parameters_holds_no_value() {
    let shown = format!("{:?}", params("client_secret=hunter2"));
    assert!(shown.contains("client_secret") && !shown.contains("hunter2"));
}

proptest! {
    /// RFC 6749 §5.2: `error_description` holds %x20-21 / %x23-5B / %x5D-7E only.
    #[test]
    fn a_description_never_holds_a_forbidden_character(text in "\\PC*|.*") {
        let error = Error::invalid_request(text);
        prop_assert!(error.description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
        prop_assert!(error.description.len() <= 400);
    }
}
