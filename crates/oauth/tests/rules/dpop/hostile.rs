//! What must not pass as a proof: RFC 9449 §4.3, each item.

use jose::{Algorithm, Error, SigningKey, base64url};
use oauth::dpop::{Refused, presented};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{NOW, URL, claims, forged, header, judge, key};

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

fn refusal(proof: &str) -> Refused {
    judge(proof, None).expect_err(proof)
}

#[test]
fn a_header_of_another_kind_is_refused() {
    let key = key();
    let good = header(&key);
    let secret = json!({"kty": "oct", "k": base64url::encode([7; 32])});
    let mut private = key.jwk().to_value();
    private["kid"] = json!("k");
    for (header, error) in [
        (without(good.clone(), "typ"), Error::WrongType),
        (with(good.clone(), "typ", json!("JWT")), Error::WrongType),
        (with(good.clone(), "typ", json!("at+jwt")), Error::WrongType),
        (with(good.clone(), "alg", json!("none")), Error::Unsecured),
        (
            with(good.clone(), "alg", json!("HS256")),
            Error::AlgorithmNotAllowed,
        ),
        (
            with(
                with(good.clone(), "alg", json!("HS256")),
                "jwk",
                secret.clone(),
            ),
            Error::AlgorithmNotAllowed,
        ),
        (
            with(good.clone(), "alg", json!("ES256K")),
            Error::AlgorithmNotAllowed,
        ),
        (with(good.clone(), "alg", json!("RS1")), Error::Unsupported),
        (
            with(good.clone(), "alg", json!("RS256")),
            Error::KeyMismatch,
        ),
        (without(good.clone(), "jwk"), Error::UnknownKey),
        (
            with(without(good.clone(), "jwk"), "kid", json!("k")),
            Error::UnknownKey,
        ),
        (with(good.clone(), "jwk", private), Error::KeyInHeader),
        (with(good.clone(), "jwk", secret), Error::KeyInHeader),
        (
            with(good.clone(), "jku", json!("https://evil.example")),
            Error::KeyInHeader,
        ),
        (with(good.clone(), "x5c", json!([])), Error::KeyInHeader),
        (with(good.clone(), "crit", json!(["exp"])), Error::Critical),
        (with(good.clone(), "b64", json!(false)), Error::Critical),
        (
            with(
                good.clone(),
                "more",
                json!("x".repeat(jose::limits::HEADER)),
            ),
            Error::TooLarge,
        ),
    ] {
        let proof = forged(&key, &header.to_string(), &claims().to_string());
        assert_eq!(refusal(&proof), Refused::Token(error), "{header}");
    }
    let twice = good.to_string().replacen('{', r#"{"typ":"dpop+jwt","#, 1);
    let proof = forged(&key, &twice, &claims().to_string());
    assert_eq!(refusal(&proof), Refused::Token(Error::DuplicateMember));
}

#[test]
fn a_key_that_is_none_is_refused() {
    let key = key();
    let jwk = header(&key)["jwk"].clone();
    let off = with(jwk.clone(), "x", json!(base64url::encode([1; 32])));
    let cases = [
        ("alg", json!("ES384")),
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("crv", json!("P-999")),
        ("kty", json!("RSA")),
        ("x", json!("AA")),
        ("x", off["x"].clone()),
        ("x", json!(jwk["x"].as_str().unwrap().to_owned() + "=")),
    ];
    for (name, member) in cases {
        let header = with(header(&key), "jwk", with(jwk.clone(), name, member));
        let proof = forged(&key, &header.to_string(), &claims().to_string());
        assert!(matches!(refusal(&proof), Refused::Token(_)), "{header}");
    }
    // RSA: too short, far too long, and with a huge exponent, each of which would be a way to be slow or weak.
    for (bits, e) in [
        (1024, "AQAB".to_owned()),
        (16_384, "AQAB".to_owned()),
        (2048, base64url::encode([0xff; 200])),
    ] {
        let n = base64url::encode(vec![0xff; bits / 8]);
        let jwk = json!({"kty": "RSA", "n": n, "e": e});
        let header = json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": jwk});
        let proof = forged(&key, &header.to_string(), &claims().to_string());
        assert!(matches!(refusal(&proof), Refused::Token(_)), "{bits}");
    }
}

#[test]
fn a_signature_of_another_key_is_refused() {
    let (one, other) = (key(), key());
    let proof = forged(&one, &header(&other).to_string(), &claims().to_string());
    assert_eq!(refusal(&proof), Refused::Token(Error::Signature));
    let ed = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let good = forged(&ed, &header(&ed).to_string(), &claims().to_string());
    assert!(judge(&good, None).is_ok());
    let (input, _) = good.rsplit_once('.').unwrap();
    for signature in ["", "AAAA", &base64url::encode([0; 64])] {
        let proof = format!("{input}.{signature}");
        assert_eq!(
            refusal(&proof),
            Refused::Token(Error::Signature),
            "{signature}"
        );
    }
}

#[test]
fn claims_that_are_missing_or_others_are_refused() {
    let key = key();
    for name in ["jti", "htm", "htu", "iat"] {
        let claims = without(claims(), name);
        let proof = forged(&key, &header(&key).to_string(), &claims.to_string());
        assert_eq!(refusal(&proof), Refused::Token(Error::Claims), "{name}");
    }
    for (name, value, refused) in [
        ("htm", json!("GET"), Refused::Method),
        ("htm", json!("post"), Refused::Method),
        ("htm", json!(""), Refused::Method),
        ("htm", json!(1), Refused::Token(Error::Claims)),
        (
            "htu",
            json!("https://as.example/userinfo"),
            Refused::Address,
        ),
        (
            "htu",
            json!("https://as.example/realms/b/token"),
            Refused::Address,
        ),
        ("htu", json!("https://evil.example/token"), Refused::Address),
        ("htu", json!("/token"), Refused::Address),
        ("htu", json!(""), Refused::Address),
        ("htu", json!([URL]), Refused::Token(Error::Claims)),
        ("jti", json!(""), Refused::Identifier),
        ("jti", json!("j".repeat(257)), Refused::Identifier),
        ("jti", json!(7), Refused::Token(Error::Claims)),
        ("jti", json!(null), Refused::Token(Error::Claims)),
        ("iat", json!("now"), Refused::Token(Error::Claims)),
        ("iat", json!(null), Refused::Token(Error::Claims)),
        ("nonce", json!(7), Refused::Token(Error::Claims)),
    ] {
        let claims = with(claims(), name, value);
        let proof = forged(&key, &header(&key).to_string(), &claims.to_string());
        assert_eq!(refusal(&proof), refused, "{claims}");
    }
    let twice = claims()
        .to_string()
        .replacen('{', &format!(r#"{{"htu":"{URL}","#), 1);
    let proof = forged(&key, &header(&key).to_string(), &twice);
    assert_eq!(refusal(&proof), Refused::Token(Error::DuplicateMember));
    for payload in ["[]", "null", "\"proof\"", "", "{"] {
        let proof = forged(&key, &header(&key).to_string(), payload);
        assert_eq!(refusal(&proof), Refused::Token(Error::Claims), "{payload}");
    }
}

/// RFC 7519 §2: a time may have a fraction. Other claims are nobody's business.
#[test]
fn what_is_allowed_beyond_is_accepted() {
    let key = key();
    let claims = with(claims(), "iat", json!(NOW as f64 + 0.5));
    let claims = with(with(claims, "exp", json!(1)), "server", json!({"a": []}));
    let header = with(header(&key), "typ", json!("application/DPOP+jwt"));
    let proof = forged(&key, &header.to_string(), &claims.to_string());
    assert!(judge(&proof, None).is_ok());
}

/// RFC 9449 §4.3 item 1.
#[test]
fn two_headers_are_one_too_many() {
    let values = |values: &[&'static [u8]]| presented(values.iter().copied());
    assert_eq!(values(&[]), Ok(None));
    assert_eq!(values(&[b" a.b.c "]), Ok(Some("a.b.c")));
    assert_eq!(values(&[b"a.b.c", b"a.b.c"]), Err(Refused::Twice));
    assert!(values(&[b"\xff"]).is_err());
    let listed = values(&[b"a.b.c, a.b.c"]).unwrap().unwrap();
    assert!(judge(listed, None).is_err());
}

#[test]
fn what_is_longer_than_16_kib_is_not_looked_at() {
    let key = key();
    let claims = with(claims(), "more", json!("x".repeat(13_000)));
    let proof = forged(&key, &header(&key).to_string(), &claims.to_string());
    assert!(proof.len() > 16 * 1024);
    assert_eq!(refusal(&proof), Refused::Token(Error::TooLarge));
}

proptest! {
    /// Whatever bytes come: an answer, and never a yes.
    #[test]
    fn garbage_is_refused(text in "\\PC{0,200}") {
        prop_assert!(judge(&text, None).is_err());
    }

    /// A good proof with one character changed is no proof.
    #[test]
    fn one_changed_character_is_refused(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.-]") {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let proof = forged(&key, &header(&key).to_string(), &claims().to_string());
        let at = at.index(proof.len());
        let mut changed = proof.clone();
        changed.replace_range(at..=at, &letter);
        prop_assert_eq!(judge(&changed, None).is_ok(), changed == proof);
    }
}
