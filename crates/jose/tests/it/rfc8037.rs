//! RFC 8037, appendix A. (A.6 and the derivation are tested beside the code; X448 of A.7 and Ed448 are refused.)

use super::{jwk, signing, verifying};
use jose::{Error, Jwk, base64url, jws};
use serde_json::{Value, json};

fn key() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

#[test]
fn the_key_of_a_1_to_a_3_has_its_thumbprint() {
    let key = jwk(&key());
    assert_eq!(
        key.thumbprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    let public =
        json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    assert_eq!(key.public().unwrap().to_value(), public);
}

#[test]
fn the_signature_of_a_4_is_made_and_a_5_verifies_it() {
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let made = signing(&key(), "EdDSA").sign(input.as_bytes()).unwrap();
    assert_eq!(base64url::encode(made), signature);
    let verified =
        jws::verify(&format!("{input}.{signature}"), &verifying(&key(), "EdDSA")).unwrap();
    assert_eq!(verified.payload, b"Example of Ed25519 signing");
}

#[test]
fn curves_of_448_bits_are_refused() {
    for crv in ["X448", "Ed448"] {
        let key = json!({"kty": "OKP", "crv": crv, "x": "PreoKbDNIPW8_AtZm2_sz22kYnEHvbDU80W0MCfYuXL8PjT7QjKhPKcG3LV67D2uB73BxnvzNgk"});
        assert_eq!(
            Jwk::from_json(&key.to_string()).err(),
            Some(Error::Unsupported)
        );
    }
}
