//! RFC 9901: what is issued verifies, and each claim is disclosed only where its disclosure is.

use jose::jws::{self, Header};
use jose::sd_jwt::{Claims, open, split};
use jose::{Algorithm, Error, SigningKey, VerifyingKey};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

fn sign(claims: Claims) -> String {
    let mut number = 0_u128;
    let salt = || {
        number += 1;
        number.to_be_bytes()
    };
    claims
        .sign(&KEY, &Header::typed("dc+sd-jwt", &KEY), salt)
        .unwrap()
}

fn payload(text: &str) -> Map<String, Value> {
    let (jwt, ..) = split(text).unwrap();
    let key = VerifyingKey::from_jwk(&KEY.public_jwk().unwrap(), Algorithm::Es256).unwrap();
    object(serde_json::from_slice(&jws::verify(jwt, &key).unwrap().payload).unwrap())
}

#[test]
fn the_example_of_rfc_9901_4_2_3_hashes_as_it_says() {
    let disclosure = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
    let payload = object(json!({"_sd": ["X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"]}));
    let opened = open(&payload, &[disclosure]).unwrap();
    assert_eq!(Value::Object(opened), json!({"family_name": "Möbius"}));
}

#[test]
fn the_example_of_rfc_9901_4_2_4_2_hides_an_entry_of_a_list() {
    let disclosure = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0";
    let list = json!({"nationalities": ["DE", {"...": "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs"}, "US"]});
    let opened = open(&object(list.clone()), &[disclosure]).unwrap();
    assert_eq!(
        Value::Object(opened),
        json!({"nationalities": ["DE", "FR", "US"]})
    );
    let opened = open(&object(list), &[]).unwrap();
    assert_eq!(
        Value::Object(opened),
        json!({"nationalities": ["DE", "US"]})
    );
}

#[test]
fn hidden_claims_of_an_object_stand_in_it() {
    let mut claims = Claims::new(object(
        json!({"iss": "https://as", "address": {"country": "DE"}}),
    ))
    .unwrap();
    claims
        .hide(&path("address.locality"), json!("Berlin"))
        .unwrap();
    claims.hide(&path("name.given"), json!("Alice")).unwrap();
    claims.decoy(&path("name.family")).unwrap();
    let text = sign(claims);
    let (_, disclosures, proof) = split(&text).unwrap();
    assert_eq!((disclosures.len(), proof), (2, None));
    let payload = payload(&text);
    assert_eq!(payload["name"]["_sd"].as_array().unwrap().len(), 2);
    assert_eq!(payload["_sd_alg"], "sha-256");
    let shown = open(&payload, &disclosures).unwrap();
    let all = json!({"iss": "https://as", "address": {"country": "DE", "locality": "Berlin"}, "name": {"given": "Alice"}});
    assert_eq!(Value::Object(shown), all);
    let nothing = json!({"iss": "https://as", "address": {"country": "DE"}, "name": {}});
    assert_eq!(Value::Object(open(&payload, &[]).unwrap()), nothing);
}

#[test]
fn what_cannot_be_hidden_is_refused() {
    for reserved in [
        json!({"_sd": 1}),
        json!({"a": [{"...": 1}]}),
        json!({"_sd_alg": "x"}),
    ] {
        assert!(Claims::new(object(reserved.clone())).is_err(), "{reserved}");
        let mut claims = Claims::new(Map::new()).unwrap();
        assert!(
            claims.hide(&path("x"), reserved.clone()).is_err(),
            "{reserved}"
        );
    }
    let mut claims = Claims::new(object(json!({"a": 1, "o": {"b": 1}}))).unwrap();
    for taken in ["a", "a.b", "o", "o.b", "_sd", "o._sd"] {
        assert!(claims.hide(&path(taken), json!(1)).is_err(), "{taken}");
    }
    assert!(claims.hide(&[], json!(1)).is_err());
    let deep = |depth: usize| vec!["deep".to_owned(); depth];
    assert!(claims.hide(&deep(9), json!(1)).is_err());
    claims.hide(&deep(8), json!(1)).unwrap();
    claims.hide(&path("x.y"), json!(1)).unwrap();
    for meets in ["x", "x.y", "x.y.z"] {
        assert!(claims.hide(&path(meets), json!(1)).is_err(), "{meets}");
    }
}

#[test]
fn what_a_holder_shows_is_refused_when_it_does_not_belong() {
    let mut claims = Claims::new(Map::new()).unwrap();
    claims.hide(&path("a"), json!(1)).unwrap();
    let text = sign(claims);
    let (_, disclosures, _) = split(&text).unwrap();
    let payload = payload(&text);
    let one = disclosures[0];
    let encode = |text: &str| jose::base64url::encode(text);
    let foreign = encode(r#"["salt","a",2]"#);
    for (case, shown) in [
        ("twice", vec![one, one]),
        ("of another", vec![one, foreign.as_str()]),
        ("nothing", vec![""]),
        ("not base64", vec!["!"]),
    ] {
        assert!(open(&payload, &shown).is_err(), "{case}");
    }
    let hash = payload["_sd"][0].clone();
    for (case, wrong) in [
        ("the claim is there", json!({"a": 0, "_sd": [hash]})),
        ("the hash is there twice", json!({"_sd": [hash, hash]})),
        (
            "in two places",
            json!({"_sd": [hash], "b": {"_sd": [hash]}}),
        ),
        ("a member in a list", json!({"b": [{"...": hash}]})),
        ("an entry in no list", json!({"_sd": [hash], "...": "x"})),
        ("no list", json!({"_sd": hash})),
        ("no text", json!({"_sd": [hash, 1]})),
        ("another hash", json!({"_sd": [hash], "_sd_alg": "sha-512"})),
        ("no name of a hash", json!({"_sd": [hash], "_sd_alg": 1})),
    ] {
        assert!(open(&object(wrong), &[one]).is_err(), "{case}");
    }
    for json in [
        r#"["salt"]"#,
        r#"["salt",1]"#,
        r#"["salt","a",1,2]"#,
        r#"[1,"a",1]"#,
        r#"["salt","_sd",1]"#,
        r#"["salt","...",1]"#,
        r#"["salt",1,1]"#,
        r#"{}"#,
        r#"["s","a",1],"e":[1]"#,
        r#"["s","a",{"b":1,"b":2}]"#,
    ] {
        let text = encode(json);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let payload = object(json!({"_sd": [jose::base64url::encode(digest)]}));
        assert!(open(&payload, &[&text]).is_err(), "{json}");
    }
    assert_eq!(
        split("a.b.c").err(),
        Some(Error::Malformed("an SD-JWT has a ~"))
    );
}

/// What anybody sends is not read without end.
#[test]
fn what_is_too_much_is_not_read() {
    let parts = |count: usize| format!("a.b.c~{}", "x~".repeat(count));
    assert_eq!(split(&parts(500)).unwrap().1.len(), 500);
    assert_eq!(split(&parts(501)).err(), Some(Error::TooLarge));
    let long = format!("a.b.c~{}", "x".repeat(4 * 1024 * 1024));
    assert_eq!(split(&long).err(), Some(Error::TooLarge));
    let deep = |depth: usize| {
        let nested = (0..depth).fold(json!(1), |inner, _| json!([inner]));
        open(&object(json!({"a": nested})), &[])
    };
    assert!(deep(31).is_ok());
    assert_eq!(deep(32), Err(Error::TooLarge));
}

proptest! {
    /// Whatever is hidden and whatever of it is shown: exactly the open claims and the shown ones are read, in no order that tells more.
    #[test]
    fn exactly_what_is_shown_is_read(values in prop::collection::btree_map("[a-z]{1,6}(\\.[a-z]{1,3})?", any::<i32>(), 0..8), picks in any::<u8>()) {
        let mut claims = Claims::new(object(json!({"iss": "https://as"}))).unwrap();
        let hidden: Vec<(Vec<String>, i32)> = values.into_iter()
            .map(|(name, value)| (path(&name), value))
            .filter(|(path, value)| claims.hide(path, json!(value)).is_ok())
            .collect();
        let text = sign(claims);
        let payload = payload(&text);
        let (_, disclosures, _) = split(&text).unwrap();
        prop_assert_eq!(disclosures.len(), hidden.len());
        let shown: Vec<&str> = disclosures.iter().enumerate().filter(|(index, _)| picks >> index & 1 == 1).map(|(_, d)| *d).collect();
        let opened = Value::Object(open(&payload, &shown).unwrap());
        let names: Vec<String> = shown.iter().map(|d| {
            let json: Value = serde_json::from_slice(&jose::base64url::decode(d).unwrap()).unwrap();
            format!("{}={}", json[1].as_str().unwrap(), json[2])
        }).collect();
        let mut count = 0;
        for (path, value) in &hidden {
            let pointer = format!("/{}", path.join("/"));
            if let Some(found) = opened.pointer(&pointer) {
                count += 1;
                prop_assert_eq!(found, &json!(value));
                let mark = format!("{}={}", path.last().unwrap(), value);
                prop_assert!(names.contains(&mark));
            }
        }
        prop_assert_eq!(count, shown.len());
        // No salt twice, and the disclosures in an order that says nothing of where they belong.
        let salt = |d: &&str| serde_json::from_slice::<Value>(&jose::base64url::decode(d).unwrap()).unwrap()[0].clone();
        let mut salts: Vec<String> = disclosures.iter().map(|d| salt(d).to_string()).collect();
        salts.sort();
        salts.dedup();
        prop_assert_eq!(salts.len(), disclosures.len());
        let hashes = disclosures.iter().map(|d| jose::base64url::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, d.as_bytes())));
        prop_assert!(hashes.is_sorted());
        // Hashes stand in the order of their text.
        let list: Vec<&str> = payload.get("_sd").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        prop_assert!(list.is_sorted());
    }

    #[test]
    fn no_text_makes_the_reader_fail(text in "\\PC{0,60}", disclosures in prop::collection::vec("[A-Za-z0-9_-]{0,20}", 0..4)) {
        let _ = split(&text);
        let shown: Vec<&str> = disclosures.iter().map(String::as_str).collect();
        let _ = open(&object(json!({"_sd": ["a"], "l": [{"...": "b"}]})), &shown);
    }
}
