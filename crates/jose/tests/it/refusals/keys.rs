//! Keys that are wrong, weak or for something else.

use super::{POLICY, claims, key, outcome};
use jose::{
    Algorithm, Error, Jwk, JwkSet, KeySet, SigningKey, VerifyingKey, base64url, jwe,
    jws::{self, Header},
    jwt,
};
use serde_json::{Value, json};

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
    let accepted = crate::rfc7516::ALL;
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
        jwe::decrypt(&token, &key, &crate::rfc7516::ALL).err()
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
