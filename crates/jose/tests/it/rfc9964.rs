//! RFC 9964: ML-DSA keys and signatures.

use super::{jwk, vectors};
use jose::{Algorithm, Error, Jwk, SigningKey, VerifyingKey, base64url, jws};
use serde_json::Value;

const ALGORITHMS: [Algorithm; 3] = [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87];

fn all() -> Value {
    vectors(include_str!("vectors/rfc9964.json"))
}

#[test]
fn the_keys_are_read_and_have_their_thumbprints() {
    let all = all();
    for algorithm in ALGORITHMS {
        let value = &all[algorithm.as_str()]["jwk"];
        let key = jwk(value);
        assert_eq!(Some(key.thumbprint().as_str()), value["kid"].as_str());
        assert_eq!(key.to_value(), *value);
        assert!(key.is_private());
        assert!(key.public().unwrap().to_value().get("priv").is_none());
    }
}

#[test]
fn the_signatures_verify_and_changed_ones_do_not() {
    let all = all();
    for algorithm in ALGORITHMS {
        let vector = &all[algorithm.as_str()];
        let key =
            VerifyingKey::from_jwk(&jwk(&vector["jwk"]).public().unwrap(), algorithm).unwrap();
        let token = vector["jws"].as_str().unwrap();
        let verified = jws::verify(token, &key).unwrap();
        assert_eq!(
            verified.header.kid.as_deref(),
            vector["jwk"]["kid"].as_str()
        );
        let (input, signature) = token.rsplit_once('.').unwrap();
        let mut signature = base64url::decode(signature).unwrap();
        for at in [0, signature.len() / 2] {
            signature[at] ^= 1;
            assert_eq!(
                key.verify(input.as_bytes(), &signature),
                Err(Error::Signature)
            );
            signature[at] ^= 1;
        }
        assert_eq!(key.verify(input.as_bytes(), &signature), Ok(()));
        assert_eq!(key.verify(b"other", &signature), Err(Error::Signature));
    }
}

#[test]
fn what_the_seeds_sign_verifies() {
    let all = all();
    for algorithm in ALGORITHMS {
        let key = SigningKey::from_jwk(&jwk(&all[algorithm.as_str()]["jwk"]), algorithm).unwrap();
        let token = jws::sign(&key, &jws::Header::typed("JWT", &key), b"payload").unwrap();
        assert_eq!(
            jws::verify(&token, &key.verifying_key().unwrap())
                .unwrap()
                .payload,
            b"payload"
        );
    }
}

/// An AKP key is bound to its algorithm, which it must name; the private key is the seed of 32 bytes.
#[test]
fn a_key_without_or_with_another_algorithm_is_refused() {
    let value = &all()["ML-DSA-44"]["jwk"];
    let change = |name: &str, to: Option<&str>| {
        let mut value = value.clone();
        match to {
            Some(text) => value[name] = text.into(),
            None => drop(value.as_object_mut().unwrap().remove(name)),
        }
        Jwk::from_value(value)
    };
    assert!(matches!(change("alg", None), Err(Error::InvalidKey(_))));
    assert!(matches!(
        change("alg", Some("ML-DSA-65")),
        Err(Error::InvalidKey(_))
    ));
    assert_eq!(change("alg", Some("ES256")).err(), Some(Error::KeyMismatch));
    assert!(matches!(change("pub", None), Err(Error::InvalidKey(_))));
    assert!(matches!(
        change("priv", Some("AAAA")),
        Err(Error::InvalidKey(_))
    ));
    let other = base64url::encode([1; 32]);
    assert!(matches!(
        change("priv", Some(&other)),
        Err(Error::InvalidKey(_))
    ));
    let key = Jwk::from_value(value.clone()).unwrap();
    assert_eq!(
        SigningKey::from_jwk(&key, Algorithm::MlDsa65).err(),
        Some(Error::KeyMismatch)
    );
}
