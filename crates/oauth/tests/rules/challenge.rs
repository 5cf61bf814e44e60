use oauth::challenge::{Bearer, basic, parse};
use oauth::{Error, ErrorCode};
use proptest::prelude::*;

/// RFC 6750 §3: the examples of the text.
#[test]
fn a_challenge_says_what_is_wrong() {
    assert_eq!(Bearer::unauthenticated().to_string(), "Bearer");
    assert_eq!(
        Bearer::unauthenticated().with_realm("example").to_string(),
        "Bearer realm=\"example\""
    );
    let error = Error::invalid_token("The access token expired");
    let challenge = Bearer::refusing(&error).with_realm("example");
    assert_eq!(challenge.status(), 401);
    assert_eq!(
        challenge.to_string(),
        "Bearer realm=\"example\", error=\"invalid_token\", error_description=\"The access token expired\""
    );
    assert_eq!(
        error.bearer_challenge(),
        "Bearer error=\"invalid_token\", error_description=\"The access token expired\""
    );
}

/// RFC 6750 §3.1 and RFC 9728 §5.1.
#[test]
fn a_challenge_for_more_scope_names_it_and_the_metadata() {
    let challenge = Bearer::refusing(&Error::insufficient_scope("More is needed."))
        .with_scope("notes.write".parse().unwrap())
        .with_resource_metadata("https://api.example/.well-known/oauth-protected-resource");
    assert_eq!(challenge.status(), 403);
    assert_eq!(
        challenge.to_string(),
        "Bearer error=\"insufficient_scope\", error_description=\"More is needed.\", scope=\"notes.write\", \
         resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
    );
}

/// RFC 9110 §11.6.1: several challenges in one value.
#[test]
fn the_bearer_challenge_is_found_among_others() {
    let value = "Negotiate YIIB/a==, Basic realm=\"a, Bearer \\\"b\\\"\" , bearer error=invalid_token , Scope=\"a b\",Digest realm=x";
    let schemes: Vec<_> = parse(value)
        .into_iter()
        .map(|challenge| challenge.scheme)
        .collect();
    assert_eq!(schemes, ["Negotiate", "Basic", "bearer", "Digest"]);
    assert_eq!(parse(value)[1].get("realm"), Some("a, Bearer \"b\""));
    let bearer = Bearer::parse([value]).unwrap();
    assert_eq!(bearer.error, Some(ErrorCode::InvalidToken));
    assert_eq!(bearer.scope, Some("a b".parse().unwrap()));
    assert_eq!(
        Bearer::parse(["Basic realm=x", "Bearer"]),
        Some(Bearer::unauthenticated())
    );
    assert_eq!(Bearer::parse(["Basic realm=x"]), None);
}

/// RFC 7617 §2; a header cannot be broken out of.
#[test]
fn a_quoted_value_stays_in_its_quotes() {
    assert_eq!(basic("a\"b\\c\r\nd"), "Basic realm=\"a\\\"b\\\\c??d\"");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(realm in "[ -~]{0,30}", description in "[ -~]{0,30}", scope in "[a-z]{1,5}( [a-z]{1,5}){0,3}") {
        let written = Bearer::refusing(&Error::invalid_token(description)).with_realm(realm).with_scope(scope.parse().unwrap());
        prop_assert_eq!(Bearer::parse([written.to_string().as_str()]), Some(written));
    }

    #[test]
    fn what_is_written_is_one_line_of_ascii(text in ".*") {
        let written = Bearer::unauthenticated().with_realm(text.clone()).with_resource_metadata(text).to_string();
        prop_assert!(written.bytes().all(|b| matches!(b, b' '..=b'~')));
    }

    #[test]
    fn reading_never_panics(text in ".*", near in "(Bearer|Basic|a|=|\"|\\\\|,| ){0,30}") {
        let _ = (parse(&text), parse(&near));
    }
}
