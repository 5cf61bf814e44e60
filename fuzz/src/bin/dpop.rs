//! Proofs of possession: any text at all, and any claims at all under a good signature.
#![no_main]

use std::sync::OnceLock;

use jose::{Algorithm, SigningKey, jws};
use libfuzzer_sys::fuzz_target;
use oauth::dpop::{self, Address, Expected, Nonces};

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Algorithm::EdDsa).unwrap())
}

fuzz_target!(|data: &[u8]| {
    let address = Address::parse("https://example.org/token").unwrap();
    let expected = Expected {
        method: "POST",
        address: &address,
        access_token: None,
    };
    let presented = dpop::presented(data.split(|byte| *byte == b'\n'));
    if let Ok(Some(text)) = presented {
        assert!(dpop::verify(text, &expected).is_err());
        let _ = Address::parse(text);
        let nonces = Nonces::new(&[1; 32]);
        assert!(nonces.accepted_until(text, 1_800_000_000).is_none());
    }
    // The claims are the input, signed with the key that the header names.
    let mut header = jws::Header::typed("dpop+jwt", key());
    header.kid = None;
    header.jwk = Some(key().public_jwk().unwrap());
    let Ok(proof) = jws::sign(key(), &header, data) else {
        return;
    };
    if let Ok(proof) = dpop::verify(&proof, &expected) {
        assert_eq!(proof.jkt(), key().kid());
        for now in [0, 1_800_000_000, i64::MAX] {
            if let Ok(until) = proof.fresh(None, false, now) {
                assert!(until > now);
            }
            assert!(proof.fresh(None, true, now).is_err());
        }
    }
});
