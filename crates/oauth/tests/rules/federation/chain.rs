//! Chains of trust (OpenID Federation 1.0 §4, §10.2).

use oauth::ErrorCode;
use oauth::federation::Disbelief;
use serde_json::json;

use super::{Entity, Federation, LEAF, MIDDLE, NOW, TOP, nothing};

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

/// §3.5 step 6: whoever is above is named by who is below.
#[test]
fn nobody_is_put_below_somebody_whom_they_do_not_name() {
    let it = Federation::new();
    for hints in [
        json!([TOP]),
        json!("absent"),
        json!(["https://other.example"]),
    ] {
        let refused = it.with(0, &json!({"authority_hints": hints}));
        assert!(matches!(refused, Err(Disbelief::Chain(_))), "{hints}");
    }
    assert!(
        it.with(0, &json!({"authority_hints": [TOP, MIDDLE]}))
            .is_ok()
    );
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
