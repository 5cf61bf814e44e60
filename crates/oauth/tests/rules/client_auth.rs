use base64ct::{Base64, Encoding};
use oauth::client_auth::{Method, Presented, basic, presented};
use oauth::{ErrorCode, Params};
use proptest::prelude::*;

use crate::params;

fn header(pair: &[u8]) -> String {
    format!("Basic {}", Base64::encode_string(pair))
}

fn refusal(authorization: Option<&str>, query: &str) -> ErrorCode {
    presented(authorization, &params(query)).unwrap_err().code
}

/// RFC 6749 §2.3.1: the example of the text.
#[test]
fn the_example_of_the_rfc_is_read_in_both_forms() {
    let (id, secret) = ("s6BhdRkqt3".to_owned(), "gX1fBat3bV".to_owned());
    let basic = presented(Some("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"), &params("")).unwrap();
    assert!(!format!("{basic:?}").contains("gX1f"));
    assert_eq!(basic.method(), Some(Method::ClientSecretBasic));
    assert_eq!(
        basic,
        Presented::Basic {
            id: id.clone(),
            secret: secret.clone()
        }
    );
    let post = presented(
        None,
        &params("client_id=s6BhdRkqt3&client_secret=gX1fBat3bV"),
    )
    .unwrap();
    assert!(!format!("{post:?}").contains("gX1f"));
    assert_eq!(post, Presented::Post { id, secret });
}

/// RFC 6749 §2.3.1 and Appendix B: identifier and secret are form-urlencoded inside the Basic header.
#[test]
fn identifier_and_secret_are_form_decoded() {
    let read = |pair: &str| presented(Some(&header(pair.as_bytes())), &params("")).unwrap();
    let expect = |id: &str, secret: &str| Presented::Basic {
        id: id.to_owned(),
        secret: secret.to_owned(),
    };
    assert_eq!(read("a%3Ab:c+d%2B%25"), expect("a:b", "c d+%"));
    assert_eq!(read("a:b:c"), expect("a", "b:c"));
    assert_eq!(read("a:"), expect("a", ""));
    assert_eq!(read("caf%C3%A9:x"), expect("caf\u{e9}", "x"));
}

/// RFC 9110 §11.1: the scheme is case-insensitive.
#[test]
fn the_scheme_may_be_written_in_any_case() {
    let header = header(b"a:b").replace("Basic", "bAsIc");
    assert!(presented(Some(&header), &params("")).is_ok());
}

/// RFC 6749 §2.3: not more than one method in a request.
#[test]
fn two_methods_at_once_are_refused() {
    let basic = header(b"a:b");
    for query in [
        "client_secret=b",
        "client_id=a&client_secret=b",
        "client_assertion=x",
    ] {
        assert_eq!(
            refusal(Some(&basic), query),
            ErrorCode::InvalidRequest,
            "{query}"
        );
    }
    assert_eq!(
        refusal(None, "client_id=a&client_secret=b&client_assertion=x"),
        ErrorCode::InvalidRequest
    );
}

/// A `client_id` beside the header is no method of its own, but it must agree.
#[test]
fn a_client_id_beside_the_header_must_agree() {
    let basic = header(b"a:b");
    assert!(presented(Some(&basic), &params("client_id=a")).is_ok());
    assert_eq!(
        refusal(Some(&basic), "client_id=c"),
        ErrorCode::InvalidRequest
    );
}

/// RFC 6749 §5.2: what cannot be read is invalid_client.
#[test]
fn a_malformed_header_is_invalid_client() {
    let bad = [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Bearer abc",
        "",
        &header(b"no-colon"),
        &header(b":secret"),
        &header(b"\xff\xfe:x"),
        &header(b"a%ff:x"),
        &header(b"a%2:x"),
        &header(b"a%zz:x"),
        &header(b"a%00:x"),
        &header(b"a:x%00"),
    ];
    for header in bad {
        assert_eq!(
            refusal(Some(header), ""),
            ErrorCode::InvalidClient,
            "{header}"
        );
    }
    assert_eq!(
        refusal(None, "client_id=a%00&client_secret=b"),
        ErrorCode::InvalidClient
    );
}

/// RFC 6749 §3.2.1: a public client names itself with client_id.
#[test]
fn a_client_id_alone_is_a_public_client() {
    assert_eq!(
        presented(None, &params("client_id=a")).unwrap(),
        Presented::None { id: "a".to_owned() }
    );
    assert_eq!(
        presented(None, &params("client_id=a&client_secret=")).unwrap(),
        Presented::None { id: "a".to_owned() }
    );
    assert_eq!(
        presented(None, &params("code=x")).unwrap(),
        Presented::Nothing
    );
    assert_eq!(refusal(None, "client_secret=b"), ErrorCode::InvalidRequest);
    assert_eq!(
        refusal(None, "client_assertion=b"),
        ErrorCode::InvalidClient
    );
}

#[test]
fn methods_have_their_registered_names() {
    for method in Method::ALL {
        assert_eq!(method.as_str().parse(), Ok(method));
        assert_eq!(serde_json::to_value(method).unwrap(), method.as_str());
    }
}

proptest! {
    /// RFC 6749 §2.3.1: what a client writes, a server reads.
    #[test]
    fn what_a_client_writes_a_server_reads(id in "\\PC{1,40}", secret in "\\PC{0,40}") {
        let found = presented(Some(&basic(&id, &secret)), &Params::default()).unwrap();
        prop_assert_eq!(found, Presented::Basic { id, secret });
    }

    #[test]
    fn reading_never_panics(header in ".*", pair in any::<Vec<u8>>(), query in ".*") {
        let params = Params::parse(&query);
        let _ = presented(Some(&header), &params);
        let _ = presented(Some(&self::header(&pair)), &params);
        let _ = presented(None, &params);
    }
}
