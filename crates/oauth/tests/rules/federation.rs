//! OpenID Federation 1.0: chains, policies, trust marks.

use jose::{Algorithm, JwkSet, KeySet, SigningKey, jws};
use oauth::ErrorCode;
use oauth::federation::{
    Anchor, Chain, Disbelief, MetadataPolicy, Statement, TrustMark, TrustMarkIssuers,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: i64 = 1_800_000_000;
const LEAF: &str = "https://leaf.example";
const MIDDLE: &str = "https://middle.example";
const TOP: &str = "https://anchor.example";

struct Entity {
    id: &'static str,
    key: SigningKey,
}

impl Entity {
    fn new(id: &'static str) -> Self {
        Self {
            id,
            key: SigningKey::generate(Algorithm::Es256).unwrap(),
        }
    }

    fn jwks(&self) -> Value {
        let mut key = self.key.public_jwk().unwrap().to_value();
        key["kid"] = json!(self.key.kid());
        json!({"keys": [key]})
    }

    fn keys(&self) -> KeySet {
        KeySet::from_jwks(&JwkSet::from_json(&self.jwks().to_string()).unwrap())
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = jws::Header::typed(typ, &self.key);
        jws::sign(&self.key, &header, claims.to_string().as_bytes()).unwrap()
    }

    fn says(&self, of: &Self, more: &Value) -> String {
        self.sign("entity-statement+jwt", &with(claims(self.id, of), more))
    }
}

fn claims(issuer: &str, of: &Entity) -> Value {
    json!({"iss": issuer, "sub": of.id, "iat": NOW - 10, "exp": NOW + 600, "jwks": of.jwks()})
}

fn with(mut claims: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        if value == "absent" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

struct Federation {
    leaf: Entity,
    middle: Entity,
    top: Entity,
}

impl Federation {
    fn new() -> Self {
        Self {
            leaf: Entity::new(LEAF),
            middle: Entity::new(MIDDLE),
            top: Entity::new(TOP),
        }
    }

    /// The usual chain, with changes of the leaf's configuration and of what each superior says.
    fn texts(&self, changes: [&Value; 3]) -> Vec<String> {
        let own = json!({"authority_hints": [MIDDLE], "metadata": {"openid_relying_party": {"client_name": "Leaf", "grant_types": ["authorization_code", "implicit"]}}});
        let leaf = self.leaf.sign(
            "entity-statement+jwt",
            &with(with(claims(LEAF, &self.leaf), &own), changes[0]),
        );
        vec![
            leaf,
            self.middle.says(&self.leaf, changes[1]),
            self.top.says(&self.middle, changes[2]),
        ]
    }

    fn verify(&self, texts: &[String]) -> Result<Chain, Disbelief> {
        let keys = self.top.keys();
        let anchors = [Anchor {
            id: TOP,
            keys: &keys,
        }];
        let statements = texts
            .iter()
            .map(|text| Statement::parse(text))
            .collect::<Result<Vec<_>, _>>()?;
        Chain::verify(statements, &anchors, NOW)
    }

    fn with(&self, at: usize, change: &Value) -> Result<Chain, Disbelief> {
        let nothing = json!({});
        let mut changes = [&nothing; 3];
        changes[at] = change;
        self.verify(&self.texts(changes))
    }
}

fn nothing() -> [Value; 3] {
    [json!({}), json!({}), json!({})]
}

/// §4, §10.2, §10.4.
#[test]
fn a_chain_ends_at_the_anchor_and_counts_as_long_as_each_statement() {
    let it = Federation::new();
    let none = nothing();
    let mut texts = it.texts([&none[0], &none[1], &json!({"exp": NOW + 60})]);
    let chain = it.verify(&texts).unwrap();
    assert_eq!(
        (chain.subject(), chain.superior(), chain.anchor()),
        (LEAF, MIDDLE, TOP)
    );
    assert_eq!(chain.expires_at(), NOW + 60);
    assert_eq!(
        chain.metadata("openid_relying_party").unwrap().unwrap()["client_name"],
        "Leaf"
    );
    assert_eq!(chain.metadata("openid_provider"), Ok(None));
    // The anchor's own configuration may follow, if it is signed with the keys that were told.
    texts.push(it.top.says(&it.top, &json!({"exp": NOW + 30})));
    assert_eq!(it.verify(&texts).unwrap().expires_at(), NOW + 30);
    let impostor = Entity::new(TOP);
    texts[3] = impostor.says(&impostor, &json!({}));
    assert!(it.verify(&texts).is_err());
}

#[test]
fn links_that_do_not_hold_are_refused() {
    let it = Federation::new();
    let none = nothing();
    let texts = it.texts([&none[0], &none[1], &none[2]]);
    let refused = |texts: &[String]| it.verify(texts).unwrap_err();
    for wrong in [
        vec![],
        vec![texts[0].clone()],
        vec![texts[0].clone(), texts[2].clone()],
        vec![texts[1].clone(), texts[2].clone()],
        vec![texts[2].clone(), texts[1].clone(), texts[0].clone()],
        vec![
            texts[0].clone(),
            texts[1].clone(),
            texts[1].clone(),
            texts[2].clone(),
        ],
    ] {
        refused(&wrong);
    }
    // Without the anchor's word it is a chain of strangers.
    assert_eq!(refused(&texts[..2]), Disbelief::Anchor);
    assert_eq!(refused(&texts[..2]).code(), ErrorCode::InvalidTrustAnchor);
    // Another leaf's statement, another key for the leaf, a statement that the anchor's namesake signed.
    let other = Entity::new("https://other.example");
    refused(&[
        texts[0].clone(),
        it.middle.says(&other, &json!({})),
        texts[2].clone(),
    ]);
    // Not even when it names the leaf's keys.
    let keys = json!({"jwks": it.leaf.jwks()});
    let of_other = [
        texts[0].clone(),
        it.middle.says(&other, &keys),
        texts[2].clone(),
    ];
    refused(&of_other);
    let namesake = Entity::new(LEAF);
    refused(&[
        texts[0].clone(),
        it.middle.says(&namesake, &json!({})),
        texts[2].clone(),
    ]);
    let impostor = Entity::new(TOP);
    refused(&[
        texts[0].clone(),
        texts[1].clone(),
        impostor.says(&it.middle, &json!({})),
    ]);
    let loops = vec![
        texts[0].clone(),
        it.middle.says(&it.leaf, &json!({})),
        it.leaf.says(&it.middle, &json!({})),
        it.top.says(&it.leaf, &json!({})),
    ];
    refused(&loops);
}

#[test]
fn statements_that_are_none_are_refused() {
    let it = Federation::new();
    for (at, change) in [
        (0, json!({"exp": NOW})),
        (2, json!({"exp": NOW})),
        (1, json!({"iat": NOW + 61})),
        (1, json!({"exp": "absent"})),
        (1, json!({"iat": "absent"})),
        (1, json!({"exp": "1900000000"})),
        (1, json!({"jwks": "absent"})),
        (1, json!({"jwks": {"keys": []}})),
        (1, json!({"iss": "middle"})),
        (0, json!({"crit": ["something"]})),
        (1, json!({"crit": []})),
        (0, json!({"metadata_policy": {}})),
        (0, json!({"constraints": {}})),
        (1, json!({"authority_hints": [TOP]})),
        (1, json!({"trust_mark_issuers": {}})),
        (0, json!({"authority_hints": []})),
        (
            0,
            json!({"metadata": {"openid_relying_party": {"client_name": null}}}),
        ),
        (0, json!({"metadata": {"openid_relying_party": 1}})),
        (2, json!({"constraints": {"max_path_length": 0}})),
        (
            2,
            json!({"constraints": {"naming_constraints": {"excluded": ["leaf.example"]}}}),
        ),
        (1, json!({"metadata_policy_crit": ["regexp"]})),
        (1, json!({"metadata_policy_crit": []})),
        (1, json!({"metadata_policy": []})),
        (
            1,
            json!({"metadata_policy": {"openid_relying_party": {"contacts": {"one_of": []}}}}),
        ),
    ] {
        assert!(it.with(at, &change).is_err(), "{at} {change}");
    }
    let private = it.leaf.key.jwk().to_value();
    assert!(it.with(1, &json!({"jwks": {"keys": [private]}})).is_err());
    let claims = claims(LEAF, &it.leaf);
    for typ in ["JWT", "trust-mark+jwt", "at+jwt"] {
        assert!(
            Statement::parse(&it.leaf.sign(typ, &claims)).is_err(),
            "{typ}"
        );
    }
    let named = it.leaf.sign("application/entity-statement+jwt", &claims);
    assert!(Statement::parse(&named).is_ok());
}

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

/// §7.2, §7.3.
#[test]
fn a_trust_mark_counts_when_the_federation_accepts_its_issuer() {
    let (top, issuer, owner, leaf) = (
        Entity::new(TOP),
        Entity::new("https://marks.example"),
        Entity::new("https://owner.example"),
        Entity::new(LEAF),
    );
    let anchor = |more: Value| {
        TrustMarkIssuers::of(&Statement::parse(&top.says(&top, &more)).unwrap()).unwrap()
    };
    let accepts = anchor(
        json!({"trust_mark_issuers": {"https://m.example/a": [issuer.id], "https://m.example/any": []}}),
    );
    let claims = json!({"iss": issuer.id, "sub": LEAF, "trust_mark_type": "https://m.example/a", "iat": NOW, "exp": NOW + 60});
    let mark = |more: Value| issuer.sign("trust-mark+jwt", &with(claims.clone(), &more));
    let judge = |text: &str, anchor: &TrustMarkIssuers| {
        TrustMark::parse(text).and_then(|mark| mark.judge(LEAF, &issuer.keys(), anchor, NOW))
    };
    assert_eq!(judge(&mark(json!({})), &accepts), Ok(()));
    assert_eq!(
        judge(
            &mark(json!({"trust_mark_type": "https://m.example/any", "exp": "absent"})),
            &accepts
        ),
        Ok(())
    );
    for wrong in [
        mark(json!({"sub": "https://other.example"})),
        mark(json!({"iss": "https://other.example"})),
        mark(json!({"trust_mark_type": "https://m.example/b"})),
        mark(json!({"exp": NOW})),
        mark(json!({"exp": "never"})),
        mark(json!({"iat": NOW + 61})),
        mark(json!({"iat": "absent"})),
        mark(json!({"delegation": "x"})),
        issuer.sign("entity-statement+jwt", &claims),
        leaf.sign("trust-mark+jwt", &claims),
    ] {
        assert!(judge(&wrong, &accepts).is_err(), "{wrong}");
    }
    let owned = anchor(
        json!({"trust_mark_issuers": {"https://m.example/a": [issuer.id]}, "trust_mark_owners": {"https://m.example/a": {"sub": owner.id, "jwks": owner.jwks()}}}),
    );
    assert!(judge(&mark(json!({})), &owned).is_err());
    let grants = json!({"iss": owner.id, "sub": issuer.id, "trust_mark_type": "https://m.example/a", "iat": NOW});
    let delegation = |by: &Entity, more: Value| json!({"delegation": by.sign("trust-mark-delegation+jwt", &with(grants.clone(), &more))});
    assert_eq!(judge(&mark(delegation(&owner, json!({}))), &owned), Ok(()));
    assert!(judge(&mark(delegation(&owner, json!({}))), &accepts).is_err());
    for (by, more) in [
        (&issuer, json!({})),
        (&owner, json!({"sub": LEAF})),
        (&owner, json!({"iss": TOP})),
        (&owner, json!({"trust_mark_type": "https://m.example/b"})),
        (&owner, json!({"exp": NOW})),
    ] {
        assert!(
            judge(&mark(delegation(by, more.clone())), &owned).is_err(),
            "{more}"
        );
    }
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

/// Whatever byte of whatever statement is changed, nothing of it is believed.
#[test]
fn a_chain_with_one_changed_byte_is_refused() {
    let it = Federation::new();
    let none = nothing();
    let texts = it.texts([&none[0], &none[1], &none[2]]);
    it.verify(&texts).unwrap();
    for (number, text) in texts.iter().enumerate() {
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = match bytes[at] {
                b'A' => b'B',
                b'.' => b'A',
                _ => b'A',
            };
            let mut changed = texts.clone();
            changed[number] = String::from_utf8(bytes).unwrap();
            assert!(
                it.verify(&changed).is_err(),
                "statement {number}, byte {at}"
            );
        }
    }
}
