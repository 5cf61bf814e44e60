//! How applications are told that a session has ended, and sessions, from the command line.

use serde_json::{Value, json};

use crate::here::Here;

#[test]
fn an_application_says_how_it_is_told() {
    let here = Here::new();
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
    let made = here.said(&[&create[..], &back, &front].concat()).unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["backchannel_logout_uri"], "https://app.example/back");
    assert_eq!(made["frontchannel_logout_uri"], "https://app.example/front");
    assert_eq!(made["backchannel_logout_session_required"], true);
    assert_eq!(made["frontchannel_logout_session_required"], true);
    let shown = here.said(&["client", "show", "app"]).unwrap();
    assert!(shown.contains("https://app.example/back"), "{shown}");

    let elsewhere = [
        "client",
        "update",
        "app",
        "--frontchannel-logout-uri",
        "https://other.example/",
    ];
    let said = here.said(&elsewhere).unwrap_err();
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
    let changed: Value = serde_json::from_str(&here.said(&none).unwrap()).unwrap();
    assert_eq!(changed.get("backchannel_logout_uri"), None);
}

#[test]
fn sessions_are_listed_and_ended() {
    let here = Here::new();
    here.ok(&["user", "create", "--username", "bob", "--no-password"]);
    let listed = here.said(&["session", "list", "bob", "--json"]).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap(), json!([]));
    assert!(
        here.said(&["session", "list", "carol"])
            .unwrap_err()
            .contains("carol")
    );
    let said = here.refused(&["session", "end", "nothing"]);
    assert!(said.contains("no session `nothing`"), "{said}");
}
