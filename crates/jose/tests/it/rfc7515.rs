//! RFC 7515, appendices A, C, E and F.

use super::{jwk, signing, vectors, verifying};
use jose::{
    Algorithm, Error, VerifyingKey, base64url,
    jws::{self, Header, json::Json},
};
use serde_json::Value;

const PAYLOAD: &str =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

fn all() -> Value {
    vectors(include_str!("vectors/rfc7515.json"))
}

#[test]
fn the_compact_tokens_of_appendix_a_verify() {
    let all = all();
    for (section, algorithm, payload) in [
        ("A.1", "HS256", PAYLOAD),
        ("A.2", "RS256", PAYLOAD),
        ("A.3", "ES256", PAYLOAD),
        ("A.4", "ES512", "Payload"),
    ] {
        let token = all[section]["token"].as_str().unwrap();
        let key = verifying(&all[section]["key"], algorithm);
        let verified = jws::verify(token, &key).unwrap();
        assert_eq!(verified.payload, payload.as_bytes(), "{section}");
        assert_eq!(jws::peek(token).unwrap().algorithm.as_str(), algorithm);
    }
}

/// A.1 and A.2 have one right signature.
#[test]
fn the_deterministic_signatures_of_appendix_a_are_made_again() {
    let all = all();
    for (section, algorithm) in [("A.1", "HS256"), ("A.2", "RS256")] {
        let token = all[section]["token"].as_str().unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let made = signing(&all[section]["key"], algorithm)
            .sign(input.as_bytes())
            .unwrap();
        assert_eq!(base64url::encode(made), signature, "{section}");
    }
}

#[test]
fn the_unsecured_token_of_a_5_is_refused() {
    let all = all();
    let token = all["A.5"]["token"].as_str().unwrap();
    let key = verifying(&all["A.1"]["key"], "HS256");
    assert_eq!(jws::verify(token, &key).err(), Some(Error::Unsecured));
    assert_eq!(jws::peek(token).err(), Some(Error::Unsecured));
}

#[test]
fn the_general_object_of_a_6_verifies_with_either_key() {
    let all = all();
    let json = Json::parse(&all["A.6"]["json"].to_string()).unwrap();
    for (index, algorithm, kid) in [
        (0, "RS256", "2010-12-29"),
        (1, "ES256", "e9bc097a-ce51-4036-9562-d2ade882db0d"),
    ] {
        let verified = json
            .verify(&verifying(&all["A.6"]["keys"]["keys"][index], algorithm))
            .unwrap();
        assert_eq!(verified.payload, PAYLOAD.as_bytes());
        assert_eq!(verified.header.kid.as_deref(), Some(kid));
    }
    let stranger = verifying(&all["A.1"]["key"], "HS256");
    assert_eq!(json.verify(&stranger).err(), Some(Error::KeyMismatch));
    assert_eq!(json.general(), all["A.6"]["json"]);
}

#[test]
fn the_flattened_object_of_a_7_verifies() {
    let all = all();
    let json = Json::parse(&all["A.7"]["json"].to_string()).unwrap();
    let verified = json
        .verify(&verifying(&all["A.3"]["key"], "ES256"))
        .unwrap();
    assert_eq!(verified.payload, PAYLOAD.as_bytes());
    assert_eq!(json.flattened().unwrap(), all["A.7"]["json"]);
}

/// Appendix C: the bytes 3, 236, 255, 224, 193.
#[test]
fn base64url_is_that_of_appendix_c() {
    assert_eq!(base64url::encode([3, 236, 255, 224, 193]), "A-z_4ME");
    assert_eq!(
        base64url::decode("A-z_4ME").unwrap(),
        [3, 236, 255, 224, 193]
    );
}

/// Appendix E: an extension that nobody understands. Here with a real algorithm and a right signature, too.
#[test]
fn the_critical_extension_of_appendix_e_is_refused() {
    let all = all();
    let key = verifying(&all["A.1"]["key"], "HS256");
    let none = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
    assert_eq!(jws::verify(none, &key).err(), Some(Error::Critical));
    let header = base64url::encode(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#);
    let signer = signing(&all["A.1"]["key"], "HS256");
    let signature = signer.sign(format!("{header}.e30").as_bytes()).unwrap();
    let token = format!("{header}.e30.{}", base64url::encode(signature));
    assert_eq!(jws::verify(&token, &key).err(), Some(Error::Critical));
}

/// Appendix F.
#[test]
fn a_detached_payload_is_verified_apart() {
    let all = all();
    let key = signing(&all["A.3"]["key"], "ES256");
    let token = jws::sign_detached(&key, &Header::default(), b"apart").unwrap();
    assert!(token.contains(".."));
    let verifier = key.verifying_key().unwrap();
    assert!(jws::verify_detached(&token, b"apart", &verifier).is_ok());
    assert_eq!(
        jws::verify_detached(&token, b"other", &verifier).err(),
        Some(Error::Signature)
    );
    assert!(jws::verify(&token, &verifier).is_err());

    let json = Json::new(b"apart").sign(&key, &Header::default(), &Header::default());
    let text = json.unwrap().detached().flattened().unwrap().to_string();
    let json = Json::parse(&text).unwrap();
    assert!(json.verify_detached(b"apart", &verifier).is_ok());
    assert_eq!(
        json.verify_detached(b"other", &verifier).err(),
        Some(Error::Signature)
    );
    assert!(json.verify(&verifier).is_err());
}

#[test]
fn what_is_signed_as_json_verifies() {
    let all = all();
    let es256 = signing(&all["A.3"]["key"], "ES256");
    let es512 = signing(&all["A.4"]["key"], "ES512");
    let unprotected = Header {
        kid: Some("one".to_owned()),
        ..Header::default()
    };
    let json = Json::new(b"both")
        .sign(&es256, &Header::default(), &unprotected)
        .unwrap()
        .sign(&es512, &Header::default(), &Header::default())
        .unwrap();
    let json = Json::parse(&json.general().to_string()).unwrap();
    for key in [&es256, &es512] {
        assert_eq!(
            json.verify(&key.verifying_key().unwrap()).unwrap().payload,
            b"both"
        );
    }
    assert!(json.flattened().is_err());
    // A name in both headers (§7.2.1).
    let twice = Json::new(b"x").sign(&es256, &unprotected, &unprotected);
    assert_eq!(twice.err(), Some(Error::DuplicateMember));
}

/// RFC 7518 §3.4 and the other rules on which key goes with which algorithm.
#[test]
fn a_key_makes_and_checks_no_signature_of_another_algorithm() {
    let all = all();
    for (section, fitting) in [
        ("A.1", "HS"),
        ("A.2", "RS PS"),
        ("A.3", "ES256"),
        ("A.4", "ES512"),
    ] {
        let key = jwk(&all[section]["key"]);
        for algorithm in Algorithm::ALL {
            let name = algorithm.as_str();
            let fits = fitting == name
                || fitting
                    .split(' ')
                    .any(|it| it.len() == 2 && name.starts_with(it));
            assert_eq!(
                VerifyingKey::from_jwk(&key, algorithm).is_ok(),
                fits,
                "{section} {name}"
            );
        }
    }
}
