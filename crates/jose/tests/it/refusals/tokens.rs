//! Tokens of forbidden form: algorithms, headers, duplicates, sizes, spellings.

use super::{NOW, POLICY, claims, forge, key, outcome};
use jose::{
    Algorithm, Error, Jwk, JwkSet, SigningKey, base64url,
    jws::{self, Header},
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
    limits,
};
use serde_json::{Value, json};

#[test]
fn no_spelling_of_none_is_accepted() {
    let key = key();
    for (name, refusal) in [
        ("none", Error::Unsecured),
        ("None", Error::Unsecured),
        ("NONE", Error::Unsecured),
        ("", Error::Unsupported),
        ("es256", Error::Unsupported),
        ("HS1", Error::Unsupported),
        ("RSA-OAEP", Error::Unsupported),
    ] {
        let token = forge(
            &key,
            &json!({"alg": name, "typ": "at+jwt"}).to_string(),
            &claims().to_string(),
        );
        assert_eq!(outcome(&key, &token, &POLICY), Err(refusal), "{name}");
        let (input, _) = token.rsplit_once('.').unwrap();
        assert_eq!(
            outcome(&key, &format!("{input}."), &POLICY),
            Err(refusal),
            "{name}"
        );
    }
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":["ES256"]}"#,
        "[]",
        "\"ES256\"",
        "",
        "{\"alg\":\"ES256\"}x",
    ] {
        let token = forge(&key, header, &claims().to_string());
        assert!(
            matches!(outcome(&key, &token, &POLICY), Err(Error::Malformed(_))),
            "{header}"
        );
    }
}

#[test]
fn duplicate_members_are_refused_everywhere() {
    let key = key();
    let header = r#"{"alg":"ES256","typ":"at+jwt"}"#;
    let claims = claims().to_string();
    for header in [
        r#"{"alg":"ES256","alg":"ES256","typ":"at+jwt"}"#,
        r#"{"alg":"none","typ":"at+jwt","alg":"ES256"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","x":{"y":1,"y":1}}"#,
        r#"{"alg":"ES256","typ":"at+jwt","k\u0069d":"a","kid":"b"}"#,
    ] {
        let token = forge(&key, header, &claims);
        assert_eq!(
            outcome(&key, &token, &POLICY),
            Err(Error::DuplicateMember),
            "{header}"
        );
        assert_eq!(jws::peek(&token).err(), Some(Error::DuplicateMember));
    }
    for more in [
        r#","sub":"mallory"}"#,
        r#","act":{"sub":"a","sub":"b"}}"#,
        r#","x":[{"y":1,"y":1}]}"#,
        r#","iss":"x"}"#,
    ] {
        let claims = claims.trim_end_matches('}').to_owned() + more;
        let token = forge(&key, header, &claims);
        assert_eq!(
            outcome(&key, &token, &POLICY),
            Err(Error::DuplicateMember),
            "{claims}"
        );
        assert_eq!(
            jws::peek(&token).unwrap().claims().err(),
            Some(Error::DuplicateMember)
        );
    }
    let jwk = r#"{"kty":"oct","k":"AAAA","k":"AAAB"}"#;
    assert_eq!(Jwk::from_json(jwk).err(), Some(Error::DuplicateMember));
    assert!(serde_json::from_str::<Jwk>(jwk).is_err());
    let json = r#"{"payload":"","payload":"","signature":""}"#;
    assert_eq!(
        jws::json::Json::parse(json).err(),
        Some(Error::DuplicateMember)
    );
}

#[test]
fn a_key_in_the_header_is_refused() {
    let key = key();
    let public = key.public_jwk().unwrap().to_value();
    for (name, value) in [
        ("jwk", public),
        ("jku", json!("https://as.example/jwks")),
        ("x5u", json!("https://as.example/cert")),
        ("x5c", json!(["AAAA"])),
    ] {
        let header = json!({"alg": "ES256", "typ": "at+jwt", name: value}).to_string();
        let token = forge(&key, &header, &claims().to_string());
        assert_eq!(
            outcome(&key, &token, &POLICY),
            Err(Error::KeyInHeader),
            "{name}"
        );
        let verifier = key.verifying_key().unwrap();
        assert_eq!(
            jws::verify(&token, &verifier).err(),
            Some(Error::KeyInHeader)
        );
    }
}

/// RFC 9449 §4.2 and §4.3.
#[test]
fn a_key_in_the_header_is_taken_where_the_caller_asks() {
    let policy = Policy {
        issuer: Issuer::Unchecked,
        audience: Audience::Unchecked,
        typ: Type::Is("dpop+jwt"),
        lifetime: Lifetime::Fresh(60),
        ..POLICY
    };
    let proof = |header: Value, key: &SigningKey, iat: i64| {
        let claims =
            json!({"jti": "1", "htm": "POST", "htu": "https://as.example/token", "iat": iat});
        forge(key, &header.to_string(), &claims.to_string())
    };
    let key = key();
    let public = key.public_jwk().unwrap();
    let header = |jwk: Value| json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk});
    let take = |token: &str| jwt::verify_with_header_key::<Value>(token, &policy);

    let (claims, used) = take(&proof(header(public.to_value()), &key, NOW)).unwrap();
    assert_eq!(
        (claims["htm"].as_str(), used.thumbprint()),
        (Some("POST"), public.thumbprint())
    );

    let made = Header {
        typ: Some("dpop+jwt".to_owned()),
        jwk: Some(key.jwk()),
        ..Header::default()
    };
    let token = jws::sign(&key, &made, format!(r#"{{"iat":{NOW}}}"#).as_bytes()).unwrap();
    assert!(take(&token).is_ok());
    assert!(!jws::peek(&token).unwrap().header.jwk.unwrap().is_private());

    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let oct = json!({"kty": "oct", "k": base64url::encode([7; 32])});
    for (token, refusal) in [
        (
            proof(header(stranger.public_jwk().unwrap().to_value()), &key, NOW),
            Error::Signature,
        ),
        (
            proof(header(key.jwk().to_value()), &key, NOW),
            Error::KeyInHeader,
        ),
        (proof(header(oct.clone()), &key, NOW), Error::KeyInHeader),
        (
            proof(json!({"alg": "ES256", "typ": "dpop+jwt"}), &key, NOW),
            Error::UnknownKey,
        ),
        (
            proof(
                json!({"alg": "HS256", "typ": "dpop+jwt", "jwk": oct}),
                &key,
                NOW,
            ),
            Error::AlgorithmNotAllowed,
        ),
        (
            proof(header(public.to_value()), &key, NOW - 71),
            Error::Expired,
        ),
        (
            proof(header(public.to_value()), &key, NOW + 11),
            Error::NotYetValid,
        ),
    ] {
        assert_eq!(take(&token).err(), Some(refusal));
    }
    let mut both = header(public.to_value());
    both["jku"] = json!("https://evil.example");
    assert_eq!(
        take(&proof(both, &key, NOW)).err(),
        Some(Error::KeyInHeader)
    );
    assert!(matches!(
        take(&proof(header(json!("no object")), &key, NOW)).err(),
        Some(Error::Malformed(_))
    ));
}

#[test]
fn critical_and_unencoded_are_refused() {
    let key = key();
    for more in [
        r#""crit":["exp"],"exp":1"#,
        r#""crit":[]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":true"#,
    ] {
        let token = forge(
            &key,
            &format!(r#"{{"alg":"ES256","typ":"at+jwt",{more}}}"#),
            &claims().to_string(),
        );
        assert_eq!(
            outcome(&key, &token, &POLICY),
            Err(Error::Critical),
            "{more}"
        );
    }
    let extra = serde_json::Map::from_iter([("crit".to_owned(), json!(["x"]))]);
    let header = Header {
        extra,
        ..Header::default()
    };
    assert!(jws::sign(&key, &header, b"").is_err());
}

#[test]
fn oversized_tokens_and_headers_are_refused() {
    let key = key();
    let many = json!({"iss": "https://as.example", "aud": "api", "exp": NOW + 60, "x": "x".repeat(limits::TOKEN)});
    assert_eq!(
        jwt::sign(&key, "at+jwt", &many).err(),
        Some(Error::TooLarge)
    );
    let token = forge(&key, r#"{"alg":"ES256","typ":"at+jwt"}"#, &many.to_string());
    assert_eq!(outcome(&key, &token, &POLICY), Err(Error::TooLarge));
    assert_eq!(jws::peek(&token).err(), Some(Error::TooLarge));
    let header =
        json!({"alg": "ES256", "typ": "at+jwt", "x": "x".repeat(limits::HEADER)}).to_string();
    assert_eq!(
        outcome(&key, &forge(&key, &header, &claims().to_string()), &POLICY),
        Err(Error::TooLarge)
    );
    let header =
        json!({"alg": "ES256", "typ": "at+jwt", "kid": "x".repeat(limits::KID + 1)}).to_string();
    assert_eq!(
        outcome(&key, &forge(&key, &header, &claims().to_string()), &POLICY),
        Err(Error::TooLarge)
    );
    assert_eq!(
        Jwk::from_json(&" ".repeat(limits::JWK + 1)).err(),
        Some(Error::TooLarge)
    );
    assert_eq!(
        JwkSet::from_json(&" ".repeat(limits::JWK_SET + 1)).err(),
        Some(Error::TooLarge)
    );
}

#[test]
fn odd_shapes_and_spellings_are_refused() {
    let key = key();
    let token = jwt::sign(&key, "at+jwt", &claims()).unwrap();
    assert!(outcome(&key, &token, &POLICY).is_ok());
    let (input, signature) = token.rsplit_once('.').unwrap();
    // ES256 signatures end in six spare bits of which the last four must be zero: another spelling of the same bytes.
    let last = signature.chars().last().unwrap();
    let other = match last {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
    let respelled = format!("{input}.{}{other}", &signature[..signature.len() - 1]);
    assert_eq!(outcome(&key, &respelled, &POLICY), Err(Error::Base64));
    for changed in [
        format!("{token}="),
        format!("{token} "),
        format!("{token}\n"),
        format!(" {token}"),
    ] {
        assert_eq!(
            outcome(&key, &changed, &POLICY),
            Err(Error::Base64),
            "{changed:?}"
        );
    }
    for changed in [
        format!("{token}."),
        format!("{token}.e30"),
        input.to_owned(),
        format!(".{token}"),
        String::new(),
        "..".into(),
    ] {
        assert!(outcome(&key, &changed, &POLICY).is_err(), "{changed:?}");
    }
    let cut = base64url::decode(signature).unwrap();
    for wrong in [&cut[..63], &[&cut[..], &[0]].concat(), &[], &[0; 64]] {
        let token = format!("{input}.{}", base64url::encode(wrong));
        assert_eq!(outcome(&key, &token, &POLICY), Err(Error::Signature));
    }
    for payload in ["[]", "1", "\"x\"", "", "{}{}", "{\"iss\":", "null"] {
        let token = forge(&key, r#"{"alg":"ES256","typ":"at+jwt"}"#, payload);
        assert_eq!(
            outcome(&key, &token, &POLICY),
            Err(Error::Claims),
            "{payload}"
        );
    }
    assert_eq!(jwt::sign(&key, "JWT", &[1, 2]).err(), Some(Error::Claims));
}
