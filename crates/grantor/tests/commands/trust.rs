//! `grantor trust` and what applications may exchange, run as a person runs them.

use serde_json::{Value, json};

use crate::here::Here;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

#[test]
fn what_runs_workloads_is_trusted_shown_and_removed() {
    let here = Here::new();
    let github = [
        "trust",
        "github",
        "--repository",
        "acme/site",
        "--ref",
        "refs/heads/main",
        "--client",
        "deployer",
        "--json",
    ];
    let made = here.json(&github);
    assert_eq!(made["issuer"], GITHUB);
    assert_eq!(
        made["rules"],
        json!([{"condition": "claims.repository == \"acme/site\" && claims.ref == \"refs/heads/main\"", "subject": {"client": "deployer"}}])
    );
    let client = here.json(&["client", "show", "deployer", "--json"]);
    assert_eq!(
        client["grant_types"],
        json!([
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:jwt-bearer"
        ])
    );
    assert_eq!(
        here.json(&github)["rules"].as_array().unwrap().len(),
        1,
        "said twice is said once"
    );
    let second = [
        "trust",
        "github",
        "--repository",
        "acme/docs",
        "--client",
        "writer",
        "--json",
    ];
    assert_eq!(here.json(&second)["rules"].as_array().unwrap().len(), 2);
    here.json(&[
        "trust",
        "gitlab",
        "--project",
        "acme/site",
        "--protected",
        "--client",
        "deployer",
        "--json",
    ]);
    let spiffe = [
        "trust",
        "spiffe",
        "--id",
        "spiffe://prod.example/billing",
        "--bundle",
        "https://spire.example/",
        "--client",
        "billing",
        "--if",
        "claims.aud == \"billing\"",
        "--json",
    ];
    let made = here.json(&spiffe);
    assert_eq!(made["issuer"], "spiffe://prod.example");
    assert_eq!(
        made["rules"][0]["condition"],
        "claims.sub == \"spiffe://prod.example/billing\" && (claims.aud == \"billing\")"
    );
    let cluster = [
        "trust",
        "kubernetes",
        "--issuer",
        "https://cluster.example",
        "--namespace",
        "prod",
        "--service-account",
        "worker",
        "--client",
        "worker",
        "--json",
    ];
    assert_eq!(
        here.json(&cluster)["rules"][0]["condition"],
        "claims.sub == \"system:serviceaccount:prod:worker\""
    );
    assert_eq!(
        here.json(&["trust", "list", "--json"])
            .as_array()
            .unwrap()
            .len(),
        4
    );
    assert!(
        here.run(&["trust", "remove", GITHUB, "--client", "writer"])
            .status
            .success()
    );
    assert_eq!(
        here.json(&["trust", "show", GITHUB, "--json"])["rules"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(here.run(&["trust", "remove", GITHUB]).status.success());
    assert!(
        here.refused(&["trust", "show", GITHUB])
            .contains("not trusted")
    );
    assert!(
        here.refused(&["trust", "github", "--repository", "acme", "--client", "x"])
            .contains("OWNER/NAME")
    );
    assert!(
        here.refused(&["trust", "spiffe", "--id", "https://x", "--client", "x"])
            .contains("spiffe://")
    );
}

#[test]
fn any_issuer_is_trusted_under_a_condition_for_people_of_named_applications() {
    let here = Here::new();
    here.json(&[
        "client",
        "create",
        "--id",
        "app",
        "--name",
        "App",
        "--grant",
        "jwt-bearer",
        "--json",
    ]);
    let idp = [
        "trust",
        "https://idp.example",
        "--if",
        "claims.department == 'sales'",
        "--person",
        "email=email",
        "--for",
        "app",
        "--scope",
        "openid",
        "--json",
    ];
    let made = here.json(&idp);
    assert_eq!(
        made["rules"][0]["subject"],
        json!({"person": {"claim": "email", "by": "email"}})
    );
    assert!(
        here.refused(&["trust", "https://idp.example", "--if", "true"])
            .contains("--person")
    );
    for (line, reason) in [
        (
            &[
                "trust",
                "https://x.example",
                "--if",
                "department == 'x'",
                "--client",
                "app",
            ][..],
            "claims",
        ),
        (
            &[
                "trust",
                "https://x.example",
                "--if",
                "true",
                "--person",
                "sub=id",
                "--scope",
                "openid",
            ],
            "clients",
        ),
        (
            &[
                "trust",
                "http://x.example",
                "--if",
                "true",
                "--client",
                "app",
            ],
            "https",
        ),
        (&["trust"], "github"),
    ] {
        assert!(
            here.refused(line).contains(reason),
            "{line:?}: {}",
            here.refused(line)
        );
    }
}

const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// And what is not said stays as it was.
#[test]
fn what_is_said_of_a_known_issuer_counts() {
    let here = Here::new();
    here.write("keys.json", KEYS);
    let trust = |more: &[&str]| {
        let line = [
            &["trust", "https://idp.example", "--if", "true"][..],
            &["--client", "app", "--json"],
            more,
        ];
        here.json(&line.concat())
    };
    let is = |issuer: &Value, expected: Value| {
        for (name, value) in expected.as_object().unwrap() {
            let said = issuer.get(name).unwrap_or(&Value::Null);
            assert_eq!(said, value, "{name}: {issuer}");
        }
    };
    let first = trust(&["--jwks-uri", "https://idp.example/keys"]);
    is(
        &first,
        json!({"algorithms": null, "longest": 3600, "reusable": null, "jwks_uri": "https://idp.example/keys"}),
    );
    let stated = ["--alg", "ES256", "--longest", "600", "--reusable"];
    let said = trust(&stated);
    is(
        &said,
        json!({"algorithms": ["ES256"], "longest": 600, "reusable": true, "jwks_uri": "https://idp.example/keys"}),
    );
    assert_eq!(trust(&[]), said);
    let shown = here.run(&["trust", "show", "https://idp.example"]).stdout;
    let shown = String::from_utf8(shown).unwrap();
    for fact in ["ES256", "600 seconds", "until it expires"] {
        assert!(shown.contains(fact), "{shown}");
    }
    let narrower = trust(&["--alg", "EdDSA", "--alg", "PS256", "--reusable=false"]);
    is(
        &narrower,
        json!({"algorithms": ["EdDSA", "PS256"], "longest": 600, "reusable": null}),
    );
    // What a preset takes for granted loosens nothing that was said.
    let pods = here.json(&[
        "trust",
        "kubernetes",
        "--issuer",
        "https://idp.example",
        "--namespace",
        "prod",
        "--service-account",
        "worker",
        "--client",
        "worker",
        "--json",
    ]);
    is(&pods, json!({"longest": 600, "reusable": null}));
    assert_eq!(pods["rules"].as_array().unwrap().len(), 2);
    for _ in 0..2 {
        let given = trust(&["--jwks", "keys.json"]);
        is(&given, json!({"jwks_uri": null, "longest": 600}));
        assert_eq!(given["jwks"]["keys"][0]["kid"], "1");
        assert_eq!(trust(&[]), given);
        let elsewhere = trust(&["--jwks-uri", "https://idp.example/other"]);
        is(
            &elsewhere,
            json!({"jwks": null, "jwks_uri": "https://idp.example/other"}),
        );
    }
}

#[test]
fn what_an_application_may_exchange_is_said_by_options() {
    let here = Here::new();
    for (id, scope) in [("urn:a", "a.read=Read"), ("urn:b", "b.read=Read")] {
        here.json(&["resource", "create", "--id", id, "--scope", scope, "--json"]);
    }
    let create = [
        "client",
        "create",
        "--id",
        "a",
        "--name",
        "A",
        "--grant",
        "token-exchange",
        "--introspects",
        "urn:a",
        "--exchange",
        "b.read=a.read",
        "--exchange",
        "b.read=openid",
        "--exchange-from",
        "web",
        "--exchange-rebinding",
        "--may-act",
        "desk",
        "--id-jag",
        "https://chat.example=a-at-chat",
        "--id-jag-scope",
        "https://chat.example=chat.read",
        "--json",
    ];
    let made = here.json(&create);
    assert_eq!(
        made["token_exchange"],
        json!({"subject_clients": ["web"], "scopes": {"b.read": ["a.read", "openid"]}, "rebinding": true,
            "identity_assertions": [{"audience": "https://chat.example", "client_id": "a-at-chat", "scope": "chat.read"}]})
    );
    assert_eq!(made["may_act"], json!({"sub": "desk"}));
    let changed = here.json(&[
        "client",
        "update",
        "a",
        "--exchange-rebinding",
        "false",
        "--may-act",
        "",
        "--json",
    ]);
    assert_eq!(
        (
            &changed["token_exchange"]["rebinding"],
            changed.get("may_act")
        ),
        (&Value::Null, None)
    );
    assert!(
        here.refused(&["client", "update", "a", "--exchange", "c.read=a.read"])
            .contains("c.read")
    );
    assert!(
        here.refused(&[
            "client",
            "update",
            "a",
            "--id-jag-scope",
            "https://x.example=y"
        ])
        .contains("--id-jag")
    );
}
