#![allow(clippy::unwrap_used)]

use super::*;
use http::HeaderValue;
use proptest::prelude::*;
use url::form_urlencoded;

fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text, &[]).unwrap().into_pairs()
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

async fn post(content_type: Option<&str>, body: impl Into<Body>) -> Result<Form, FormError> {
    let mut headers = HeaderMap::new();
    if let Some(value) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_str(value).unwrap());
    }
    read(&headers, body.into(), &[]).await
}

#[test]
fn pairs_keep_their_order_and_are_decoded() {
    assert_eq!(
        pairs("b=2&a=x+y%20z&c&d=&%C3%A4=%e2%82%AC&&e=f=g"),
        [
            pair("b", "2"),
            pair("a", "x y z"),
            pair("c", ""),
            pair("d", ""),
            pair("ä", "€"),
            pair("e", "f=g"),
        ]
    );
}

#[test]
fn a_broken_percent_encoding_or_text_that_is_not_utf8_is_refused() {
    for text in [
        "a=%",
        "a=%4",
        "a=%zz",
        "a=%+1",
        "a=%ff",
        "%c3=1",
        "a=%ed%a0%80",
    ] {
        assert_eq!(parse(text, &[]), Err(FormError::Malformed), "{text}");
    }
}

#[test]
fn a_null_character_is_refused_in_a_name_and_in_a_value() {
    assert_eq!(parse("a=%00", &[]), Err(FormError::Nul));
    assert_eq!(parse("a%00=1", &[]), Err(FormError::Nul));
}

#[test]
fn a_parameter_may_appear_twice_only_where_that_was_said() {
    let duplicate = Err(FormError::Duplicate("scope".to_owned()));
    assert_eq!(parse("scope=a&scope=a", &["resource"]), duplicate);
    assert_eq!(parse("scope=a&sc%6Fpe=", &["resource"]), duplicate);
    let form = parse("resource=a&resource=b", &["resource"]).unwrap();
    assert_eq!(form.all("resource").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(form.get("resource"), Some("a"));
}

#[test]
fn too_many_or_too_long_parameters_are_refused() {
    let many: Vec<String> = (0..=MAX_PAIRS).map(|n| format!("p{n}=")).collect();
    assert_eq!(parse(&many.join("&"), &[]), Err(FormError::Malformed));
    assert_eq!(
        parse(&many[1..].join("&"), &[]).unwrap().pairs().len(),
        MAX_PAIRS
    );
    let long = "a".repeat(MAX_BYTES + 1);
    assert_eq!(query(Some(&long), &[]), Err(FormError::TooLarge));
    assert_eq!(query(None, &[]), Ok(Form::default()));
}

#[tokio::test]
async fn a_body_is_read_when_it_says_that_it_is_a_form() {
    let form = "application/x-www-form-urlencoded";
    assert_eq!(post(Some(form), "a=1").await.unwrap().get("a"), Some("1"));
    let utf8 = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    assert!(post(Some(utf8), "a=1").await.is_ok());
    for other in [
        None,
        Some("application/json"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form-urlencoded; charset=latin1"),
    ] {
        let refused = post(other, "a=1").await;
        assert_eq!(refused, Err(FormError::WrongContentType), "{other:?}");
    }
    assert_eq!(
        post(Some(form), vec![b'a', b'=', 0xff]).await,
        Err(FormError::Malformed)
    );
    let big = "a".repeat(MAX_BYTES + 1);
    assert_eq!(post(Some(form), big).await, Err(FormError::TooLarge));
}

#[test]
fn values_stay_out_of_debug_output_and_foreign_names_out_of_error_texts() {
    let form = parse("password=hunter2", &[]).unwrap();
    assert!(!format!("{form:?}").contains("hunter2"));
    let error = parse("a%22%0d%0a%5c=&a%22%0d%0a%5c=", &[]).unwrap_err();
    assert_eq!(error.to_string(), "the parameter a appears more than once");
}

proptest! {
    #[test]
    fn what_a_browser_encodes_is_read_back(pairs in proptest::collection::hash_map("[^\0]{1,8}", "[^\0]{0,20}", 0..8)) {
        let pairs: Vec<(String, String)> = pairs.into_iter().collect();
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        prop_assert_eq!(parse(&text, &[]).unwrap().into_pairs(), pairs);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[%&=+a-f0-9\u{0}-\u{ff}]{0,60}") {
        let _ = parse(&text, &["a"]);
    }
}
