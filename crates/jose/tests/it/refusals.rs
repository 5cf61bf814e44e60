//! What must never be accepted (RFC 8725, RFC 7515 §10, RFC 7519 §11).

use jose::{
    Algorithm, Error, Jwk, JwkSet, KeySet, SigningKey, VerifyingKey, base64url, jwe,
    jws::{self, Header},
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
    limits,
};
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;

const POLICY: Policy<'_> = Policy {
    issuer: Issuer::Is("https://as.example"),
    audience: Audience::Includes("api"),
    algorithms: &Algorithm::ALL,
    typ: Type::Is("at+jwt"),
    lifetime: Lifetime::Expires,
    now: NOW,
    leeway: 10,
};

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://as.example", "aud": "api", "exp": NOW + 60, "sub": "alice"})
}

/// A token of any header and payload with a right signature over them.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = base64url::encode(key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

fn outcome(key: &SigningKey, token: &str, policy: &Policy<'_>) -> Result<Value, Error> {
    jwt::verify::<Value>(token, &key.verifying_key()?, policy).map(jwt::Verified::into_claims)
}

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

/// The attack of RFC 8725 §2.1: the public key of an asymmetric pair taken as the secret of an HMAC.
#[test]
fn a_public_key_is_never_a_shared_secret() {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap();
    let public = rsa.public_jwk().unwrap();
    assert_eq!(
        VerifyingKey::from_jwk(&public, Algorithm::Hs256).err(),
        Some(Error::KeyMismatch)
    );

    // Against the set and against the key itself, a token of HS256 finds no key, whatever it was signed with.
    let secret = Jwk::symmetric(public.to_value()["n"].as_str().unwrap().as_bytes()).unwrap();
    let attacker = SigningKey::from_jwk(&secret.with_kid(rsa.kid()), Algorithm::Hs256).unwrap();
    let token = jwt::sign(&attacker, "at+jwt", &claims()).unwrap();
    let set = KeySet::from_jwks(&JwkSet {
        keys: vec![public.clone()],
    });
    assert_eq!(
        jwt::verify::<Value>(&token, &set, &POLICY).err(),
        Some(Error::UnknownKey)
    );
    assert_eq!(outcome(&rsa, &token, &POLICY), Err(Error::UnknownKey));
    assert_eq!(
        jws::verify(&token, &rsa.verifying_key().unwrap()).err(),
        Some(Error::KeyMismatch)
    );

    // Nor can the caller make the mistake: a written-down public key is refused as a secret.
    let der = [&[0x30, 0x59, 0x30, 0x13][..], &[7; 87]].concat();
    let long = [&[0x30, 0x82, 1, 10, 0x02][..], &[7; 265]].concat();
    for secret in [
        &b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"[..],
        b"\n  -----BEGIN CERTIFICATE-----\n",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA",
        public.to_value().to_string().as_bytes(),
        &der,
        &long,
    ] {
        assert!(matches!(Jwk::symmetric(secret), Err(Error::InvalidKey(_))));
    }
    assert!(Jwk::symmetric(b"0 usual client secret 4711 -----").is_ok());
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

/// RFC 7517 §4.2 to §4.4.
#[test]
fn a_key_for_something_else_is_refused() {
    let base = SigningKey::generate(Algorithm::Es256)
        .unwrap()
        .jwk()
        .to_value();
    for (name, value, refusal) in [
        ("use", json!("enc"), Error::KeyUse),
        ("alg", json!("ECDH-ES"), Error::KeyMismatch),
        ("alg", json!("ES384"), Error::KeyMismatch),
        ("key_ops", json!(["deriveKey"]), Error::KeyUse),
        ("key_ops", json!([]), Error::KeyUse),
    ] {
        let mut value_ = base.clone();
        value_[name] = value;
        let jwk = Jwk::from_value(value_).unwrap();
        assert_eq!(
            SigningKey::from_jwk(&jwk, Algorithm::Es256).err(),
            Some(refusal)
        );
        assert_eq!(
            VerifyingKey::from_jwk(&jwk, Algorithm::Es256).err(),
            Some(refusal)
        );
    }
    let mut verify_only = base.clone();
    verify_only["key_ops"] = json!(["verify"]);
    let jwk = Jwk::from_value(verify_only).unwrap();
    assert_eq!(
        SigningKey::from_jwk(&jwk, Algorithm::Es256).err(),
        Some(Error::KeyUse)
    );
    assert!(VerifyingKey::from_jwk(&jwk, Algorithm::Es256).is_ok());
    for wrong in [json!("verify"), json!(["verify", "verify"]), json!([1])] {
        let mut value = base.clone();
        value["key_ops"] = wrong;
        assert!(matches!(Jwk::from_value(value), Err(Error::Malformed(_))));
    }
    let public = Jwk::from_value(base).unwrap().public().unwrap();
    assert_eq!(
        SigningKey::from_jwk(&public, Algorithm::Es256).err(),
        Some(Error::NotPrivate)
    );
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

#[test]
fn invalid_points_and_numbers_are_refused() {
    let good = SigningKey::generate(Algorithm::Es256)
        .unwrap()
        .jwk()
        .to_value();
    let change = |name: &str, bytes: &[u8]| {
        let mut value = good.clone();
        value[name] = base64url::encode(bytes).into();
        Jwk::from_value(value).err()
    };
    let x = base64url::decode(good["x"].as_str().unwrap()).unwrap();
    let mut off = x.clone();
    off[31] ^= 1;
    for (name, bytes) in [
        ("x", off.as_slice()),
        ("x", &[0; 32]),
        ("x", &[0xff; 32]),
        ("x", &x[1..]),
        ("x", &[&[0], x.as_slice()].concat()),
        ("y", &x),
        ("d", &[0; 32]),
        ("d", &[0xff; 32]),
        ("d", &[1; 32]),
        ("d", &[1; 31]),
    ] {
        assert!(
            matches!(change(name, bytes), Some(Error::InvalidKey(_))),
            "{name}"
        );
    }
    for crv in ["P-384", "P-521", "secp256k1"] {
        let mut value = good.clone();
        value["crv"] = crv.into();
        assert!(
            matches!(Jwk::from_value(value), Err(Error::InvalidKey(_))),
            "{crv}"
        );
    }
    let mut value = good.clone();
    value["crv"] = "P-224".into();
    assert_eq!(Jwk::from_value(value).err(), Some(Error::Unsupported));
}

/// Points of small order, and encodings that are not reduced (RFC 8032 §5.1.3).
#[test]
fn degenerate_ed25519_points_are_refused() {
    let mut points: Vec<[u8; 32]> = vec![[0; 32]];
    points.push(std::array::from_fn(|at| u8::from(at == 0)));
    for low in [0xec, 0xed, 0xee, 0xff] {
        points.push(std::array::from_fn(|at| match at {
            0 => low,
            31 => 0x7f,
            _ => 0xff,
        }));
    }
    points.push([
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ]);
    for mut point in points {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            let key = json!({"kty": "OKP", "crv": "Ed25519", "x": base64url::encode(point)});
            assert!(
                matches!(Jwk::from_value(key), Err(Error::InvalidKey(_))),
                "{point:?}"
            );
        }
    }
}

#[test]
fn weak_and_inconsistent_keys_are_refused() {
    let n = |bytes: usize| base64url::encode(vec![0xff; bytes]);
    let rsa = |n: &str, e: &str| Jwk::from_value(json!({"kty": "RSA", "n": n, "e": e})).err();
    assert_eq!(rsa(&n(128), "AQAB"), Some(Error::WeakKey));
    assert_eq!(rsa(&n(255), "AQAB"), Some(Error::WeakKey));
    let barely = base64url::encode([vec![0x7f], vec![0xff; 255]].concat());
    assert_eq!(rsa(&barely, "AQAB"), Some(Error::WeakKey));
    assert_eq!(rsa(&n(1025), "AQAB"), Some(Error::TooLarge));
    assert_eq!(rsa(&n(256), "AQAB"), None);
    let zero_first = base64url::encode([vec![0], vec![0xff; 256]].concat());
    let even = base64url::encode([vec![0xff; 255], vec![0xfe]].concat());
    for (n, e) in [
        (zero_first.as_str(), "AQAB"),
        (&even, "AQAB"),
        (&n(256), "AQ"),
        (&n(256), "Ag"),
        (&n(256), "AAEAAQ"),
        (&n(256), ""),
        ("", "AQAB"),
    ] {
        assert!(matches!(rsa(n, e), Some(Error::InvalidKey(_))), "{e}");
    }

    let good = SigningKey::generate(Algorithm::Ps256)
        .unwrap()
        .jwk()
        .to_value();
    for name in ["d", "p", "q", "dp", "dq", "qi"] {
        let mut without = good.clone();
        without.as_object_mut().unwrap().remove(name);
        assert!(
            matches!(Jwk::from_value(without), Err(Error::InvalidKey(_))),
            "{name}"
        );
        let mut wrong = good.clone();
        wrong[name] = base64url::encode([3; 128]).into();
        assert!(
            matches!(Jwk::from_value(wrong), Err(Error::InvalidKey(_))),
            "{name}"
        );
    }
    let mut primes = good;
    primes["oth"] = json!([]);
    assert_eq!(Jwk::from_value(primes).err(), Some(Error::Unsupported));

    for (algorithm, least) in [
        (Algorithm::Hs256, 32),
        (Algorithm::Hs384, 48),
        (Algorithm::Hs512, 64),
    ] {
        let short = Jwk::symmetric(&vec![7; least - 1]).unwrap();
        assert_eq!(
            SigningKey::from_jwk(&short, algorithm).err(),
            Some(Error::WeakKey)
        );
        assert_eq!(
            VerifyingKey::from_jwk(&short, algorithm).err(),
            Some(Error::WeakKey)
        );
        assert!(SigningKey::from_jwk(&Jwk::symmetric(&vec![7; least]).unwrap(), algorithm).is_ok());
    }
    assert_eq!(Jwk::symmetric(b"").err(), Some(Error::WeakKey));
}

/// `d` of an Ed25519 key that belongs to another `x`.
#[test]
fn private_and_public_halves_must_belong_together() {
    let one = SigningKey::generate(Algorithm::EdDsa)
        .unwrap()
        .jwk()
        .to_value();
    let mut other = SigningKey::generate(Algorithm::EdDsa)
        .unwrap()
        .jwk()
        .to_value();
    other["d"] = one["d"].clone();
    assert!(matches!(Jwk::from_value(other), Err(Error::InvalidKey(_))));
}

#[test]
fn encryption_refuses_signature_keys_and_compression() {
    let accepted = super::rfc7516::ALL;
    let key = key().jwk();
    let encrypt = |key: &Jwk, management| {
        jwe::encrypt(
            b"x",
            key,
            management,
            jwe::ContentEncryption::A128Gcm,
            &Header::default(),
        )
        .err()
    };
    assert_eq!(
        encrypt(&key, jwe::KeyManagement::EcdhEs),
        Some(Error::KeyUse)
    );
    assert_eq!(
        encrypt(&key, jwe::KeyManagement::RsaOaep),
        Some(Error::KeyMismatch)
    );
    let shared = Jwk::symmetric(&[7; 16]).unwrap();
    assert!(matches!(
        encrypt(&shared, jwe::KeyManagement::A256Kw),
        Some(Error::InvalidKey(_))
    ));
    assert_eq!(encrypt(&shared, jwe::KeyManagement::Dir), None);
    let header = base64url::encode(r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#);
    assert_eq!(
        jwe::decrypt(&format!("{header}..AA.AA.AA"), &shared, &accepted).err(),
        Some(Error::Unsupported)
    );
    let header = base64url::encode(r#"{"alg":"dir","enc":"A128GCM"}"#);
    assert!(matches!(
        jwe::decrypt(&format!("{header}.AAAA.AA.AA.AA"), &shared, &accepted).err(),
        Some(Error::Malformed(_))
    ));
}

/// RFC 7518 §4.6.1.1, the invalid curve attack: the sender's point must lie on the recipient's curve.
#[test]
fn an_ephemeral_key_of_another_curve_or_off_the_curve_is_refused() {
    let recipient = SigningKey::generate(Algorithm::Es256)
        .unwrap()
        .jwk()
        .to_value();
    let mut recipient = recipient;
    for name in ["alg", "use", "kid"] {
        recipient.as_object_mut().unwrap().remove(name);
    }
    let key = Jwk::from_value(recipient).unwrap();
    let token = |epk: Value| {
        let header = json!({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk}).to_string();
        let token = format!("{}..AA.AA.AA", base64url::encode(header));
        jwe::decrypt(&token, &key, &super::rfc7516::ALL).err()
    };
    let p384 = SigningKey::generate(Algorithm::Es384)
        .unwrap()
        .public_jwk()
        .unwrap();
    assert!(matches!(token(p384.to_value()), Some(Error::InvalidKey(_))));
    let off = json!({"kty": "EC", "crv": "P-256", "x": base64url::encode([1; 32]), "y": base64url::encode([2; 32])});
    assert!(matches!(token(off), Some(Error::InvalidKey(_))));
    assert_eq!(token(key.to_value()), Some(Error::KeyInHeader));
}
