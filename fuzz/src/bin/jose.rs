//! Tokens and keys from anywhere: nothing panics, nothing verifies that we did not sign, and what is read can be written.
#![no_main]

use std::sync::OnceLock;

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::jws::json::Json;
use jose::{Algorithm, Jwk, JwkSet, KeySet, SigningKey, VerifyingKey, jws};
use libfuzzer_sys::fuzz_target;

fn keys() -> &'static (Vec<VerifyingKey>, Jwk) {
    static KEYS: OnceLock<(Vec<VerifyingKey>, Jwk)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let all = [
            Algorithm::Hs256,
            Algorithm::Es256,
            Algorithm::EdDsa,
            Algorithm::MlDsa44,
        ];
        let all = all.map(|alg| SigningKey::generate(alg).unwrap().verifying_key().unwrap());
        (all.into(), Jwk::symmetric(&[7; 32]).unwrap())
    })
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (verifying, secret) = keys();
    let _ = jws::peek(text).map(|token| token.claims());
    let json = Json::parse(text);
    for key in verifying {
        assert!(jws::verify(text, key).is_err());
        assert!(jws::verify_detached(text, data, key).is_err());
        if let Ok(json) = &json {
            assert!(json.verify(key).is_err());
        }
    }
    if let Ok(json) = json {
        let again = Json::parse(&json.general().to_string()).expect("what is written can be read");
        assert_eq!(again.general(), json.general());
    }
    let accepted = Accepted {
        key_management: &KeyManagement::ALL,
        content: &ContentEncryption::ALL,
    };
    assert!(jwe::decrypt(text, secret, &accepted).is_err());
    assert!(jwe::decrypt_json(text, secret, &accepted).is_err());
    if let Ok(key) = Jwk::from_json(text) {
        let again = Jwk::from_value(key.to_value()).expect("what is written can be read");
        assert_eq!(again.thumbprint(), key.thumbprint());
        assert_eq!(key.thumbprint().len(), 43);
        if let Ok(public) = key.public() {
            assert!(!public.is_private());
            assert_eq!(public.thumbprint(), key.thumbprint());
        }
        for algorithm in Algorithm::ALL {
            if let Ok(key) = VerifyingKey::from_jwk(&key, algorithm) {
                assert!(key.verify(b"message", &data[..data.len().min(64)]).is_err());
            }
        }
    }
    if let Ok(set) = JwkSet::from_json(text) {
        let _ = KeySet::from_jwks(&set).find(None, Algorithm::Es256);
    }
});
