//! The commands, run as a person runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

struct Here(tempfile::TempDir);

impl Here {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, line: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_grantor"))
            .args(line)
            .current_dir(self.0.path())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn ok(&self, line: &[&str], input: &str) -> String {
        let output = self.run(line, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{line:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &[&str]) -> Value {
        serde_json::from_str(&self.ok(line, "")).unwrap()
    }

    fn refused(&self, line: &[&str]) -> String {
        let output = self.run(line, "");
        assert!(!output.status.success(), "{line:?} is refused");
        String::from_utf8(output.stderr).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }
}

#[test]
fn a_person_is_made_shown_changed_and_deleted() {
    let here = Here::new();
    let create = [
        "user",
        "create",
        "--username",
        "bob",
        "--email",
        "bob@example.org",
    ];
    let create = [
        &create[..],
        &["--password-stdin", "--group", "staff", "--json"],
    ]
    .concat();
    let made: Value = serde_json::from_str(&here.ok(&create, "a long password\n")).unwrap();
    assert_eq!(made["username"], "bob");
    assert_eq!(made["groups"], serde_json::json!(["staff"]));

    here.ok(&["user", "update", "bob", "--display-name", "Bob B."], "");
    here.ok(&["user", "disable", "bob"], "");
    let shown = here.json(&["user", "show", "bob", "--json"]);
    assert_eq!(shown["id"], made["id"]);
    assert_eq!(shown["display_name"], "Bob B.");
    assert_eq!(shown["email"], "bob@example.org");
    assert_eq!(shown["disabled"], true);

    here.ok(&["user", "delete", "bob"], "");
    assert_eq!(
        here.json(&["user", "list", "--json"]),
        serde_json::json!([])
    );
    assert!(
        here.refused(&["user", "show", "bob"])
            .contains("no person `bob`")
    );
}

#[test]
fn a_password_that_is_too_short_is_refused() {
    let here = Here::new();
    let output = here.run(
        &["user", "create", "--username", "bob", "--password-stdin"],
        "short\n",
    );
    assert!(!output.status.success());
}

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
    for file in std::fs::read_dir(here.0.path()).unwrap() {
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
    let said = here.ok(&["client", "show", "signs"], "");
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
fn a_resource_has_scopes_with_rules() {
    let here = Here::new();
    let line = [
        "resource", "create", "--id", "urn:shop", "--name", "Shop", "--json",
    ];
    let scopes = [
        "--scope",
        "shop.read=See orders",
        "--scope",
        "shop.admin=Change everything",
    ];
    let rules = ["--only-group", "shop.admin=staff"];
    let made = here.json(&[&line[..], &scopes[..], &rules[..]].concat());
    assert_eq!(
        made["scopes"][1]["grantable"],
        serde_json::json!({"group": "staff"})
    );
    let wrong = [
        "resource",
        "update",
        "urn:shop",
        "--only-if",
        "shop.read=person.nam == 'x'",
    ];
    assert!(here.refused(&wrong).contains("nam"));
}

#[test]
fn a_realm_has_settings_and_a_wrong_one_names_the_nearest() {
    let here = Here::new();
    let made = here.json(&["realm", "create", "acme", "--json"]);
    assert_eq!(made["issuer"], "http://localhost:8080/realms/acme");
    here.ok(
        &[
            "realm",
            "set",
            "--realm",
            "acme",
            "lifetimes.access_token=600",
        ],
        "",
    );
    let shown = here.json(&["realm", "show", "--realm", "acme", "--json"]);
    assert_eq!(shown["settings"]["lifetimes"]["access_token"], 600);
    let wrong = here.refused(&["realm", "set", "lifetimes.acces_token=1"]);
    assert!(
        wrong.contains("did you mean `lifetimes.access_token`?"),
        "{wrong}"
    );
    assert!(
        here.refused(&["user", "list", "--realm", "nobody"])
            .contains("no realm `nobody`")
    );
}

#[test]
fn keys_are_listed_and_rotated() {
    let here = Here::new();
    let before = here.json(&["key", "list", "--json"]);
    here.ok(&["key", "rotate"], "");
    let after = here.json(&["key", "list", "--json"]);
    assert_eq!(
        after.as_array().unwrap().len(),
        before.as_array().unwrap().len() + 1
    );

    // Each algorithm has keys of its own, and each can be looked at; its secret half never.
    here.ok(&["key", "rotate", "--alg", "ML-DSA-44"], "");
    let all = here.json(&["key", "list", "--json"]);
    let all = all.as_array().unwrap();
    let quantum = all.iter().find(|key| key["alg"] == "ML-DSA-44").unwrap();
    let kid = quantum["kid"].as_str().unwrap();
    let shown = here.json(&["key", "show", kid, "--json"]);
    assert_eq!(
        (&shown["kid"], &shown["state"]),
        (&kid.into(), &"signs".into())
    );
    assert_eq!(shown["public"]["kty"], "AKP");
    assert_eq!(shown["public"].get("priv"), None);
    let said = here.ok(&["key", "show", &kid[..12]], "");
    assert!(said.contains(kid) && said.contains("ML-DSA-44"), "{said}");
    here.refused(&["key", "show", "nobody"]);
    here.refused(&["key", "rotate", "--alg", "HS256"]);

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

#[test]
fn secrets_are_sealed_with_a_new_key_and_the_old_one_opens_nothing() {
    let here = Here::new();
    let (old, new) = ("A".repeat(43), format!("{}E", "B".repeat(42)));
    let database = "database = \"sqlite:grantor.db\"\n";
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{old}\"\n"),
    );
    here.ok(&["key", "list"], "");
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{new}\"\nsealing_key_previous = \"{old}\"\n"),
    );
    assert!(here.ok(&["key", "reseal"], "").contains("1 realm"));
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{new}\"\n"),
    );
    here.ok(&["key", "list"], "");
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{old}\"\n"),
    );
    here.refused(&["key", "list"]);
}

#[test]
fn a_mistake_in_the_configuration_names_file_line_and_nearest_key() {
    let here = Here::new();
    here.write(
        "grantor.toml",
        "issuer = \"https://id.example\"\nlissten = \"127.0.0.1:1\"\n",
    );
    assert_eq!(
        here.refused(&["serve", "--check"]).trim(),
        "grantor: grantor.toml:2: `lissten` is not a setting; did you mean `listen`?"
    );
}

#[test]
fn postgresql_needs_an_explicit_sealing_key() {
    let here = Here::new();
    here.write(
        "grantor.toml",
        "database = \"postgres://u:secret-password@127.0.0.1:1/d\"\n",
    );
    let said = here.refused(&["user", "list"]);
    assert!(said.contains("sealing_key"), "{said}");
    assert!(!said.contains("secret-password"), "{said}");
}

#[test]
fn the_demo_listens_on_loopback_only_and_says_why() {
    let here = Here::new();
    let said = here.refused(&["demo", "--listen", "0.0.0.0"]);
    assert!(said.contains("grantor serve"), "{said}");
}

#[test]
fn every_command_explains_itself() {
    let here = Here::new();
    let help = here.ok(&["--help"], "");
    for command in [
        "demo", "serve", "user", "client", "resource", "realm", "key", "session", "token", "login",
    ] {
        assert!(help.contains(command), "{command}");
        let own = here.ok(&[command, "--help"], "");
        assert!(own.len() > 200, "{command} --help says something");
    }
}

#[test]
fn what_a_profile_forbids_is_refused_with_its_section() {
    let here = Here::new();
    let create = [
        "client",
        "create",
        "--id",
        "app",
        "--name",
        "App",
        "--redirect-uri",
        "https://app.example/callback",
    ];
    let fapi = [&create[..], &["--profile", "fapi2-security"]].concat();
    assert!(here.refused(&fapi).contains("5.3.2.1"));
    assert!(
        here.refused(&[&create[..], &["--profile", "fapi3"]].concat())
            .contains("fapi2-message-signing")
    );
    let said = [
        &create[..],
        &[
            "--require-par",
            "--request-uri",
            "https://app.example/requests/*",
            "--json",
        ],
    ]
    .concat();
    let made = here.json(&said);
    assert_eq!(
        made["require_pushed_authorization_requests"],
        Value::Bool(true)
    );
    assert_eq!(made["request_uris"][0], "https://app.example/requests/*");
    here.ok(&["realm", "set", "profile=fapi2-message-signing"], "");
    assert!(
        here.refused(&["client", "update", "app", "--name", "Other"])
            .contains("5.3.2.1")
    );
    here.ok(&["client", "disable", "app"], "");
    here.ok(
        &[
            "realm",
            "set",
            "profile=openid",
            "require_pkce=false",
            "require_signed_request_object=true",
        ],
        "",
    );
    here.ok(&["client", "enable", "app"], "");
}
