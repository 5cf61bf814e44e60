//! People.

use serde_json::Value;

use crate::here::Here;

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
    let made = here.given("a long password\n", &create);
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["username"], "bob");
    assert_eq!(made["groups"], serde_json::json!(["staff"]));

    here.ok(&["user", "update", "bob", "--display-name", "Bob B."]);
    here.ok(&["user", "disable", "bob"]);
    let shown = here.json(&["user", "show", "bob", "--json"]);
    assert_eq!(shown["id"], made["id"]);
    assert_eq!(shown["display_name"], "Bob B.");
    assert_eq!(shown["email"], "bob@example.org");
    assert_eq!(shown["disabled"], true);

    here.ok(&["user", "delete", "bob"]);
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
    let create = ["user", "create", "--username", "bob", "--password-stdin"];
    let output = here.given("short\n", &create);
    assert!(!output.status.success());
}
