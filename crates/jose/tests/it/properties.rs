//! Whatever the bytes: no panic, what was made is accepted, what was changed is refused.

use super::rfc7516;
use jose::{
    Algorithm, Error, Jwk, JwkSet, SigningKey, VerifyingKey, base64url,
    jwe::{self, ContentEncryption, KeyManagement},
    jws::{self, Header, json::Json},
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// A key of each algorithm, made once: all RSA ones from one pair.
static KEYS: LazyLock<Vec<(SigningKey, VerifyingKey)>> = LazyLock::new(|| {
    let rsa = SigningKey::generate(Algorithm::Rs256)
        .unwrap()
        .jwk()
        .to_value();
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| {
            let mut jwk = rsa.clone();
            jwk["alg"] = algorithm.as_str().into();
            let key = match SigningKey::from_jwk(&Jwk::from_value(jwk).unwrap(), algorithm) {
                Ok(key) => key,
                Err(_) => SigningKey::generate(algorithm).unwrap(),
            };
            let verifying = key.verifying_key().unwrap();
            (key, verifying)
        })
        .collect()
});

static RECIPIENTS: LazyLock<Vec<(KeyManagement, Jwk)>> = LazyLock::new(|| {
    let bare = |key: &SigningKey| {
        let mut value = key.jwk().to_value();
        for name in ["alg", "use", "kid"] {
            value.as_object_mut().unwrap().remove(name);
        }
        Jwk::from_value(value).unwrap()
    };
    let of = |algorithm| {
        bare(
            &KEYS
                .iter()
                .find(|(key, _)| key.algorithm() == algorithm)
                .unwrap()
                .0,
        )
    };
    let secret = |length| Jwk::symmetric(&vec![9; length]).unwrap();
    let x25519 = json!({"kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08",
        "d": "XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os"});
    vec![
        (KeyManagement::A128Kw, secret(16)),
        (KeyManagement::A192Kw, secret(24)),
        (KeyManagement::A256Kw, secret(32)),
        (KeyManagement::RsaOaep, of(Algorithm::Rs256)),
        (KeyManagement::RsaOaep256, of(Algorithm::Rs256)),
        (KeyManagement::EcdhEs, of(Algorithm::Es256)),
        (KeyManagement::EcdhEs, Jwk::from_value(x25519).unwrap()),
        (KeyManagement::EcdhEsA128Kw, of(Algorithm::Es384)),
        (KeyManagement::EcdhEsA192Kw, of(Algorithm::Es256)),
        (KeyManagement::EcdhEsA256Kw, of(Algorithm::Es512)),
    ]
});

const POLICY: Policy<'_> = Policy {
    issuer: Issuer::Unchecked,
    audience: Audience::Unchecked,
    algorithms: &Algorithm::ALL,
    typ: Type::Is("x"),
    lifetime: Lifetime::Unlimited,
    now: 0,
    leeway: 0,
};

fn everything_refuses(text: &str) {
    for (_, key) in KEYS.iter() {
        assert!(jws::verify(text, key).is_err());
        assert!(jwt::verify::<Value>(text, key, &POLICY).is_err());
    }
    let _ = jws::peek(text).map(|it| it.claims());
    let _ = jwt::verify_with_header_key::<Value>(text, &POLICY);
    let _ = (Jwk::from_json(text), JwkSet::from_json(text));
    let _ = (base64url::decode(text), Json::parse(text));
    for (_, key) in RECIPIENTS.iter() {
        assert!(jwe::decrypt(text, key, &rfc7516::ALL).is_err());
        assert!(jwe::decrypt_json(text, key, &rfc7516::ALL).is_err());
    }
}

/// JSON that has the members that matter, of types that may be wrong.
fn header() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "alg",
        "enc",
        "typ",
        "kid",
        "jwk",
        "epk",
        "crit",
        "kty",
        "crv",
        "x",
        "y",
        "d",
        "k",
        "n",
        "e",
        "keys",
        "payload",
        "protected",
        "signature",
        "recipients",
        "iv",
        "tag",
        "ciphertext",
    ]);
    let words = vec![
        "ES256",
        "HS256",
        "RS256",
        "ML-DSA-44",
        "dir",
        "A128KW",
        "ECDH-ES",
        "A128GCM",
        "A128CBC-HS256",
        "EC",
        "RSA",
        "OKP",
        "oct",
        "AKP",
        "P-256",
        "X25519",
        "Ed25519",
        "AAAA",
        "AQAB",
        "",
    ];
    let leaf = prop_oneof![
        prop::sample::select(words).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(2, 8, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|it| it.into_iter().collect()),
        ]
    });
    prop::collection::vec((names, value), 0..8).prop_map(|members| {
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_text_never_panics(text: String) {
        everything_refuses(&text);
    }

    #[test]
    fn arbitrary_parts_never_panic(parts in prop::collection::vec("[A-Za-z0-9_-]{0,24}", 0..7)) {
        everything_refuses(&parts.join("."));
    }

    #[test]
    fn plausible_json_never_panics(header in header(), parts in prop::collection::vec("[A-Za-z0-9_-]{0,24}", 2..5)) {
        everything_refuses(&header.to_string());
        everything_refuses(&format!("{}.{}", base64url::encode(header.to_string()), parts.join(".")));
    }

    #[test]
    fn what_was_signed_verifies_and_a_flipped_bit_does_not(payload: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
        for (key, verifying) in KEYS.iter() {
            let token = jws::sign(key, &Header::typed("x", key), &payload).unwrap();
            prop_assert_eq!(&jws::verify(&token, verifying).unwrap().payload, &payload);
            let mut bytes = token.into_bytes();
            let place = at.index(bytes.len());
            bytes[place] ^= 1_u8 << bit;
            if let Ok(changed) = String::from_utf8(bytes) {
                prop_assert!(jws::verify(&changed, verifying).is_err());
            }
        }
    }

    #[test]
    fn a_flipped_bit_of_a_signature_is_refused(message: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
        for (key, verifying) in KEYS.iter() {
            let mut signature = key.sign(&message).unwrap();
            prop_assert_eq!(verifying.verify(&message, &signature), Ok(()));
            let place = at.index(signature.len());
            signature[place] ^= 1_u8 << bit;
            prop_assert_eq!(verifying.verify(&message, &signature), Err(Error::Signature));
        }
    }

    #[test]
    fn no_key_accepts_the_signature_of_another(message: Vec<u8>) {
        for (at, (key, _)) in KEYS.iter().enumerate() {
            let signature = key.sign(&message).unwrap();
            for (other, (_, verifying)) in KEYS.iter().enumerate() {
                prop_assert_eq!(verifying.verify(&message, &signature).is_ok(), at == other);
            }
        }
    }

    #[test]
    fn claims_come_back_as_they_were(sub: String, exp in 1_i64..i64::MAX, list: Vec<u32>) {
        let claims = json!({"sub": sub, "exp": exp, "list": list, "nested": {"a": [null, true, 1.5]}});
        let policy = Policy { lifetime: Lifetime::Expires, ..POLICY };
        for (key, verifying) in KEYS.iter() {
            let token = jwt::sign(key, "x", &claims).unwrap();
            prop_assert_eq!(&*jwt::verify::<Value>(&token, verifying, &policy).unwrap(), &claims);
        }
    }

    #[test]
    fn what_was_encrypted_decrypts_and_a_flipped_bit_does_not(plaintext: Vec<u8>, at: prop::sample::Index, bit in 0..8) {
        for encryption in ContentEncryption::ALL {
            let direct = (KeyManagement::Dir, Jwk::symmetric(&vec![5; encryption.key_length()]).unwrap());
            let slow = [KeyManagement::RsaOaep, KeyManagement::RsaOaep256];
            let recipients = RECIPIENTS.iter().chain([&direct]);
            for (management, key) in recipients.filter(|it| !slow.contains(&it.0) || encryption == ContentEncryption::A128Gcm) {
                let header = Header {
                    extra: serde_json::Map::from_iter([("apu".to_owned(), "QWxpY2U".into())]),
                    ..Header::default()
                };
                let token = jwe::encrypt(&plaintext, key, *management, encryption, &header).unwrap();
                let opened = jwe::decrypt(&token, key, &rfc7516::ALL).unwrap();
                prop_assert_eq!(&opened.plaintext, &plaintext);
                let mut bytes = token.into_bytes();
                let place = at.index(bytes.len());
                bytes[place] ^= 1_u8 << bit;
                if let Ok(changed) = String::from_utf8(bytes) {
                    prop_assert!(jwe::decrypt(&changed, key, &rfc7516::ALL).is_err());
                }
            }
        }
    }
}

/// Every algorithm's private and public key, as JSON and back.
#[test]
fn keys_come_back_as_they_were() {
    for (key, _) in KEYS.iter() {
        let jwk = key.jwk();
        let text = serde_json::to_string(&jwk).unwrap();
        assert_eq!(Jwk::from_json(&text).unwrap(), jwk);
        assert_eq!(serde_json::from_str::<Jwk>(&text).unwrap(), jwk);
        assert_eq!(
            SigningKey::from_jwk(&jwk, key.algorithm()).unwrap().kid(),
            key.kid()
        );
        assert_eq!(jwk.algorithm(), Some(key.algorithm()));
    }
}

#[test]
fn a_signer_makes_the_same_header_as_the_function() {
    let key = Arc::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
    let signer = jwt::Signer::new(Arc::clone(&key), "at+jwt").unwrap();
    let claims = json!({"sub": "alice"});
    assert_eq!(
        signer.sign(&claims).unwrap(),
        jwt::sign(&key, "at+jwt", &claims).unwrap()
    );
    let odd = Jwk::from_value(key.jwk().to_value())
        .unwrap()
        .with_kid("a \"quoted\" \\ näme");
    let key = SigningKey::from_jwk(&odd, Algorithm::EdDsa).unwrap();
    let token = jwt::sign(&key, "x", &claims).unwrap();
    assert_eq!(
        jws::peek(&token).unwrap().header.kid.as_deref(),
        Some(key.kid())
    );
}

#[test]
fn keys_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<SigningKey>();
    shared::<VerifyingKey>();
    shared::<jose::KeySet>();
    shared::<jwt::Signer>();
}
