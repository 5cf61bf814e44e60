//! Applications: how they authenticate, and what becomes of their secrets.

use crate::here::Here;

#[test]
fn a_secret_is_shown_once_and_its_hash_alone_is_kept() {
    let here = Here::new();
    let create = ["client", "create", "--name", "App", "--id", "app", "--json"];
    let create = [
        &create[..],
        &["--redirect-uri", "https://app.example/callback"],
    ]
    .concat();
    let made = here.json(&create);
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("gsec_"));
    let shown = here.json(&["client", "show", "app", "--json"]);
    assert_eq!(shown["client_name"], "App");
    assert_eq!(shown.get("client_secret"), None);
    for file in std::fs::read_dir(here.path("")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "the secret is in no file");
    }
    let again = here.json(&["client", "rotate-secret", "app", "--json"]);
    assert_ne!(again["client_secret"].as_str(), Some(secret.as_str()));
}

/// An application that acts for itself, with these options.
fn service<'a>(id: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let create = [
        "client", "create", "--name", "Service", "--id", id, "--json",
    ];
    [&create[..], &["--grant", "client_credentials"], options].concat()
}

#[test]
fn an_application_authenticates_as_it_registered() {
    let here = Here::new();
    let key = jose::SigningKey::generate(jose::Algorithm::Es256).unwrap();
    let set = |key: &serde_json::Value| serde_json::json!({ "keys": [key] }).to_string();
    here.write("keys.json", &set(&key.public_jwk().unwrap().to_value()));
    here.write("private.json", &set(&key.jwk().to_value()));
    here.write("broken.json", "{");

    let signs = ["--auth-method", "private_key_jwt"];
    let options = [&signs[..], &["--jwks", "keys.json", "--auth-alg", "ES256"]].concat();
    let made = here.json(&service("signs", &options));
    assert_eq!(made["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(made["token_endpoint_auth_signing_alg"], "ES256");
    assert_eq!(made["jwks"]["keys"][0]["crv"], "P-256");
    assert_eq!(made.get("client_secret"), None, "it needs none");
    let said = here.ok(&["client", "show", "signs"]);
    assert!(said.contains("private_key_jwt, 1 of its keys"), "{said}");

    let options = [&signs[..], &["--jwks-uri", "https://app.example/jwks"]].concat();
    let made = here.json(&service("remote", &options));
    assert_eq!(made["jwks_uri"], "https://app.example/jwks");

    let hmac = ["--auth-method", "client_secret_jwt", "--auth-alg", "HS512"];
    let made = here.json(&service("hmac", &hmac));
    assert!(made["client_secret"].as_str().unwrap().len() >= 64);

    let certificate = [
        "--auth-method",
        "tls_client_auth",
        "--tls-san-dns",
        "a.example",
    ];
    let options = [&certificate[..], &["--certificate-bound"]].concat();
    let made = here.json(&service("certificate", &options));
    assert_eq!(made["tls_client_auth_san_dns"], "a.example");
    assert_eq!(made["tls_client_certificate_bound_access_tokens"], true);

    // A client that begins to sign with its secret gets a new one, and one that signs with a key has none left.
    let usual = here.json(&service("changes", &[]));
    let update = ["client", "update", "changes", "--json", "--auth-method"];
    let signed = here.json(&[&update[..], &["client_secret_jwt"]].concat());
    assert_ne!(signed["client_secret"], usual["client_secret"]);
    let keyed = [&update[..], &["private_key_jwt", "--jwks", "keys.json"]].concat();
    assert_eq!(here.json(&keyed).get("client_secret"), None);
    let again = here.json(&[&update[..], &["client_secret_basic"]].concat());
    assert!(again["client_secret"].is_string());

    let refusals: [(&[&str], &str); 8] = [
        (&signs, "needs `jwks` or `jwks_uri`"),
        (
            &["--auth-method", "private_key_jwt", "--jwks", "private.json"],
            "is private",
        ),
        (
            &["--auth-method", "private_key_jwt", "--jwks", "broken.json"],
            "broken.json",
        ),
        (
            &["--auth-method", "private_key_jwt", "--jwks", "missing.json"],
            "missing.json",
        ),
        (
            &[
                "--auth-method",
                "private_key_jwt",
                "--jwks-uri",
                "http://app.example/",
            ],
            "https",
        ),
        (
            &[
                "--auth-method",
                "private_key_jwt",
                "--jwks",
                "keys.json",
                "--auth-alg",
                "HS256",
            ],
            "HS256",
        ),
        (
            &["--auth-method", "secret"],
            "there are none, client_secret_basic",
        ),
        (
            &[
                "--auth-method",
                "tls_client_auth",
                "--tls-subject-dn",
                "a.example",
            ],
            "RFC 4514",
        ),
    ];
    for (options, words) in refusals {
        let said = here.refused(&service("refused", options));
        assert!(said.contains(words), "{options:?}: {said}");
    }
}

#[test]
fn a_dangerous_redirect_uri_is_refused_by_name() {
    let here = Here::new();
    let line = [
        "client",
        "create",
        "--name",
        "App",
        "--redirect-uri",
        "javascript:alert(1)",
    ];
    assert!(here.refused(&line).contains("redirect_uris"));
}

#[test]
fn an_application_and_an_api_list_what_they_verify() {
    let here = Here::new();
    let api = ["resource", "create", "--json", "--name", "Notes"];
    let listed = [
        &api[..],
        &[
            "--id",
            "urn:notes",
            "--signing-alg",
            "ML-DSA-65",
            "--signing-alg",
            "ES256",
        ],
    ];
    let made = here.json(&listed.concat());
    assert_eq!(
        made["signing_alg"],
        serde_json::json!(["ML-DSA-65", "ES256"])
    );
    let options = ["--id-token-alg", "ML-DSA-44", "--id-token-alg", "ES256"];
    let made = here.json(&service("listing", &options));
    assert_eq!(
        made["id_token_signing_alg_values_supported"],
        serde_json::json!(["ML-DSA-44", "ES256"])
    );
    let settled = [
        "client",
        "update",
        "listing",
        "--json",
        "--id-token-alg",
        "EdDSA",
    ];
    let made = here.json(&settled);
    assert_eq!(made["id_token_signed_response_alg"], "EdDSA");
    assert_eq!(made.get("id_token_signing_alg_values_supported"), None);
}
