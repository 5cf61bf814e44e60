//! Trust marks (OpenID Federation 1.0 §7).

use oauth::federation::{Statement, TrustMark, TrustMarkIssuers};
use serde_json::{Value, json};

use super::{Entity, LEAF, NOW, TOP, with};

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
    assert_eq!(judge(&mark(json!({})), &accepts), Ok(NOW + 60));
    assert_eq!(
        judge(
            &mark(json!({"trust_mark_type": "https://m.example/any", "exp": "absent"})),
            &accepts
        ),
        Ok(i64::MAX)
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
    assert_eq!(
        judge(&mark(delegation(&owner, json!({}))), &owned),
        Ok(NOW + 60)
    );
    // It ends with what was delegated.
    let brief = delegation(&owner, json!({"exp": NOW + 30}));
    assert_eq!(judge(&mark(brief), &owned), Ok(NOW + 30));
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
