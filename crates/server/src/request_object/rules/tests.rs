#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: i64 = 1_000_000;
const ISSUER: &str = "https://id.example";

fn parties(profile: Profile) -> Parties<'static> {
    Parties {
        client: "app",
        issuer: ISSUER,
        profile,
    }
}

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn judged(value: Value, profile: Profile) -> Result<(), Reason> {
    judge(&claims(value), &parties(profile), NOW)
}

#[test]
fn an_object_is_from_its_client_and_for_us() {
    let plain = |value| judged(value, Profile::OAuth21);
    assert_eq!(plain(json!({"client_id": "app"})), Ok(()));
    assert_eq!(
        plain(json!({"client_id": "app", "iss": "app", "aud": ISSUER})),
        Ok(())
    );
    assert_eq!(
        plain(json!({"client_id": "app", "aud": ["https://other.example", ISSUER]})),
        Ok(())
    );
    for (wrong, reason) in [
        (json!({}), Reason::RequestObjectClient),
        (json!({"client_id": "other"}), Reason::RequestObjectClient),
        (json!({"client_id": ["app"]}), Reason::RequestObjectClient),
        (
            json!({"client_id": "app", "iss": "other"}),
            Reason::RequestObjectIssuer,
        ),
        (
            json!({"client_id": "app", "iss": 7}),
            Reason::RequestObjectIssuer,
        ),
        (
            json!({"client_id": "app", "iss": "app", "sub": "app"}),
            Reason::RequestObjectIssuer,
        ),
        (
            json!({"client_id": "app", "aud": "https://other.example"}),
            Reason::RequestObjectAudience,
        ),
        (
            json!({"client_id": "app", "aud": []}),
            Reason::RequestObjectAudience,
        ),
        (
            json!({"client_id": "app", "aud": null}),
            Reason::RequestObjectAudience,
        ),
        (
            json!({"client_id": "app", "request": "x"}),
            Reason::RequestObjectNested,
        ),
        (
            json!({"client_id": "app", "request_uri": null}),
            Reason::RequestObjectNested,
        ),
    ] {
        assert_eq!(plain(wrong.clone()), Err(reason), "{wrong}");
    }
    // OpenID Connect Core §6.1 has the client's name beside it.
    assert_eq!(judged(json!({}), Profile::OpenId), Ok(()));
    // FAPI 2.0 Message Signing §5.3.1 has it say whom it is for.
    assert_eq!(
        judged(json!({"client_id": "app"}), Profile::Fapi2MessageSigning),
        Err(Reason::ProfileObjectAudience)
    );
    assert_eq!(
        judged(json!({"client_id": "other"}), Profile::OpenId),
        Err(Reason::RequestObjectClient)
    );
}

#[test]
fn an_object_is_of_its_time() {
    let at = |times: Value, profile| {
        let mut object = claims(json!({"client_id": "app", "aud": ISSUER}));
        object.extend(claims(times));
        judge(&object, &parties(profile), NOW)
    };
    let (plain, strict) = (Profile::OAuth21, Profile::Fapi2MessageSigning);
    for good in [
        json!({}),
        json!({"exp": NOW + 90_000}),
        json!({"exp": NOW - 29, "iat": NOW + 30, "nbf": NOW as f64 + 10.7}),
    ] {
        assert_eq!(at(good.clone(), plain), Ok(()), "{good}");
    }
    for bad in [
        json!({"exp": NOW - 30}),
        json!({"nbf": NOW + 31}),
        json!({"iat": NOW + 31}),
        json!({"exp": "soon"}),
        json!({"nbf": null}),
        json!({"exp": 1e300}),
    ] {
        for profile in [plain, strict] {
            assert_eq!(
                at(bad.clone(), profile),
                Err(Reason::RequestObjectTimes),
                "{bad}"
            );
        }
    }
    for good in [
        json!({"nbf": NOW, "exp": NOW + 3600}),
        json!({"nbf": NOW + 8, "exp": NOW + 60}),
        json!({"nbf": NOW - 3600, "exp": NOW}),
    ] {
        assert_eq!(at(good.clone(), strict), Ok(()), "{good}");
    }
    for bad in [
        json!({"exp": NOW + 60}),
        json!({"nbf": NOW}),
        json!({"nbf": NOW, "exp": NOW + 3601}),
        json!({"nbf": NOW - 3601, "exp": NOW - 1}),
    ] {
        assert_eq!(
            at(bad.clone(), strict),
            Err(Reason::ProfileObjectTimes),
            "{bad}"
        );
    }
}

#[test]
fn claims_become_parameters() {
    let object = json!({
        "iss": "app", "aud": ISSUER, "exp": 1, "jti": "j", "client_secret": "s", "client_assertion": "a",
        "scope": "openid", "max_age": 0, "nothing": null, "resource": ["urn:a", "urn:b"],
        "claims": {"userinfo": {"email": null}}, "authorization_details": [{"type": "x"}],
    });
    let params = Params::new(parameters(claims(object)).unwrap());
    assert_eq!(params.get("max_age"), Some("0"));
    assert_eq!(
        params.all("resource").collect::<Vec<_>>(),
        ["urn:a", "urn:b"]
    );
    assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"email":null}}"#));
    assert_eq!(
        params.get("authorization_details"),
        Some(r#"[{"type":"x"}]"#)
    );
    for gone in [
        "iss",
        "aud",
        "exp",
        "jti",
        "client_secret",
        "client_assertion",
        "nothing",
    ] {
        assert_eq!(params.get(gone), None, "{gone}");
    }
    assert_eq!(
        parameters(claims(json!({"state": "a\u{0}b"}))),
        Err(Reason::RequestObjectMalformed)
    );
}

#[test]
fn an_address_is_registered_as_it_is_or_below_another() {
    let registered = [
        "https://app.example/request.jwt".to_owned(),
        "https://app.example/requests/*".to_owned(),
        "https://bad.example*".to_owned(),
    ];
    for good in [
        "https://app.example/request.jwt",
        "https://app.example/request.jwt#hash",
        "https://app.example/requests/1?x=y",
        "https://app.example/requests/a/b",
    ] {
        assert!(is_registered(&registered, good), "{good}");
    }
    for bad in [
        "",
        "https://app.example/request.jwt?x",
        "https://app.example/requests/",
        "https://app.example/requests",
        "https://app.example/requests/../secret",
        "https://app.example/requests/%2e%2e/secret",
        "https://app.example/requests/..%2fsecret",
        "https://app.example/requests/..\\secret",
        "https://app.example.evil.example/requests/1",
        "https://user@app.example/requests/1",
        "https://app.example:444/requests/1",
        "http://app.example/requests/1",
        "https://bad.example.evil.example/",
        "file:///etc/passwd",
    ] {
        assert!(!is_registered(&registered, bad), "{bad}");
    }
}

proptest! {
    /// RFC 9101 §5: outside of OpenID Connect's rule nothing that was not signed is in the request.
    #[test]
    fn nothing_unsigned_comes_in(
        outer in proptest::collection::vec(("[a-d]|client_id|response_type|request", "[a-z]{1,3}"), 0..6),
        signed in proptest::collection::vec(("[a-d]|response_type", "[a-z]{1,3}"), 0..6),
    ) {
        let outer = Params::new(outer);
        for profile in [Profile::OAuth21, Profile::Fapi2Security, Profile::Fapi2MessageSigning] {
            let mut wanted = signed.clone();
            wanted.push(("client_id".into(), "app".into()));
            prop_assert_eq!(request(&outer, signed.clone(), &parties(profile)), Ok(Params::new(wanted)));
        }
    }

    /// OpenID Connect Core §6.1: what was signed wins, and what the object says nothing about is taken from beside it.
    #[test]
    fn what_was_signed_wins(
        outer in proptest::collection::vec(("[a-d]", "[a-z]{1,3}"), 0..6),
        signed in proptest::collection::vec(("[a-d]", "[a-z]{1,3}"), 0..6),
    ) {
        let (inner, outer) = (Params::new(signed.clone()), Params::new(outer));
        let merged = request(&outer, signed, &parties(Profile::OpenId)).unwrap();
        for name in ["a", "b", "c", "d"] {
            prop_assert_eq!(merged.get(name), inner.get(name).or(outer.get(name)));
        }
    }
}
