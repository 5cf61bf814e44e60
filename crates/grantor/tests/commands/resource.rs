//! APIs and their scopes.

use crate::here::Here;

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
