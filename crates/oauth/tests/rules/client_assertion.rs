use jose::jws::{self, Header};
use jose::{Algorithm, SigningKey};
use oauth::client_auth::assertion::{
    Audience, Claims, Disbelief, LEEWAY, LONGEST, LONGEST_JTI, Recipient, TYP, judge, subject,
};
use oauth::client_auth::{Presented, presented};
use oauth::{ErrorCode, Params};
use proptest::prelude::*;

const NOW: i64 = 1_795_248_000;
const ISSUER: &str = "https://id.example";
const TOKEN: &str = "https://id.example/token";

fn claims() -> Claims {
    Claims::new("client", ISSUER, "1".to_owned(), NOW)
}

fn verdict(claims: &Claims, sole_issuer: bool) -> Result<i64, Disbelief> {
    let recipient = Recipient {
        issuer: ISSUER,
        endpoints: &[TOKEN],
        sole_issuer,
    };
    judge(claims, None, "client", &recipient, NOW).map(|(_, until)| until)
}

/// RFC 7523 §3: what a client writes by our own hand is believed, and kept until it can be believed no more.
#[test]
fn our_own_claims_are_believed() {
    assert_eq!(verdict(&claims(), true), Ok(NOW + 60 + LEEWAY));
    let long = Claims {
        jti: Some("x".repeat(LONGEST_JTI)),
        ..claims()
    };
    assert!(verdict(&long, false).is_ok());
    let longer = Claims {
        jti: Some("x".repeat(LONGEST_JTI + 1)),
        ..claims()
    };
    assert_eq!(verdict(&longer, false), Err(Disbelief::Id));
}

/// draft-ietf-oauth-rfc7523bis §4: where a profile demands it, the issuer alone and as a string.
#[test]
fn a_profile_may_demand_the_issuer_alone() {
    let with = |aud: Audience| Claims { aud, ..claims() };
    let list = |names: &[&str]| {
        with(Audience::List(
            names.iter().map(|&name| name.into()).collect(),
        ))
    };
    for (claims, usual, strict) in [
        (with(Audience::Sole(ISSUER.into())), true, true),
        (with(Audience::Sole(TOKEN.into())), true, false),
        (list(&[ISSUER]), true, false),
        (list(&[ISSUER, TOKEN]), true, false),
        (list(&[ISSUER, "https://other.example"]), false, false),
        (list(&[]), false, false),
        (
            with(Audience::Sole("https://id.example/".into())),
            false,
            false,
        ),
        (
            with(Audience::Sole("https://ID.example".into())),
            false,
            false,
        ),
    ] {
        assert_eq!(verdict(&claims, false).is_ok(), usual, "{claims:?}");
        assert_eq!(verdict(&claims, true).is_ok(), strict, "{claims:?}");
    }
}

/// RFC 7521 §4.2: the assertion names its client; `client_id` beside it must agree.
#[test]
fn an_assertion_names_its_client() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let text = serde_json::to_string(&claims()).unwrap();
    let assertion = jws::sign(&key, &Header::typed(TYP, &key), text.as_bytes()).unwrap();
    assert_eq!(subject(&assertion).as_deref(), Some("client"));
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let read = |id: &str, kind: &str, assertion: &str| {
        let pairs = [
            ("client_id", id),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        let owned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        presented(None, &Params::new(owned.to_vec())).map_err(|error| error.code)
    };
    let good = read("client", kind, &assertion).unwrap();
    assert!(!format!("{good:?}").contains(&assertion));
    assert!(matches!(good, Presented::Assertion { id, .. } if id == "client"));
    assert!(read("", kind, &assertion).is_ok());
    for (id, kind, assertion) in [
        ("other", kind, assertion.as_str()),
        ("", "", &assertion),
        ("", kind, ""),
        ("", kind, "a.b.c"),
    ] {
        assert_eq!(read(id, kind, assertion), Err(ErrorCode::InvalidClient));
    }
}

proptest! {
    /// Whatever the times say: what is believed expires within the bound, is kept as long as it would be believed, and not for ever.
    #[test]
    fn what_is_believed_ends_soon(
        exp in (NOW - 5_000)..(NOW + 5_000),
        iat in proptest::option::of((NOW - 5_000)..(NOW + 5_000)),
        nbf in proptest::option::of((NOW - 5_000)..(NOW + 5_000)),
    ) {
        let claims = Claims { exp, iat, nbf, ..claims() };
        if let Ok(until) = verdict(&claims, false) {
            prop_assert!(until > NOW && until <= NOW + LONGEST + 2 * LEEWAY);
            prop_assert!(iat.is_none_or(|iat| iat <= NOW + LEEWAY && exp - iat <= LONGEST + LEEWAY));
            prop_assert!(nbf.is_none_or(|nbf| nbf <= NOW + LEEWAY));
            let recipient = Recipient { issuer: ISSUER, endpoints: &[], sole_issuer: false };
            prop_assert_eq!(judge(&claims, None, "client", &recipient, until), Err(Disbelief::Times));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,300}", exp: i64, iat: Option<i64>, nbf: Option<i64>, now: i64) {
        let _ = subject(&text);
        let claims = Claims { exp, iat, nbf, iss: text.clone(), sub: text.clone(), jti: Some(text.clone()), ..claims() };
        let recipient = Recipient { issuer: ISSUER, endpoints: &[], sole_issuer: false };
        let _ = judge(&claims, Some(&text), &text, &recipient, now);
    }
}
