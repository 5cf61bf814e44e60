//! Policies, and what they make of metadata (OpenID Federation 1.0 §6).

use oauth::ErrorCode;
use oauth::federation::{Disbelief, MetadataPolicy};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Federation, LEAF};

/// §6.1.4.2, §6.2.3: first what the superior says, then the types, then the policies.
#[test]
fn superiors_shape_what_an_entity_is() {
    let it = Federation::new();
    let said = json!({
        "metadata": {"openid_relying_party": {"client_name": "By its superior"}, "openid_provider": {"issuer": LEAF}},
        "metadata_policy": {"openid_relying_party": {"grant_types": {"subset_of": ["authorization_code"]}}},
    });
    let above = json!({"metadata_policy": {"openid_relying_party": {
        "grant_types": {"subset_of": ["authorization_code", "refresh_token"], "superset_of": ["authorization_code"]},
        "contacts": {"add": ["ops@anchor.example"]}, "subject_type": {"value": "pairwise"},
    }}, "metadata": {"openid_relying_party": {"client_name": "By the anchor"}}});
    let chain = it.verify(&it.texts([&json!({}), &said, &above])).unwrap();
    let metadata = chain.metadata("openid_relying_party").unwrap().unwrap();
    assert_eq!(
        Value::Object(metadata),
        json!({"client_name": "By its superior", "grant_types": ["authorization_code"], "contacts": ["ops@anchor.example"], "subject_type": "pairwise"})
    );
    // A superior makes nobody what they do not say they are.
    assert_eq!(chain.metadata("openid_provider"), Ok(None));
    let only = json!({"constraints": {"allowed_entity_types": ["openid_provider"]}});
    assert_eq!(
        it.with(2, &only).unwrap().metadata("openid_relying_party"),
        Ok(None)
    );
    let impossible =
        json!({"metadata_policy": {"openid_relying_party": {"jwks_uri": {"essential": true}}}});
    let refused = it
        .with(2, &impossible)
        .unwrap()
        .metadata("openid_relying_party")
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidMetadata);
}

fn policy(operators: &Value) -> Result<MetadataPolicy, Disbelief> {
    MetadataPolicy::read(&json!({"t": {"m": operators}}), &[])
}

fn applied(operators: &Value, member: &Value) -> Option<Value> {
    let metadata = match member {
        Value::Null => Map::new(),
        value => Map::from_iter([("m".to_owned(), value.clone())]),
    };
    let mut after = policy(operators).unwrap().apply("t", metadata).ok()?;
    Some(after.remove("m").unwrap_or(Value::Null))
}

/// §6.1.3.1, and its table of `essential` and `subset_of`.
#[test]
fn operators_do_what_the_specification_says() {
    for (operators, member, after) in [
        (json!({"value": 1}), json!(2), Some(json!(1))),
        (json!({"value": null}), json!(2), Some(json!(null))),
        (json!({"add": ["a"]}), json!(["b"]), Some(json!(["b", "a"]))),
        (json!({"add": ["a"]}), json!(["a"]), Some(json!(["a"]))),
        (json!({"add": ["a"]}), json!(null), Some(json!(["a"]))),
        (json!({"add": ["a"]}), json!("b"), None),
        (json!({"default": "a"}), json!(null), Some(json!("a"))),
        (json!({"default": "a"}), json!("b"), Some(json!("b"))),
        (json!({"one_of": ["a"]}), json!("a"), Some(json!("a"))),
        (json!({"one_of": ["a"]}), json!("b"), None),
        (json!({"one_of": ["a"]}), json!(null), Some(json!(null))),
        (json!({"one_of": ["a"], "default": "b"}), json!(null), None),
        (
            json!({"superset_of": ["a"]}),
            json!(["b", "a"]),
            Some(json!(["b", "a"])),
        ),
        (json!({"superset_of": ["a"]}), json!(["b"]), None),
        (json!({"superset_of": ["a"]}), json!("a"), None),
        (json!({"essential": true}), json!(null), None),
        (json!({"essential": false}), json!(null), Some(json!(null))),
        (
            json!({"essential": true, "subset_of": ["a", "b", "c"]}),
            json!(["a", "e"]),
            Some(json!(["a"])),
        ),
        (
            json!({"subset_of": ["a", "b", "c"]}),
            json!(["a", "e"]),
            Some(json!(["a"])),
        ),
        (
            json!({"essential": true, "subset_of": ["a", "b", "c"]}),
            json!(["d", "e"]),
            Some(json!([])),
        ),
        (
            json!({"subset_of": ["a", "b", "c"]}),
            json!(["d", "e"]),
            Some(json!([])),
        ),
        (
            json!({"essential": true, "subset_of": ["a"]}),
            json!(null),
            None,
        ),
        (json!({"subset_of": ["a"]}), json!(null), Some(json!(null))),
        (json!({"regexp": "x"}), json!("y"), Some(json!("y"))),
    ] {
        assert_eq!(applied(&operators, &member), after, "{operators} {member}");
    }
}

#[test]
fn operators_that_contradict_each_other_are_refused() {
    for wrong in [
        json!({"value": ["a"], "add": ["b"]}),
        json!({"value": null, "default": "a"}),
        json!({"value": null, "essential": true}),
        json!({"value": "a", "one_of": ["b"]}),
        json!({"value": ["a"], "subset_of": ["b"]}),
        json!({"value": ["a"], "superset_of": ["b"]}),
        json!({"value": "a", "subset_of": ["a"]}),
        json!({"add": ["a"], "one_of": ["a"]}),
        json!({"add": ["a"], "subset_of": ["b"]}),
        json!({"one_of": ["a"], "subset_of": ["a"]}),
        json!({"one_of": ["a"], "superset_of": ["a"]}),
        json!({"subset_of": ["a"], "superset_of": ["b"]}),
        json!({"default": null}),
        json!({"essential": "yes"}),
        json!({"add": "a"}),
        json!("value"),
    ] {
        assert!(policy(&wrong).is_err(), "{wrong}");
    }
    for (above, below) in [
        (json!({"value": 1}), json!({"value": 2})),
        (json!({"default": 1}), json!({"default": 2})),
        (json!({"one_of": ["a"]}), json!({"one_of": ["b"]})),
        (json!({"subset_of": ["a"]}), json!({"add": ["b"]})),
        (json!({"subset_of": ["a"]}), json!({"value": ["b"]})),
        (json!({"value": null}), json!({"essential": true})),
    ] {
        assert!(
            policy(&above)
                .unwrap()
                .merge(policy(&below).unwrap())
                .is_err(),
            "{above} {below}"
        );
    }
}

/// §6.1.3.1.8.
#[test]
fn a_scope_is_a_list_of_words() {
    let of = |operators: Value, scope: Value| {
        let policy = MetadataPolicy::read(&json!({"t": {"scope": operators}}), &[]).unwrap();
        let metadata = Map::from_iter([("scope".to_owned(), scope)]);
        policy
            .apply("t", metadata)
            .map(|mut after| after.remove("scope").unwrap())
    };
    assert_eq!(
        of(
            json!({"subset_of": ["openid", "email"]}),
            json!("openid admin email")
        ),
        Ok(json!("openid email"))
    );
    assert_eq!(
        of(json!({"add": ["openid"]}), json!("email")),
        Ok(json!("email openid"))
    );
    assert_eq!(
        of(json!({"value": "openid"}), json!("email")),
        Ok(json!("openid"))
    );
    assert!(of(json!({"superset_of": ["openid"]}), json!("email")).is_err());
    assert_eq!(
        of(json!({"one_of": ["openid email"]}), json!("openid email")),
        Ok(json!("openid email"))
    );
}

fn letters() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["a", "b", "c", "d"], 0..=4)
}

fn operators() -> impl Strategy<Value = Value> {
    let lists = (
        proptest::option::of(letters()),
        proptest::option::of(letters()),
        proptest::option::of(letters()),
    );
    let value = proptest::option::of(prop_oneof![
        Just(json!(null)),
        Just(json!("a")),
        letters().prop_map(|it| json!(it))
    ]);
    let default = proptest::option::of(prop_oneof![
        Just(json!("a")),
        letters().prop_map(|it| json!(it))
    ]);
    let rest = (
        proptest::option::of(letters()),
        proptest::option::of(any::<bool>()),
    );
    (lists, value, default, rest).prop_map(
        |((add, subset, superset), value, default, (one_of, essential))| {
            let mut operators = json!({});
            for (name, list) in [
                ("add", add),
                ("subset_of", subset),
                ("superset_of", superset),
                ("one_of", one_of),
            ] {
                if let Some(list) = list {
                    operators[name] = json!(list);
                }
            }
            for (name, value) in [
                ("value", value),
                ("default", default),
                ("essential", essential.map(Value::from)),
            ] {
                if let Some(value) = value {
                    operators[name] = value;
                }
            }
            operators
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, max_global_rejects: 2_000_000, ..ProptestConfig::default() })]

    /// §6.1.1: what policies make of metadata, each policy alone would leave as it is.
    #[test]
    fn policies_that_are_merged_never_widen(
        above in operators(), below in operators(),
        member in prop_oneof![Just(json!(null)), Just(json!("a")), letters().prop_map(|it| json!(it))],
    ) {
        let (Ok(above), Ok(below)) = (policy(&above), policy(&below)) else { return Ok(()) };
        let Ok(merged) = above.clone().merge(below.clone()) else { return Ok(()) };
        let metadata = match member { Value::Null => Map::new(), value => Map::from_iter([("m".to_owned(), value)]) };
        if let Ok(after) = merged.apply("t", metadata) {
            prop_assert_eq!(above.apply("t", after.clone()), Ok(after.clone()));
            prop_assert_eq!(below.apply("t", after.clone()), Ok(after));
        }
    }
}
