//! RFC 7520: every section, those of algorithms that this crate leaves out as refusals.

use super::{jwk, rfc7516, signing, vectors, verifying};
use jose::{
    Error, Jwk, base64url,
    jwe::{self, Accepted, ContentEncryption, KeyManagement},
    jws::{self, json::Json},
    jwt::{self, Audience, Issuer, Lifetime, Policy, Type},
};
use serde_json::Value;

fn all() -> Value {
    vectors(include_str!("vectors/rfc7520.json"))
}

#[test]
fn the_keys_of_section_3_come_back_as_they_were() {
    let all = all();
    for (section, private) in [
        ("3.1", false),
        ("3.2", true),
        ("3.3", false),
        ("3.4", true),
        ("3.5", true),
        ("3.6", true),
    ] {
        let key = jwk(&all["keys"][section]);
        assert_eq!(key.is_private(), private, "{section}");
        assert_eq!(key.to_value(), all["keys"][section], "{section}");
    }
    assert_eq!(
        jwk(&all["keys"]["3.2"]).public().unwrap(),
        jwk(&all["keys"]["3.1"])
    );
    assert_eq!(
        jwk(&all["keys"]["3.4"]).public().unwrap(),
        jwk(&all["keys"]["3.3"])
    );
}

#[test]
fn the_signatures_of_sections_4_1_to_4_4_verify_in_every_serialisation() {
    let all = all();
    for (section, algorithm, deterministic) in [
        ("4.1", "RS256", true),
        ("4.2", "PS384", false),
        ("4.3", "ES512", false),
        ("4.4", "HS256", true),
    ] {
        let vector = &all["jws"][section];
        let content = vector["content"].as_str().unwrap().as_bytes();
        let key = verifying(&vector["keys"][0], algorithm);
        let token = vector["compact"].as_str().unwrap();
        assert_eq!(
            jws::verify(token, &key).unwrap().payload,
            content,
            "{section}"
        );
        for form in ["json", "json_flat"] {
            let json = Json::parse(&vector[form].to_string()).unwrap();
            assert_eq!(
                json.verify(&key).unwrap().payload,
                content,
                "{section} {form}"
            );
        }
        let (input, signature) = token.rsplit_once('.').unwrap();
        let made = signing(&vector["keys"][0], algorithm)
            .sign(input.as_bytes())
            .unwrap();
        assert_eq!(key.verify(input.as_bytes(), &made), Ok(()));
        assert_eq!(
            base64url::encode(made) == signature,
            deterministic,
            "{section}"
        );
    }
}

#[test]
fn the_detached_content_of_section_4_5_verifies() {
    let all = all();
    let vector = &all["jws"]["4.5"];
    let content = vector["content"].as_str().unwrap().as_bytes();
    let key = verifying(&vector["keys"][0], "HS256");
    assert!(jws::verify_detached(vector["compact"].as_str().unwrap(), content, &key).is_ok());
    for form in ["json", "json_flat"] {
        let json = Json::parse(&vector[form].to_string()).unwrap();
        assert!(json.verify_detached(content, &key).is_ok());
        assert_eq!(
            json.verify_detached(b"other", &key).err(),
            Some(Error::Signature)
        );
    }
}

#[test]
fn the_unprotected_headers_of_sections_4_6_and_4_7_verify() {
    let all = all();
    for section in ["4.6", "4.7"] {
        let vector = &all["jws"][section];
        let key = verifying(&vector["keys"][0], "HS256");
        for form in ["json", "json_flat"] {
            let json = Json::parse(&vector[form].to_string()).unwrap();
            let verified = json.verify(&key).unwrap();
            assert_eq!(
                verified.payload,
                vector["content"].as_str().unwrap().as_bytes()
            );
            assert_eq!(
                verified.header.kid.as_deref(),
                Some("018c0ae5-4d9b-471b-bfd6-eef314bc7037")
            );
        }
    }
}

#[test]
fn each_of_the_signatures_of_section_4_8_verifies() {
    let all = all();
    let vector = &all["jws"]["4.8"];
    let json = Json::parse(&vector["json"].to_string()).unwrap();
    for (index, algorithm) in ["RS256", "ES512", "HS256"].into_iter().enumerate() {
        let verified = json
            .verify(&verifying(&vector["keys"][index], algorithm))
            .unwrap();
        assert_eq!(
            verified.payload,
            vector["content"].as_str().unwrap().as_bytes()
        );
    }
}

#[test]
fn what_section_5_encrypts_with_our_algorithms_decrypts() {
    let all = all();
    for section in ["5.2", "5.4", "5.5", "5.6", "5.8", "5.10", "5.11", "5.12"] {
        let vector = &all["jwe"][section];
        let content = vector["content"].as_str().unwrap();
        let key = jwk(&vector["keys"][0]);
        if let Some(token) = vector["compact"].as_str() {
            let decrypted = jwe::decrypt(token, &key, &rfc7516::ALL).unwrap();
            assert_eq!(decrypted.plaintext, content.as_bytes(), "{section}");
        }
        for form in ["json", "json_flat"] {
            let decrypted = jwe::decrypt_json(&vector[form].to_string(), &key, &rfc7516::ALL);
            assert_eq!(
                decrypted.unwrap().plaintext,
                content.as_bytes(),
                "{section} {form}"
            );
        }
    }
}

/// §5.10: the additional data are authenticated.
#[test]
fn changed_additional_data_are_refused() {
    let all = all();
    let vector = &all["jwe"]["5.10"];
    let mut json = vector["json_flat"].clone();
    json["aad"] = base64url::encode("other").into();
    let refused = jwe::decrypt_json(&json.to_string(), &jwk(&vector["keys"][0]), &rfc7516::ALL);
    assert_eq!(refused.err(), Some(Error::Decryption));
}

/// RSA1_5, PBES2, AES-GCM key wrap and compression.
#[test]
fn what_section_5_does_with_other_algorithms_is_refused() {
    let all = all();
    for section in ["5.1", "5.3", "5.7", "5.9"] {
        let vector = &all["jwe"][section];
        let key = vector["keys"]
            .get(0)
            .map_or_else(|| Jwk::symmetric(b"secret").unwrap(), jwk);
        let refused = jwe::decrypt(vector["compact"].as_str().unwrap(), &key, &rfc7516::ALL).err();
        assert_eq!(refused, Some(Error::Unsupported), "{section}");
        for form in ["json", "json_flat"] {
            let refused = jwe::decrypt_json(&vector[form].to_string(), &key, &rfc7516::ALL).err();
            assert_eq!(refused, Some(Error::Unsupported), "{section} {form}");
        }
    }
}

#[test]
fn of_the_recipients_of_section_5_13_ours_decrypts() {
    let all = all();
    let vector = &all["jwe"]["5.13"];
    let text = vector["json"].to_string();
    for (index, ours) in [(0, false), (1, true), (2, false)] {
        let decrypted = jwe::decrypt_json(&text, &jwk(&vector["keys"][index]), &rfc7516::ALL);
        if ours {
            let content = vector["content"].as_str().unwrap();
            assert_eq!(decrypted.unwrap().plaintext, content.as_bytes());
        } else {
            assert_eq!(decrypted.err(), Some(Error::Unsupported));
        }
    }
}

#[test]
fn the_token_inside_a_token_of_section_6_is_opened_and_verified() {
    let all = all();
    let vector = &all["nested"];
    let accepted = Accepted {
        key_management: &[KeyManagement::RsaOaep],
        content: &[ContentEncryption::A128Gcm],
    };
    let key = jwk(&vector["encryption_key"]);
    let opened = jwe::decrypt(vector["encrypted"].as_str().unwrap(), &key, &accepted).unwrap();
    assert_eq!(opened.header.cty.as_deref(), Some("JWT"));
    let token = String::from_utf8(opened.plaintext).unwrap();
    assert_eq!(token, vector["signed"].as_str().unwrap());
    let policy = Policy {
        issuer: Issuer::Is("hobbiton.example"),
        audience: Audience::Unchecked,
        algorithms: &[jose::Algorithm::Ps256],
        typ: Type::Is("JWT"),
        lifetime: Lifetime::Expires,
        now: 1_300_000_000,
        leeway: 0,
    };
    let claims = jwt::verify::<Value>(&token, &verifying(&vector["signing_key"], "PS256"), &policy);
    assert_eq!(claims.unwrap()["http://example.com/is_root"], true);
}
