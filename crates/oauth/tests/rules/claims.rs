use oauth::claims::{AccessToken, Address, Audience, IdToken, StandardClaims, Userinfo};
use proptest::prelude::*;
use serde_json::json;

/// RFC 7519 §4.1.3: one audience may be a string, several are an array.
#[test]
fn an_audience_is_a_string_or_an_array() {
    for (value, count) in [(json!("a"), 1), (json!(["a", "b"]), 2), (json!([]), 0)] {
        let audience: Audience = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(audience.len(), count);
        assert_eq!(serde_json::to_value(&audience).unwrap(), value);
    }
    let alone: Audience = serde_json::from_value(json!(["a"])).unwrap();
    assert!(alone.contains("a") && !alone.contains("A"));
    assert!(serde_json::from_value::<Audience>(json!(1)).is_err());
}

/// RFC 9068 §2.2.
#[test]
fn an_access_token_keeps_every_claim() {
    let value = json!({
        "iss": "https://as.example", "sub": "p", "aud": ["urn:a", "https://as.example"], "exp": 10, "iat": 1, "jti": "j",
        "client_id": "app", "scope": "openid notes.read", "auth_time": 1, "acr": "1", "amr": ["pwd"], "sid": "s",
        "grant_id": "g", "groups": ["staff"], "act": {"sub": "agent"}, "cnf": {"jkt": "x"}, "tenant": 7,
    });
    let claims: AccessToken = serde_json::from_value(value.clone()).unwrap();
    assert!(claims.has_scope("notes.read") && !claims.has_scope("notes.write"));
    assert_eq!(claims.extra["tenant"], 7);
    assert_eq!(serde_json::to_value(&claims).unwrap(), value);
}

/// RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat and jti are required.
#[test]
fn an_access_token_without_a_required_claim_is_refused() {
    let whole = json!({"iss": "i", "sub": "p", "aud": "a", "exp": 10, "iat": 1, "jti": "j", "client_id": "c"});
    assert!(serde_json::from_value::<AccessToken>(whole.clone()).is_ok());
    for name in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(name);
        assert!(
            serde_json::from_value::<AccessToken>(part).is_err(),
            "{name}"
        );
    }
}

/// RFC 7519 §2: a NumericDate may have a fraction.
#[test]
fn a_time_may_have_a_fraction() {
    let times = |exp: serde_json::Value, auth_time: serde_json::Value| {
        let value = json!({"iss": "i", "sub": "p", "aud": "c", "exp": exp, "iat": 1, "auth_time": auth_time});
        serde_json::from_value::<IdToken>(value)
            .map(|claims| (claims.exp, claims.auth_time))
            .ok()
    };
    assert_eq!(times(json!(10.9), json!(2.5)), Some((10, Some(2))));
    assert_eq!(times(json!(10), json!(null)), Some((10, None)));
    assert_eq!(times(json!("10"), json!(2)), None);
    assert_eq!(times(json!(1e300), json!(2)), None);
}

/// OpenID Connect Core §2 and §5.1.
#[test]
fn an_id_token_holds_claims_about_the_person_beside_its_own() {
    let value = json!({"iss": "i", "sub": "p", "aud": "c", "exp": 10, "iat": 1, "nonce": "n", "email": "a@b", "plan": "gold"});
    let claims: IdToken = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(claims.person.email.as_deref(), Some("a@b"));
    assert_eq!(claims.person.extra["plan"], "gold");
    assert_eq!(serde_json::to_value(&claims).unwrap(), value);
}

/// Providers are met that send booleans and numbers as strings.
#[test]
fn a_boolean_in_quotes_is_understood() {
    let info: Userinfo =
        serde_json::from_value(json!({"sub": "p", "email_verified": "true", "updated_at": "12"}))
            .unwrap();
    assert_eq!(info.person.email_verified, Some(true));
    assert_eq!(info.person.updated_at, Some(12));
}

fn everything() -> StandardClaims {
    let text = || Some("x".to_owned());
    StandardClaims {
        name: text(),
        given_name: text(),
        family_name: text(),
        middle_name: text(),
        nickname: text(),
        preferred_username: text(),
        profile: text(),
        picture: text(),
        website: text(),
        email: text(),
        email_verified: Some(true),
        gender: text(),
        birthdate: text(),
        zoneinfo: text(),
        locale: text(),
        phone_number: text(),
        phone_number_verified: Some(false),
        address: Some(Address {
            country: text(),
            ..Address::default()
        }),
        updated_at: Some(1),
        extra: std::iter::once(("groups".to_owned(), json!(["staff"]))).collect(),
    }
}

proptest! {
    /// OpenID Connect Core §5.4: each scope gives its own claims and no others.
    #[test]
    fn a_scope_gives_its_own_claims_only(words in proptest::sample::subsequence(vec!["profile", "email", "address", "phone", "openid"], 0..=5)) {
        let scope = oauth::Scope::of(words.clone()).unwrap();
        let given = serde_json::to_value(everything().limited_to(&scope)).unwrap();
        let mut names: Vec<_> = given.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected: Vec<_> = StandardClaims::BY_SCOPE
            .iter()
            .filter(|(scope, _)| words.contains(scope))
            .flat_map(|(_, claims)| claims.iter().copied())
            .collect();
        names.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(names, expected);
    }
}

/// OpenID Connect Core §5.5: a name gives its own claim, and what is no claim of the standard gives none.
#[test]
fn a_name_gives_its_own_claim_only() {
    let value = |claims: &StandardClaims| serde_json::to_value(claims).unwrap();
    let all = value(&everything());
    let told = |name: &str| value(&everything().told(&oauth::Scope::empty(), &[name.to_owned()]));
    for name in StandardClaims::BY_SCOPE
        .iter()
        .flat_map(|(_, names)| *names)
    {
        assert_eq!(told(name), json!({ *name: all[*name] }), "{name}");
    }
    for name in ["groups", "sub", "", "Name"] {
        assert_eq!(told(name), json!({}), "{name}");
    }
}
