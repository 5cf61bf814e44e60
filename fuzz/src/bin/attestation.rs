//! What attests an instance of a client, and the instance's proof: any texts, and any claims under good signatures.
#![no_main]

use std::sync::OnceLock;

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, KeySet, SigningKey};
use libfuzzer_sys::fuzz_target;
use oauth::client_auth::attestation::{Expected, POP_TYP, TYP, judge};
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://example.org";

struct Keys {
    attester: SigningKey,
    instance: SigningKey,
    trusted: KeySet,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let attester = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let keys = vec![attester.public_jwk().unwrap()];
        Keys {
            trusted: KeySet::from_jwks(&JwkSet { keys }),
            attester,
            instance: SigningKey::generate(Algorithm::EdDsa).unwrap(),
        }
    })
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let keys = keys();
    let expected = Expected {
        client: "app",
        issuer: ISSUER,
        algorithms: &[Algorithm::EdDsa],
        now: NOW,
    };
    let (first, second) = text.split_once('\n').unwrap_or((text, text));
    let believed = |attestation: &str, pop: &str| judge(attestation, pop, &keys.trusted, &expected);
    assert!(believed(first, second).is_err());
    let sign = |key: &SigningKey, typ: &str, claims: &str| {
        jws::sign(key, &Header::typed(typ, key), claims.as_bytes()).ok()
    };
    // `KEY` stands for the key of the instance, which no input could guess.
    let jwk = keys.instance.public_jwk().unwrap().to_value();
    let attests = first.replace("\"KEY\"", &jwk.to_string());
    let (Some(attestation), Some(pop)) = (
        sign(&keys.attester, TYP, &attests),
        sign(&keys.instance, POP_TYP, second),
    ) else {
        return;
    };
    let _ = (believed(&attestation, second), believed(first, &pop));
    // Neither by the wrong key, nor the one for the other.
    let theirs = sign(&keys.instance, TYP, &attests).unwrap_or_default();
    assert!(believed(&theirs, &pop).is_err());
    let swapped = sign(&keys.attester, POP_TYP, second).unwrap_or_default();
    assert!(believed(&attestation, &swapped).is_err());
    assert!(believed(&pop, &attestation).is_err());
    if let Ok(proven) = believed(&attestation, &pop) {
        let attests: Value = serde_json::from_str(&attests).expect("claims");
        let proves: Value = serde_json::from_str(second).expect("claims");
        assert_eq!(attests["sub"], "app");
        assert!(proves["aud"] == ISSUER || proves["aud"][0] == ISSUER);
        assert_eq!(proves["jti"], proven.jti.as_str());
        assert_eq!(proven.jkt, keys.instance.public_jwk().unwrap().thumbprint());
        assert!(proven.until > NOW && proven.until < NOW + 1000);
    }
});
