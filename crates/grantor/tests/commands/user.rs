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

/// OpenID Connect Core §5.2.
#[test]
fn a_person_has_claims_in_languages() {
    let here = Here::new();
    here.ok(&["realm", "set", "claims_locales=[\"ja\",\"fr\"]"]);
    let create = ["user", "create", "--username", "hana", "--no-password"];
    let claims = [
        "--claim",
        "family_name=Yamada",
        "--claim",
        "family_name#ja-kana-jp=ヤマダ",
    ];
    here.ok(&[&create[..], &claims[..]].concat());
    let update = ["user", "update", "hana", "--claim"];
    here.ok(&[&update[..], &["name#fr=Hana d’Exemple"]].concat());
    let shown = here.json(&["user", "show", "hana", "--json"]);
    assert_eq!(
        shown["claims"],
        serde_json::json!({"family_name": "Yamada", "localized": {"family_name": {"ja-Kana-JP": "ヤマダ"}, "name": {"fr": "Hana d’Exemple"}}})
    );
    for (wrong, word) in [
        ("name#de=Hana", "claims_locales"),
        ("email#fr=a@b", "cannot be said in a language"),
        ("name#fr_FR=x", "not the tag of a language"),
        ("website#fr=x", "in a language"),
    ] {
        let refused = here.refused(&[&update[..], &[wrong]].concat());
        assert!(refused.contains(word), "{wrong}: {refused}");
    }
    here.ok(&[&update[..], &["name#FR="]].concat());
    let shown = here.json(&["user", "show", "hana", "--json"]);
    assert_eq!(shown["claims"]["localized"].get("name"), None);
}
