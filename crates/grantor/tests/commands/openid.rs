//! What applications learn of people, from the command line.

use serde_json::json;

use crate::here::Here;

/// Each option becomes the registered member, and `update` leaves what is not said.
#[test]
fn what_a_client_learns_of_people_can_be_said() {
    let here = Here::new();
    let create = [
        "client",
        "create",
        "--name",
        "App",
        "--id",
        "app",
        "--redirect-uri",
        "https://app.example/cb",
    ];
    here.made(&create).unwrap();
    let options = [
        (
            "--subject-type",
            "pairwise",
            "subject_type",
            json!("pairwise"),
        ),
        (
            "--sector-identifier-uri",
            "https://s.example/list",
            "sector_identifier_uri",
            json!("https://s.example/list"),
        ),
        (
            "--userinfo-alg",
            "ES256",
            "userinfo_signed_response_alg",
            json!("ES256"),
        ),
        ("--default-max-age", "600", "default_max_age", json!(600)),
        ("--default-acr", "low", "default_acr_values", json!(["low"])),
        (
            "--initiate-login-uri",
            "https://app.example/in",
            "initiate_login_uri",
            json!("https://app.example/in"),
        ),
        (
            "--logo-uri",
            "https://app.example/l.png",
            "logo_uri",
            json!("https://app.example/l.png"),
        ),
        (
            "--policy-uri",
            "https://app.example/p",
            "policy_uri",
            json!("https://app.example/p"),
        ),
        (
            "--tos-uri",
            "https://app.example/t",
            "tos_uri",
            json!("https://app.example/t"),
        ),
        (
            "--contact",
            "ops@app.example",
            "contacts",
            json!(["ops@app.example"]),
        ),
    ];
    for (option, value, _, _) in &options {
        here.made(&["client", "update", "app", option, value])
            .unwrap();
    }
    let now = here.made(&["client", "show", "app"]).unwrap();
    for (option, _, member, expected) in options {
        assert_eq!(now[member], expected, "{option}");
    }
    for (option, value) in [
        ("--userinfo-alg", "none"),
        ("--userinfo-encryption-alg", "RSA1_5"),
        ("--id-token-encryption-alg", "ECDH-ES"),
        ("--id-token-encryption-enc", "A1"),
        ("--subject-type", "secret"),
        ("--initiate-login-uri", "http://app.example/in"),
    ] {
        assert!(
            here.made(&["client", "update", "app", option, value])
                .is_err(),
            "{option} {value}"
        );
    }
}

/// The example of the documentation, and a claim that somebody else has.
#[test]
fn claims_of_scopes_can_be_said() {
    let here = Here::new();
    let create = [
        "resource",
        "create",
        "--id",
        "urn:acme:directory",
        "--name",
        "Directory",
        "--scope",
        "department=See where you work",
        "--claim",
        "department:departments=person.groups.filter(g, g.startsWith('dept-'))",
        "--claim-in",
        "departments=id_token,userinfo",
        "--claim",
        "department:credit={'endpoint': 'https://bank.example/'}",
        "--claim-elsewhere",
        "credit",
    ];
    let made = here.made(&create).unwrap();
    let claims = &made["scopes"][0]["claims"];
    assert_eq!(claims[0]["in"], json!(["id_token", "userinfo"]));
    assert_eq!(
        (&claims[1]["elsewhere"], &claims[1]["in"]),
        (&json!(true), &json!(["userinfo"]))
    );
    for (option, value) in [
        ("--claim", "department:sub=person.username"),
        ("--claim", "department:x=person.emial"),
        ("--claim", "unknown:x=1"),
        ("--claim", "x=1"),
        ("--claim-in", "departments=everywhere"),
        ("--claim-in", "unknown=id_token"),
        ("--claim-elsewhere", "unknown"),
    ] {
        let line = ["resource", "update", "urn:acme:directory", option, value];
        assert!(here.made(&line).is_err(), "{option} {value}");
    }
}
