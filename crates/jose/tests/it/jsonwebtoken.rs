//! A foreign implementation reads what we write, and the other way round.

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, RsaKeyPair,
    },
};
use jose::{
    Algorithm, SigningKey, base64url,
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
};
use jsonwebtoken as foreign;
use serde_json::{Value, json};
use std::collections::HashMap;

const SHARED: [Algorithm; 12] = [
    Algorithm::Hs256,
    Algorithm::Hs384,
    Algorithm::Hs512,
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

/// One key of each kind: RSA keys take long to make.
fn keys() -> Vec<SigningKey> {
    let rsa = SigningKey::generate(Algorithm::Rs256)
        .unwrap()
        .jwk()
        .to_value();
    SHARED
        .into_iter()
        .map(|algorithm| match algorithm.as_str().as_bytes() {
            [b'R' | b'P', b'S', ..] => {
                let mut key = rsa.clone();
                key["alg"] = algorithm.as_str().into();
                SigningKey::from_jwk(&jose::Jwk::from_value(key).unwrap(), algorithm).unwrap()
            }
            _ => SigningKey::generate(algorithm).unwrap(),
        })
        .collect()
}

fn claims() -> Value {
    json!({"iss": "https://as.example", "aud": ["a", "b"], "exp": 4_000_000_000_i64, "sub": "älice", "scope": "x y"})
}

fn foreign_algorithm(algorithm: Algorithm) -> foreign::Algorithm {
    serde_json::from_value(algorithm.as_str().into()).unwrap()
}

#[test]
fn jsonwebtoken_accepts_what_we_sign() {
    for key in keys() {
        let token = jwt::sign(&key, "at+jwt", &claims()).unwrap();
        let decoding = if key.algorithm().is_symmetric() {
            let secret = base64url::decode(key.jwk().to_value()["k"].as_str().unwrap()).unwrap();
            foreign::DecodingKey::from_secret(&secret)
        } else {
            let public = key.public_jwk().unwrap().to_value();
            foreign::DecodingKey::from_jwk(&serde_json::from_value(public).unwrap()).unwrap()
        };
        let mut validation = foreign::Validation::new(foreign_algorithm(key.algorithm()));
        validation.set_audience(&["b"]);
        validation.set_issuer(&["https://as.example"]);
        let data = foreign::decode::<Value>(&token, &decoding, &validation).unwrap();
        assert_eq!(data.claims, claims(), "{}", key.algorithm());
        assert_eq!(data.header.kid.as_deref(), Some(key.kid()));
        assert_eq!(data.header.typ.as_deref(), Some("at+jwt"));
    }
}

#[test]
fn we_accept_what_jsonwebtoken_signs() {
    for key in keys() {
        let algorithm = key.algorithm();
        let mut header = foreign::Header::new(foreign_algorithm(algorithm));
        header.kid = Some(key.kid().to_owned());
        let token = foreign::encode(&header, &claims(), &encoding_key(&key)).unwrap();
        let policy = Policy {
            issuer: Issuer::Is("https://as.example"),
            audience: Audience::Includes("a"),
            algorithms: &SHARED,
            typ: Type::Plain,
            lifetime: Lifetime::Expires,
            now: 1_700_000_000,
            leeway: 0,
        };
        let verified =
            jwt::verify::<HashMap<String, Value>>(&token, &key.verifying_key().unwrap(), &policy)
                .unwrap();
        assert_eq!(verified["sub"], "älice", "{algorithm}");
        assert_eq!(verified.algorithm(), algorithm);
    }
}

fn encoding_key(key: &SigningKey) -> foreign::EncodingKey {
    let jwk = key.jwk().to_value();
    let member = |name: &str| base64url::decode(jwk[name].as_str().unwrap()).unwrap();
    match key.algorithm() {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
            foreign::EncodingKey::from_secret(&member("k"))
        }
        Algorithm::Es256 | Algorithm::Es384 => {
            let kind = match key.algorithm() {
                Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
                _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
            };
            let point = [vec![4], member("x"), member("y")].concat();
            let pair =
                EcdsaKeyPair::from_private_key_and_public_key(kind, &member("d"), &point).unwrap();
            foreign::EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref())
        }
        Algorithm::EdDsa => {
            let pair =
                Ed25519KeyPair::from_seed_and_public_key(&member("d"), &member("x")).unwrap();
            foreign::EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref())
        }
        _ => {
            let pair = RsaKeyPair::from_components(&KeyPairComponents {
                public_key: PublicKeyComponents {
                    n: member("n"),
                    e: member("e"),
                },
                d: member("d"),
                p: member("p"),
                q: member("q"),
                dP: member("dp"),
                dQ: member("dq"),
                qInv: member("qi"),
            });
            // The RSAPrivateKey inside the PKCS #8 document of a key of 2048 bits begins at byte 26.
            foreign::EncodingKey::from_rsa_der(&pair.unwrap().as_der().unwrap().as_ref()[26..])
        }
    }
}
