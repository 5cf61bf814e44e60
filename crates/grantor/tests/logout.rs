//! How applications are told that a session has ended, and sessions, from the command line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

fn run(here: &Path, line: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_grantor"))
        .args(line)
        .current_dir(here)
        .env_clear()
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

#[test]
fn an_application_says_how_it_is_told() {
    let here = tempfile::tempdir().unwrap();
    let create = ["client", "create", "--name", "App", "--id", "app", "--json"];
    let create = [&create[..], &["--redirect-uri", "https://app.example/cb"]].concat();
    let back = [
        "--backchannel-logout-uri",
        "https://app.example/back",
        "--backchannel-logout-session-required",
    ];
    let front = [
        "--frontchannel-logout-uri",
        "https://app.example/front",
        "--frontchannel-logout-session-required",
    ];
    let made = run(here.path(), &[&create[..], &back, &front].concat()).unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["backchannel_logout_uri"], "https://app.example/back");
    assert_eq!(made["frontchannel_logout_uri"], "https://app.example/front");
    assert_eq!(made["backchannel_logout_session_required"], true);
    assert_eq!(made["frontchannel_logout_session_required"], true);
    let shown = run(here.path(), &["client", "show", "app"]).unwrap();
    assert!(shown.contains("https://app.example/back"), "{shown}");

    let elsewhere = [
        "client",
        "update",
        "app",
        "--frontchannel-logout-uri",
        "https://other.example/",
    ];
    let said = run(here.path(), &elsewhere).unwrap_err();
    assert!(said.contains("frontchannel_logout_uri"), "{said}");
    let none = [
        "client",
        "update",
        "app",
        "--backchannel-logout-uri",
        "",
        "--backchannel-logout-session-required",
        "false",
        "--json",
    ];
    let changed: Value = serde_json::from_str(&run(here.path(), &none).unwrap()).unwrap();
    assert_eq!(changed.get("backchannel_logout_uri"), None);
}

#[test]
fn sessions_are_listed_and_ended() {
    let here = tempfile::tempdir().unwrap();
    run(
        here.path(),
        &["user", "create", "--username", "bob", "--no-password"],
    )
    .unwrap();
    let listed = run(here.path(), &["session", "list", "bob", "--json"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap(), json!([]));
    assert!(
        run(here.path(), &["session", "list", "carol"])
            .unwrap_err()
            .contains("carol")
    );
    assert!(run(here.path(), &["session", "end", "nothing"]).is_err());
}
