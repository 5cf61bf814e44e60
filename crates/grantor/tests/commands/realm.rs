//! Tenants and their settings.

use serde_json::Value;

use crate::here::Here;

#[test]
fn a_realm_has_settings_and_a_wrong_one_names_the_nearest() {
    let here = Here::new();
    let made = here.json(&["realm", "create", "acme", "--json"]);
    assert_eq!(made["issuer"], "http://localhost:8080/realms/acme");
    here.ok(&[
        "realm",
        "set",
        "--realm",
        "acme",
        "lifetimes.access_token=600",
    ]);
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
    here.ok(&["realm", "set", "profile=fapi2-message-signing"]);
    assert!(
        here.refused(&["client", "update", "app", "--name", "Other"])
            .contains("5.3.2.1")
    );
    here.ok(&["client", "disable", "app"]);
    here.ok(&[
        "realm",
        "set",
        "profile=openid",
        "require_pkce=false",
        "require_signed_request_object=true",
    ]);
    here.ok(&["client", "enable", "app"]);
}
