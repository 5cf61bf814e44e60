//! RFC 9449: proofs, their addresses, their age, and the memory of those that were used.

mod address;
mod age;
mod hostile;

use jose::{Algorithm, SigningKey, base64url};
use oauth::dpop::{Address, Expected, Proof, Refused, make, token_hash, verify};
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const URL: &str = "https://as.example/token";

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// A token of any header and payload, signed with the key.
fn forged(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url::encode(signature))
}

fn header(key: &SigningKey) -> Value {
    let jwk = key.public_jwk().unwrap().to_value();
    json!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": jwk})
}

fn claims() -> Value {
    json!({"jti": "-BwC3ESc6acc2lTc", "htm": "POST", "htu": URL, "iat": NOW})
}

fn judge(proof: &str, access_token: Option<&str>) -> Result<Proof, Refused> {
    let address = Address::parse(URL).unwrap();
    let expected = Expected {
        method: "POST",
        address: &address,
        access_token,
    };
    verify(proof, &expected)
}

/// RFC 9449 §4.2 and §4.3: with every algorithm that is offered.
#[test]
fn a_proof_that_was_made_is_accepted() {
    for algorithm in oauth::dpop::ALGORITHMS {
        let key = SigningKey::generate(*algorithm).unwrap();
        let proof = make(&key, ("POST", URL), None, None, ("1", NOW)).unwrap();
        let proof = judge(&proof, None).unwrap();
        assert_eq!(proof.jkt(), key.public_jwk().unwrap().thumbprint());
        assert_eq!(proof.nonce(), None);
    }
}

/// The example of RFC 9449 §4.2: its key's thumbprint is that of §6.1, its signature is good.
#[test]
fn the_proof_of_the_rfc_is_accepted() {
    let proof = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ",
        "OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs",
        "ImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVy",
        "LmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdL",
        "XiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    );
    let address = Address::parse("https://server.example.com/token").unwrap();
    let expected = Expected {
        method: "POST",
        address: &address,
        access_token: None,
    };
    let proof = verify(proof, &expected).unwrap();
    assert_eq!(proof.jkt(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

/// RFC 9449 §4.3 item 11: with an access token, its hash.
#[test]
fn a_proof_beside_a_token_holds_its_hash() {
    let key = key();
    let beside = |token| make(&key, ("POST", URL), token, None, ("1", NOW)).unwrap();
    assert!(judge(&beside(Some("token")), Some("token")).is_ok());
    for other in [None, Some("tokem"), Some("")] {
        assert_eq!(
            judge(&beside(other), Some("token")).err(),
            Some(Refused::TokenHash)
        );
    }
    // RFC 9449 §7.1: the hash of its example token.
    assert_eq!(
        token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    );
}

/// What names a proof is its key, its address and its jti together, with nothing that could be shifted between them.
#[test]
fn no_two_proofs_have_one_name() {
    let (one, other) = (key(), key());
    let named = |key: &SigningKey, jti: &str| {
        let proof = make(key, ("POST", URL), None, None, (jti, NOW)).unwrap();
        *judge(&proof, None).unwrap().id()
    };
    assert_eq!(named(&one, "1"), named(&one, "1"));
    assert_ne!(named(&one, "1"), named(&one, "2"));
    assert_ne!(named(&one, "1"), named(&other, "1"));
    assert_ne!(named(&one, "1"), named(&one, "1\0"));
}
