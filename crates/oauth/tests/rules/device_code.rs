use oauth::ErrorCode;
use oauth::device_code::{ALPHABET, Request, Response, UserCode};
use oauth::token::TokenRequest;
use proptest::prelude::*;

use crate::params;

/// RFC 8628 §6.1: case, dashes, spaces and punctuation do not matter.
#[test]
fn a_user_code_is_read_however_it_is_typed() {
    let code = UserCode::parse("WDJB-MJHT").unwrap();
    assert_eq!(code.to_string(), "WDJB-MJHT");
    assert_eq!(code.letters(), "WDJBMJHT");
    for text in [
        "wdjbmjht",
        " wdjb mjht ",
        "WDJB\u{2013}MJHT",
        "w.d.j.b-m.j.h.t",
        "WdJb_MjHt\u{a0}",
        "\u{200b}WDJB\u{200b}MJHT",
    ] {
        assert_eq!(UserCode::parse(text).as_ref(), Some(&code), "{text:?}");
    }
}

/// Vowels, digits, other scripts, too few, too many, and a page of text.
#[test]
fn what_can_be_no_user_code_is_not_one() {
    let long = "B-".repeat(10_000);
    for text in [
        "",
        "-",
        "WDJB-MJH",
        "WDJB-MJHTB",
        "WDJA-MJHT",
        "WDJ8-MJHT",
        "WDJB-MJHY",
        "ＷＤＪＢ-ＭＪＨＴ",
        "WDJB-MJH\u{df}",
        "WDJB-MJH\0T\0\u{7f}T",
        &long,
    ] {
        assert_eq!(UserCode::parse(text), None, "{text:.40?}");
    }
}

/// RFC 8628 §3.1.
#[test]
fn a_device_authorization_request_has_scope_and_resources() {
    let request = Request::parse(&params("scope=a+b&resource=urn:x:y&unknown=1")).unwrap();
    assert_eq!(request.scope.unwrap().to_string(), "a b");
    assert_eq!(request.resource, ["urn:x:y"]);
    assert_eq!(Request::parse(&params("scope=")).unwrap().scope, None);
    for (query, code) in [
        ("scope=a++b", ErrorCode::InvalidScope),
        ("scope=%22", ErrorCode::InvalidScope),
        ("resource=notes", ErrorCode::InvalidTarget),
        ("resource=https://a.example/%23x", ErrorCode::InvalidTarget),
    ] {
        assert_eq!(
            Request::parse(&params(query)).unwrap_err().code,
            code,
            "{query}"
        );
    }
}

/// RFC 8628 §3.2: the example; `interval` and `verification_uri_complete` may be absent.
#[test]
fn the_answer_is_that_of_the_rfc() {
    let json = r#"{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT",
        "verification_uri":"https://example.com/device","verification_uri_complete":"https://example.com/device?user_code=WDJB-MJHT",
        "expires_in":1800,"interval":5}"#;
    let response: Response = serde_json::from_str(json).unwrap();
    assert_eq!((response.expires_in, response.interval), (1800, Some(5)));
    let shown = format!("{response:?}");
    assert!(
        !shown.contains("WDJB") && !shown.contains("GmRh"),
        "{shown}"
    );
    let least = r#"{"device_code":"a","user_code":"b","verification_uri":"https://example.com/","expires_in":60}"#;
    let response: Response = serde_json::from_str(least).unwrap();
    assert_eq!(
        (response.interval, response.verification_uri_complete),
        (None, None)
    );
}

/// The device code is a secret.
#[test]
fn a_token_request_does_not_show_its_device_code() {
    let query = "grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=gdc_secret&resource=urn:x:y";
    let request = TokenRequest::parse(&params(query)).unwrap();
    assert!(!format!("{request:?}").contains("gdc_secret"));
    assert_eq!(
        request.grant_type().as_str(),
        "urn:ietf:params:oauth:grant-type:device_code"
    );
}

proptest! {
    #[test]
    fn every_user_code_survives_being_read_aloud(bytes: [u8; 8], lower: bool) {
        let code = UserCode::from_random(bytes);
        let text = if lower { code.to_string().to_lowercase() } else { code.to_string() };
        prop_assert!(code.letters().bytes().all(|letter| ALPHABET.contains(&letter)));
        prop_assert_eq!(UserCode::parse(&text), Some(code));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
        if let Some(code) = UserCode::parse(&text) {
            prop_assert_eq!(UserCode::parse(&code.to_string()), Some(code));
        }
    }

    /// The last digit of the number is the first letter of the code, and so on: each of 20^8 codes comes about.
    #[test]
    fn each_code_comes_about(digits in proptest::collection::vec(0_usize..20, 8)) {
        let number = digits.iter().rev().fold(0_u64, |number, digit| number * 20 + *digit as u64);
        let letters: String = digits.iter().map(|digit| char::from(ALPHABET[*digit])).collect();
        prop_assert_eq!(UserCode::from_random(number.to_be_bytes()).letters(), letters);
    }
}
