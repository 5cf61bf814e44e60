//! RFC 7517, appendices A and B, and RFC 7638 §3.1.

use super::{jwk, vectors};
use jose::{Algorithm, Error, Jwk, JwkSet, KeySet, KeyType, KeyUse};
use serde_json::Value;

fn all() -> Value {
    vectors(include_str!("vectors/rfc7517.json"))
}

#[test]
fn the_sets_of_appendix_a_are_read_whole() {
    let all = all();
    for (section, private, types) in [
        ("A.1", false, [KeyType::Ec, KeyType::Rsa]),
        ("A.2", true, [KeyType::Ec, KeyType::Rsa]),
        ("A.3", true, [KeyType::Oct, KeyType::Oct]),
    ] {
        let text = all[section].to_string();
        let set = JwkSet::from_json(&text).unwrap();
        assert_eq!(set.keys.len(), 2, "{section}");
        for (key, expected) in set.keys.iter().zip(types) {
            assert_eq!(key.key_type(), expected);
            assert_eq!(key.is_private(), private);
        }
        assert_eq!(serde_json::to_value(&set).unwrap(), all[section]);
        assert_eq!(serde_json::from_str::<JwkSet>(&text).unwrap(), set);
    }
    let set = JwkSet::from_json(&all["A.1"].to_string()).unwrap();
    assert_eq!(set.keys[0].key_use(), Some(KeyUse::Encryption));
    assert_eq!(
        set.find("2011-04-29").unwrap().algorithm(),
        Some(Algorithm::Rs256)
    );
    assert!(set.find("stranger").is_none());
}

/// The EC key is for encryption, the RSA key for RS256 alone, and secrets have no place in a published set.
#[test]
fn a_key_set_takes_only_public_signature_keys() {
    let all = all();
    let keys = KeySet::from_jwks(&JwkSet::from_json(&all["A.1"].to_string()).unwrap());
    assert_eq!(keys.keys().len(), 1);
    assert!(keys.find(Some("2011-04-29"), Algorithm::Rs256).is_some());
    assert!(keys.find(Some("2011-04-29"), Algorithm::Ps256).is_none());
    assert!(keys.find(Some("1"), Algorithm::Es256).is_none());
    assert!(keys.find(None, Algorithm::Rs256).is_some());
    assert!(keys.knows("2011-04-29") && !keys.knows("1"));
    let keys = KeySet::from_jwks(&JwkSet::from_json(&all["A.3"].to_string()).unwrap());
    assert!(keys.is_empty());
}

#[test]
fn a_token_without_kid_finds_no_key_among_several() {
    let key = |kid: &str| {
        let key = jose::SigningKey::generate(Algorithm::Es256).unwrap();
        key.public_jwk().unwrap().with_kid(kid)
    };
    let set = JwkSet {
        keys: vec![key("a"), key("b")],
    };
    let keys = KeySet::from(&set);
    assert!(keys.find(Some("b"), Algorithm::Es256).is_some());
    assert!(keys.find(None, Algorithm::Es256).is_none());
}

#[test]
fn the_certificate_of_appendix_b_is_kept_and_stays_public() {
    let all = all();
    let key = jwk(&all["B"]);
    assert_eq!(key.kid(), Some("1b94c"));
    assert!(key.member("x5c").is_some_and(Value::is_array));
    assert_eq!(key.public().unwrap(), key);
    assert_eq!(key.to_value(), all["B"]);
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let key = jwk(&all()["rfc7638"]);
    assert_eq!(
        key.thumbprint(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
}

#[test]
fn a_private_key_has_the_thumbprint_of_its_public_one_and_shows_no_secret() {
    for algorithm in [
        Algorithm::Rs256,
        Algorithm::Es384,
        Algorithm::EdDsa,
        Algorithm::MlDsa44,
    ] {
        let key = jose::SigningKey::generate(algorithm).unwrap();
        let (private, public) = (key.jwk(), key.public_jwk().unwrap());
        assert_eq!(private.thumbprint(), public.thumbprint());
        assert_eq!(key.kid(), public.thumbprint());
        assert!(private.is_private() && !public.is_private());
        assert_eq!(Jwk::from_value(private.to_value()).unwrap(), private);
        let secret = private.to_value();
        let secret = secret
            .get("d")
            .or(secret.get("priv"))
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned();
        assert!(!public.to_value().to_string().contains(&secret));
        for shown in [format!("{private:?}"), format!("{key:?}")] {
            assert!(!shown.contains(&secret));
        }
    }
    let secret = jose::SigningKey::generate(Algorithm::Hs256).unwrap();
    assert_eq!(secret.public_jwk().err(), Some(Error::NoPublicKey));
}

/// §5: one key that nobody understands does not spoil the others.
#[test]
fn unknown_keys_of_a_set_are_left_out() {
    let mut set = all()["A.1"].clone();
    let keys = set["keys"].as_array_mut().unwrap();
    keys.push(serde_json::json!({"kty": "LWE", "x": "AA"}));
    keys.push(serde_json::json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}));
    keys.push(serde_json::json!("no key"));
    assert_eq!(JwkSet::from_json(&set.to_string()).unwrap().keys.len(), 2);
    for text in ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, ""] {
        assert!(JwkSet::from_json(text).is_err(), "{text}");
    }
}

/// Appendix C wraps a key with a password (PBES2), which is not implemented.
#[test]
fn the_password_of_appendix_c_is_refused() {
    let header = r#"{"alg":"PBES2-HS256+A128KW","p2s":"2WCTcJZ1Rvd_CJuJripQ1w","p2c":4096,"enc":"A128CBC-HS256","cty":"jwk+json"}"#;
    let token = format!("{}.AA.AA.AA.AA", jose::base64url::encode(header));
    let password = Jwk::symmetric(b"Thus from my lips, by yours, my sin is purged.").unwrap();
    let refused = jose::jwe::decrypt(&token, &password, &super::rfc7516::ALL).err();
    assert_eq!(refused, Some(Error::Unsupported));
}
