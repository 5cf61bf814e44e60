//! What is a statement (OpenID Federation 1.0 §3).

use jose::jws;
use oauth::federation::Statement;
use serde_json::json;

use super::{Federation, LEAF, NOW, TOP, claims};

#[test]
fn statements_that_are_none_are_refused() {
    let it = Federation::new();
    let marked = json!({"trust_mark_type": "https://m.example/a"});
    let mark = it.top.sign("trust-mark+jwt", &marked);
    let good =
        json!({"trust_marks": [{"trust_mark_type": "https://m.example/a", "trust_mark": mark}]});
    assert!(it.with(0, &good).is_ok());
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
        // One of the specification's own is no extension (§3.5 step 17).
        (1, json!({"metadata_policy_crit": ["subset_of"]})),
        (1, json!({"trust_anchor": TOP})),
        (0, json!({"trust_anchor": TOP})),
        (1, json!({"trust_marks": []})),
        (0, json!({"trust_marks": ["x"]})),
        (
            0,
            json!({"trust_marks": [{"trust_mark_type": "https://m.example/b", "trust_mark": mark}]}),
        ),
        (0, json!({"trust_marks": [{"trust_mark": mark}]})),
        (
            0,
            json!({"trust_marks": [{"trust_mark_type": "https://m.example/a", "trust_mark": "x"}]}),
        ),
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
    // A key has a name (§3.5 step 11).
    let mut nameless = jws::Header::typed("entity-statement+jwt", &it.leaf.key);
    for kid in [None, Some(String::new())] {
        nameless.kid = kid;
        let text = jws::sign(&it.leaf.key, &nameless, claims.to_string().as_bytes()).unwrap();
        assert!(Statement::parse(&text).is_err());
    }
    let named = it.leaf.sign("application/entity-statement+jwt", &claims);
    assert!(Statement::parse(&named).is_ok());
}
