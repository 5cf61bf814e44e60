//! Credentials: what is issued, and taking it back.

use crate::here::Here;

#[test]
fn a_kind_of_credential_says_how_it_is_taken_back() {
    let here = Here::new();
    let create = [
        "credential",
        "create",
        "--id",
        "pass",
        "--name",
        "Pass",
        "--claim",
        "given_name",
    ];
    here.ok(&create);
    let status = || here.json(&["credential", "show", "pass", "--json"])["status"].clone();
    assert!(status().is_null());
    here.ok(&["credential", "update", "pass", "--suspendable"]);
    here.ok(&["credential", "update", "pass", "--ends-with-person"]);
    assert_eq!(
        status(),
        serde_json::json!({"suspendable": true, "with_person": true})
    );
    here.ok(&["credential", "update", "pass", "--not-revocable"]);
    assert!(status().is_null());
    here.refused(&[
        "credential",
        "update",
        "pass",
        "--not-revocable",
        "--revocable",
    ]);
    // Nothing was issued yet.
    assert_eq!(
        here.json(&["credential", "issued", "--json"]),
        serde_json::json!([])
    );
    here.refused(&["credential", "issued", "--user", "nobody"]);
    here.refused(&["credential", "revoke", "x.1"]);
    here.refused(&["credential", "revoke"]);
    here.refused(&["credential", "suspend", "--credential", "pass"]);
}
