//! Types of authorization details, signed answers and attesters, from the command line.

use serde_json::json;

use crate::here::Here;

/// The example of the documentation is a type that can be registered.
#[test]
fn a_type_of_details_comes_from_a_file_and_goes_to_a_client() {
    let here = Here::new();
    let page = include_str!("../../../../docs/authorization-details.md");
    let example = page.split("```json\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    here.write("payment.json", example);
    let id = "https://bank.example/api";
    let create = ["resource", "create", "--id", id, "--name", "The bank"];
    let create = [&create[..], &["--details-type", "payment.json"]].concat();
    let made = here.made(&create).unwrap();
    assert_eq!(made["authorization_details_types"][0]["type"], "payment");

    let client = ["client", "create", "--name", "Shop", "--id", "shop"];
    let client = [&client[..], &["--redirect-uri", "https://shop.example/cb"]].concat();
    let unknown = [&client[..], &["--details-type", "coffee"]].concat();
    assert!(here.made(&unknown).unwrap_err().contains("coffee"));
    let known = [&client[..], &["--details-type", "payment"]].concat();
    let made = here.made(&known).unwrap();
    assert_eq!(made["authorization_details_types"], json!(["payment"]));

    here.write("bad.json", "{\"type\":\"a\"}");
    let bad = ["resource", "update", id, "--details-type", "bad.json"];
    let said = here.made(&bad).unwrap_err();
    assert!(said.contains("bad.json"), "{said}");
}

#[test]
fn signed_answers_and_attesters_can_be_said() {
    let here = Here::new();
    let key = jose::SigningKey::generate(jose::Algorithm::Es256).unwrap();
    let keys = json!({"keys": [key.public_jwk().unwrap().to_value()]});
    here.write("attesters.json", &keys.to_string());
    let client = ["client", "create", "--name", "Wallet", "--id", "wallet"];
    let client = [
        &client[..],
        &["--redirect-uri", "https://wallet.example/cb"],
    ]
    .concat();
    let line = [
        &client[..],
        &["--auth-method", "attest_jwt_client_auth"],
        &["--attester-jwks", "attesters.json"],
        &["--introspection-alg", "ES256"],
    ]
    .concat();
    let made = here.made(&line).unwrap();
    assert_eq!(made["client_attestation_jwks"], keys);
    assert_eq!(made["introspection_signed_response_alg"], "ES256");
    assert_eq!(made.get("client_secret"), None);
    for (option, value) in [
        ("--introspection-alg", "none"),
        ("--introspection-encryption-alg", "RSA1_5"),
        ("--introspection-encryption-enc", "A1"),
        ("--attester-jwks", "nowhere.json"),
    ] {
        let said = here
            .made(&["client", "update", "wallet", option, value])
            .unwrap_err();
        assert!(said.contains(option), "{said}");
    }
}
