//! Claims, types and algorithms that the policy does not accept.

use super::{NOW, POLICY, claims, forge, key, outcome};
use jose::{
    Algorithm, Error,
    jwt::{self, Lifetime, Policy, Type},
};
use serde_json::{Value, json};

fn with_claims(change: Value) -> Result<Value, Error> {
    let mut claims = claims();
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            _ => claims[name] = value.clone(),
        }
    }
    let key = key();
    outcome(&key, &jwt::sign(&key, "at+jwt", &claims).unwrap(), &POLICY)
}

#[test]
fn the_policy_decides_on_algorithms() {
    let key = key();
    let token = jwt::sign(&key, "at+jwt", &claims()).unwrap();
    for algorithms in [&[][..], &[Algorithm::Es384, Algorithm::Rs256]] {
        let policy = Policy {
            algorithms,
            ..POLICY
        };
        assert_eq!(
            outcome(&key, &token, &policy),
            Err(Error::AlgorithmNotAllowed)
        );
    }
}

#[test]
fn claims_are_judged_by_the_policy() {
    assert!(with_claims(json!({})).is_ok());
    assert!(with_claims(json!({"aud": ["x", "api"]})).is_ok());
    assert!(
        with_claims(json!({"exp": NOW as f64 + 0.5, "nbf": NOW + 10, "iat": NOW + 10})).is_ok()
    );
    assert!(with_claims(json!({"exp": NOW - 9})).is_ok());
    for (change, refusal) in [
        (json!({"iss": null}), Error::MissingClaim("iss")),
        (json!({"iss": "https://as.example/"}), Error::WrongIssuer),
        (json!({"iss": ["https://as.example"]}), Error::Claims),
        (json!({"aud": null}), Error::MissingClaim("aud")),
        (json!({"aud": "API"}), Error::WrongAudience),
        (json!({"aud": []}), Error::WrongAudience),
        (json!({"aud": ["x", 1, "api"]}), Error::Claims),
        (json!({"aud": {"api": 1}}), Error::Claims),
        (json!({"exp": null}), Error::MissingClaim("exp")),
        (json!({"exp": NOW - 10}), Error::Expired),
        (json!({"exp": (NOW + 60).to_string()}), Error::Claims),
        (json!({"exp": u64::MAX}), Error::Claims),
        (json!({"exp": 1e300}), Error::Claims),
        (json!({"exp": -1}), Error::Expired),
        (json!({"exp": i64::MIN}), Error::Expired),
        (json!({"nbf": NOW + 11}), Error::NotYetValid),
        (json!({"nbf": i64::MAX}), Error::NotYetValid),
        (json!({"iat": NOW + 11}), Error::NotYetValid),
        (json!({"nbf": true}), Error::Claims),
    ] {
        assert_eq!(with_claims(change.clone()), Err(refusal), "{change}");
    }
}

/// RFC 8725 §3.11 and §3.12.
#[test]
fn one_kind_of_token_is_not_taken_for_another() {
    let key = key();
    let access = jwt::sign(&key, "at+jwt", &claims()).unwrap();
    let plain = jwt::sign(&key, "JWT", &claims()).unwrap();
    let untyped = forge(&key, r#"{"alg":"ES256"}"#, &claims().to_string());
    let with = |typ| Policy { typ, ..POLICY };
    for (token, typ, accepted) in [
        (&access, Type::Is("at+jwt"), true),
        (&access, Type::Is("application/at+jwt"), true),
        (&access, Type::Is("AT+JWT"), true),
        (&access, Type::Plain, false),
        (&access, Type::OneOf(&["JWT", "at+jwt"]), true),
        (&access, Type::OneOf(&[]), false),
        (&plain, Type::Plain, true),
        (&plain, Type::Is("at+jwt"), false),
        (&untyped, Type::Plain, true),
        (&untyped, Type::Is("at+jwt"), false),
        (&untyped, Type::Unchecked, true),
    ] {
        let outcome = outcome(&key, token, &with(typ));
        assert_eq!(
            outcome.err(),
            (!accepted).then_some(Error::WrongType),
            "{typ:?}"
        );
    }
    let long = forge(
        &key,
        r#"{"alg":"ES256","typ":"application/at+jwt"}"#,
        &claims().to_string(),
    );
    assert!(outcome(&key, &long, &POLICY).is_ok());
    let other = forge(
        &key,
        r#"{"alg":"ES256","typ":"application/x/at+jwt"}"#,
        &claims().to_string(),
    );
    assert_eq!(outcome(&key, &other, &POLICY), Err(Error::WrongType));
}

#[test]
fn an_expired_token_serves_where_only_the_signature_counts() {
    let key = key();
    let old =
        json!({"iss": "https://as.example", "aud": "api", "exp": NOW - 1000, "iat": NOW - 2000});
    let token = jwt::sign(&key, "JWT", &old).unwrap();
    let hint = Policy {
        typ: Type::Plain,
        lifetime: Lifetime::Unlimited,
        ..POLICY
    };
    assert!(outcome(&key, &token, &hint).is_ok());
    let strict = Policy {
        lifetime: Lifetime::Expires,
        ..hint
    };
    assert_eq!(outcome(&key, &token, &strict), Err(Error::Expired));
    let negative = Policy {
        leeway: -5000,
        ..strict
    };
    assert_eq!(outcome(&key, &token, &negative), Err(Error::Expired));
}
