//! Keys that sign, and the key that seals.

use crate::here::Here;

#[test]
fn keys_are_listed_and_rotated() {
    let here = Here::new();
    let before = here.json(&["key", "list", "--json"]);
    here.ok(&["key", "rotate"]);
    let after = here.json(&["key", "list", "--json"]);
    assert_eq!(
        after.as_array().unwrap().len(),
        before.as_array().unwrap().len() + 1
    );

    // Each algorithm has keys of its own, and each can be looked at; its secret half never.
    here.ok(&["key", "rotate", "--alg", "ML-DSA-44"]);
    let all = here.json(&["key", "list", "--json"]);
    let all = all.as_array().unwrap();
    let quantum = all.iter().find(|key| key["alg"] == "ML-DSA-44").unwrap();
    let kid = quantum["kid"].as_str().unwrap();
    let shown = here.json(&["key", "show", kid, "--json"]);
    assert_eq!(
        (&shown["kid"], &shown["state"]),
        (&kid.into(), &"signs".into())
    );
    assert_eq!(shown["public"]["kty"], "AKP");
    assert_eq!(shown["public"].get("priv"), None);
    let said = here.ok(&["key", "show", &kid[..12]]);
    assert!(said.contains(kid) && said.contains("ML-DSA-44"), "{said}");
    here.refused(&["key", "show", "nobody"]);
    here.refused(&["key", "rotate", "--alg", "HS256"]);

    // The keys that request objects are encrypted to (RFC 9101 §6.1) are among them: the one before opens for a while, and is no longer published.
    // The first one of P-256 derives from the root secret and is never the new one.
    for (family, published) in [
        ("ECDH-ES", [false, false, true].as_slice()),
        ("RSA-OAEP", &[false, true]),
    ] {
        for _ in 0..2 {
            here.ok(&["key", "rotate", "--alg", family]);
        }
        let all = here.json(&["key", "list", "--json"]);
        let opening = all.as_array().unwrap().iter();
        let opening: Vec<_> = opening.filter(|key| key["alg"] == family).collect();
        let states = opening.iter().map(|key| {
            let shown = here.json(&["key", "show", key["kid"].as_str().unwrap(), "--json"]);
            let published = shown["public"]["use"] == "enc" && shown["public"].get("d").is_none();
            (shown["state"].as_str().unwrap().to_owned(), published)
        });
        let states: Vec<_> = states.collect();
        let until = "opens request objects until 2";
        assert!(states[0].0.starts_with(until), "{states:?}");
        let seen: Vec<bool> = states.iter().map(|state| state.1).collect();
        assert_eq!(seen, published);
        assert_eq!(states.last().unwrap().0, "opens request objects");
    }
}

#[test]
fn secrets_are_sealed_with_a_new_key_and_the_old_one_opens_nothing() {
    let here = Here::new();
    let (old, new) = ("A".repeat(43), format!("{}E", "B".repeat(42)));
    let database = "database = \"sqlite:grantor.db\"\n";
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{old}\"\n"),
    );
    here.ok(&["key", "list"]);
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{new}\"\nsealing_key_previous = \"{old}\"\n"),
    );
    assert!(here.ok(&["key", "reseal"]).contains("1 realm"));
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{new}\"\n"),
    );
    here.ok(&["key", "list"]);
    here.write(
        "grantor.toml",
        &format!("{database}sealing_key = \"{old}\"\n"),
    );
    here.refused(&["key", "list"]);
}
