//! Initial access tokens and the settings about registration, limits and what goes out, run as an operator runs them.

use serde_json::{Value, json};

use crate::here::{Here, said};

/// What a command says that finds this in its environment, or why it is refused.
fn run_in(here: &Here, line: &[&str], environment: &[(&str, &str)]) -> Result<String, String> {
    let mut command = here.command(line);
    said(command.envs(environment.iter().copied()).output().unwrap())
}

#[test]
fn initial_access_tokens_are_made_listed_and_taken_back() {
    let here = Here::new();
    let create = ["client", "token", "create", "--name", "partner"];
    let made = here.json(&[&create[..], &["--uses", "3", "--json"]].concat());
    let token = made["initial_access_token"].as_str().unwrap();
    assert!(token.starts_with("gint_") && token.len() > 40);
    assert_eq!(
        (&made["uses_left"], &made["name"]),
        (&json!(3), &json!("partner"))
    );
    let listed = here.ok(&["client", "token", "list", "--json"]);
    assert!(!listed.contains(token), "it is shown once");
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["id"], made["id"]);
    let said = here.ok(&create);
    assert!(said.contains("registration.mode=token"), "{said}");
    here.ok(&["realm", "set", "registration.mode=token"]);
    assert!(!here.ok(&create).contains("Nobody asks"));
    for id in listed.as_array().unwrap() {
        here.ok(&["client", "token", "delete", id["id"].as_str().unwrap()]);
    }
    here.refused(&["client", "token", "delete", "unknown"]);
    here.refused(&[&create[..], &["--uses", "0"]].concat());
    here.refused(&[&create[..], &["--lifetime", "999999999"]].concat());
}

#[test]
fn a_realm_says_who_may_register_and_describe_itself() {
    let here = Here::new();
    let set = |said: &str| here.run(&["realm", "set", said]).status.success();
    for (said, taken) in [
        ("registration.mode=open", true),
        ("registration.mode=everybody", false),
        ("registration.mode=statement", false),
        (
            r#"registration.statement_issuers=[{"issuer":"https://vendor.example","jwks_uri":"https://vendor.example/jwks"}]"#,
            true,
        ),
        ("registration.mode=statement", true),
        (
            r#"client_id_documents.hosts=["app.example","*.corp.example"]"#,
            true,
        ),
        (
            r#"client_id_documents.hosts=["https://app.example"]"#,
            false,
        ),
        ("client_id_documents.allowed=false", true),
    ] {
        assert_eq!(set(said), taken, "{said}");
    }
    let shown = here.json(&["realm", "show", "--json"]);
    let settings = &shown["settings"];
    assert_eq!(settings["registration"]["mode"], json!("statement"));
    assert_eq!(settings["client_id_documents"]["allowed"], json!(false));
}

#[test]
fn limits_and_what_goes_out_are_set_in_words() {
    let here = Here::new();
    let check = ["serve", "--check"];
    let good = [
        ("GRANTOR_LIMITS_TOKEN", "100/s"),
        ("GRANTOR_LIMITS_REGISTRATION", "off"),
        ("GRANTOR_OUTBOUND_PROXY", "http://proxy.example:3128"),
        ("GRANTOR_OUTBOUND_NETWORKS", "10.20.0.0/16, fd00:1::/32"),
    ];
    assert!(run_in(&here, &check, &good).is_ok());
    for (name, value, says) in [
        ("GRANTOR_LIMITS_TOKEN", "fast", "`fast` is not a rate"),
        ("GRANTOR_LIMITS_PAR", "1/s", "GRANTOR_LIMITS_"),
        (
            "GRANTOR_OUTBOUND_PROXY",
            "socks5://x",
            "must be an http URL",
        ),
        (
            "GRANTOR_OUTBOUND_NETWORKS",
            "10.0.0.0/33",
            "is not a network",
        ),
    ] {
        let said = run_in(&here, &check, &[(name, value)]).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
    let authorities = [("GRANTOR_OUTBOUND_AUTHORITIES", "missing.pem")];
    let said = run_in(&here, &["serve"], &authorities).unwrap_err();
    assert!(said.contains("outbound.authorities: missing.pem"), "{said}");
    here.write("bad.pem", "no certificate");
    let said = run_in(
        &here,
        &["serve"],
        &[("GRANTOR_OUTBOUND_AUTHORITIES", "bad.pem")],
    )
    .unwrap_err();
    assert!(said.contains("outbound: "), "{said}");
}
