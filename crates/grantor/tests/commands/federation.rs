//! `grantor federation`, run as a person runs it.

use serde_json::json;

use crate::here::Here;

const LEAF: &str = "https://leaf.example";
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

const BELOW: [&str; 2] = ["federation", "subordinate"];

#[test]
fn an_entity_is_vouched_for_changed_shown_and_removed() {
    let here = Here::new();
    here.write("keys.json", KEYS);
    here.write(
        "policy.json",
        r#"{"openid_relying_party":{"contacts":{"essential":true}}}"#,
    );
    let add = |more: &[&str]| here.made(&[&BELOW[..], &["add", LEAF], more].concat());
    assert!(add(&[]).unwrap_err().contains("--jwks"));
    let made = add(&[
        "--jwks",
        "keys.json",
        "--type",
        "openid_relying_party",
        "--metadata-policy",
        "policy.json",
        "--max-path-length",
        "0",
        "--permitted",
        ".example",
        "--allowed-type",
        "openid_relying_party",
    ]);
    let made = made.unwrap();
    let expected = json!({
        "entity_id": LEAF, "entity_types": ["openid_relying_party"], "jwks": serde_json::from_str::<serde_json::Value>(KEYS).unwrap(),
        "metadata_policy": {"openid_relying_party": {"contacts": {"essential": true}}},
        "constraints": {"max_path_length": 0, "naming_constraints": {"permitted": [".example"]}, "allowed_entity_types": ["openid_relying_party"]},
    });
    assert_eq!(made, expected);
    // What is not named stays.
    let changed = add(&["--intermediate", "--unconstrained"]).unwrap();
    assert_eq!(changed["intermediate"], true);
    assert!(changed.get("constraints").is_none(), "{changed}");
    assert_eq!(changed["metadata_policy"], expected["metadata_policy"]);
    let listed = here.made(&[&BELOW[..], &["list"]].concat()).unwrap();
    assert_eq!(
        listed,
        json!([{"entity_id": LEAF, "entity_types": ["openid_relying_party"], "intermediate": true}])
    );
    let shown = here.ok(&[&BELOW[..], &["show", LEAF]].concat());
    let mark = |line: &[&str]| here.said(&[&["federation", "trust-mark"][..], line].concat());
    mark(&["grant", LEAF, "https://m.example", "--expires-in", "60"]).unwrap();
    let marked = here.made(&[&BELOW[..], &["show", LEAF]].concat()).unwrap();
    let given = &marked["trust_marks"][0];
    assert_eq!(given["trust_mark_type"], "https://m.example");
    let (from, until) = (given["granted_at"].as_i64(), given["expires_at"].as_i64());
    assert_eq!(until.unwrap() - from.unwrap(), 60);
    mark(&["revoke", LEAF, "https://m.example"]).unwrap();
    mark(&["revoke", LEAF, "https://m.example"]).unwrap_err();
    mark(&["grant", "https://nobody.example", "https://m.example"]).unwrap_err();
    assert!(shown.contains("contacts"), "{shown}");
    here.ok(&[&BELOW[..], &["remove", LEAF]].concat());
    assert!(
        here.refused(&[&BELOW[..], &["remove", LEAF]].concat())
            .contains("there is no subordinate")
    );
    assert!(
        here.ok(&[&BELOW[..], &["list"]].concat())
            .contains("vouches for nobody")
    );
}

#[test]
fn what_cannot_be_vouched_for_is_refused_in_words() {
    let here = Here::new();
    here.write("keys.json", KEYS);
    here.write(
        "private.json",
        &KEYS.replace(r#""kid""#, r#""d":"AAAA","kid""#),
    );
    here.write("list.json", "[]");
    for (entity, options, words) in [
        (
            "leaf.example",
            vec!["--jwks", "keys.json"],
            "entity identifier",
        ),
        (LEAF, vec!["--jwks", "nothing.json"], "nothing.json"),
        (LEAF, vec!["--jwks", "list.json"], "list.json"),
        (LEAF, vec!["--jwks", "private.json"], "private"),
        (
            LEAF,
            vec!["--jwks", "keys.json", "--metadata-policy-crit", "value"],
            "metadata_policy_crit",
        ),
    ] {
        let line = [&BELOW[..], &["add", entity], &options].concat();
        let said = here.refused(&line);
        assert!(said.contains(words), "{line:?}: {said}");
    }
}
