//! What a client must register to authenticate as it says (RFC 7591 §2, RFC 8705 §2.1.2).

use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Value, json};

use crate::harness::World;
use crate::on_each_engine;

fn jwks(keys: &[&SigningKey]) -> Value {
    let keys = keys.iter().map(|key| key.public_jwk().unwrap()).collect();
    serde_json::to_value(JwkSet { keys }).unwrap()
}

on_each_engine! {
    /// OpenID Connect Core §16.19, RFC 7518 §3.2: a secret that is a key has as many bytes as the hash; one that only is shown may be shorter.
    async fn a_secret_that_signs_is_as_long_as_its_hash(world: World) {
        world.notes().await;
        let by_hmac = |algorithm: Option<&str>| {
            let mut members = vec![("token_endpoint_auth_method", json!("client_secret_jwt"))];
            members.extend(algorithm.map(|name| ("token_endpoint_auth_signing_alg", json!(name))));
            members
        };
        let requests = vec![("request_object_signing_alg", json!("HS384"))];
        for (number, (members, least)) in [
            (by_hmac(None), 32),
            (by_hmac(Some("HS256")), 32),
            (by_hmac(Some("HS384")), 48),
            (by_hmac(Some("HS512")), 64),
            (requests, 48),
        ]
        .into_iter()
        .enumerate()
        {
            for length in [least - 1, least] {
                let start = world.client(&format!("hmac-{number}")).secret(&"s".repeat(length));
                let client = members.iter().fold(start, |client, (name, value)| client.set(name, value.clone()));
                assert_eq!(client.try_create().await.is_some(), length == least, "{members:?} {length}");
            }
        }
        assert!(world.client("shown").secret("sixteen-letters-").try_create().await.is_some());
    }

    /// What a client may register, and what the words are when it may not.
    async fn a_registration_that_cannot_work_is_refused(world: World) {
        world.notes().await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let again = SigningKey::from_jwk(&SigningKey::generate(Algorithm::Es256).unwrap().jwk().with_kid(key.kid()), Algorithm::Es256).unwrap();
        let private = json!({"keys": [key.jwk().to_value()]});
        let method = |name: &str| ("token_endpoint_auth_method", json!(name));
        let signs = || method("private_key_jwt");
        let cases = [
            ("no keys", vec![signs()]),
            ("keys twice", vec![signs(), ("jwks", jwks(&[&key])), ("jwks_uri", json!("https://a.example/jwks"))]),
            ("a private key", vec![signs(), ("jwks", private)]),
            ("a symmetric key", vec![signs(), ("jwks", json!({"keys": [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}))]),
            ("a name twice", vec![signs(), ("jwks", jwks(&[&key, &again]))]),
            ("an RSA key of 512 bits", vec![signs(), ("jwks", json!({"keys": [{"kty": "RSA", "e": "AQAB", "n": "u".repeat(86)}]}))]),
            ("no key", vec![signs(), ("jwks", json!({"keys": []}))]),
            ("too many keys", vec![signs(), ("jwks", json!({"keys": vec![key.public_jwk().unwrap().to_value(); 33]}))]),
            ("no set", vec![signs(), ("jwks", json!([]))]),
            ("keys by http", vec![signs(), ("jwks_uri", json!("http://a.example/jwks"))]),
            ("keys in a file", vec![signs(), ("jwks_uri", json!("file:///etc/passwd"))]),
            ("HS256", vec![signs(), ("jwks", jwks(&[&key])), ("token_endpoint_auth_signing_alg", json!("HS256"))]),
            ("none", vec![signs(), ("jwks", jwks(&[&key])), ("token_endpoint_auth_signing_alg", json!("none"))]),
            ("no secret", vec![method("client_secret_jwt")]),
            ("no subject", vec![method("tls_client_auth")]),
            ("two subjects", vec![method("tls_client_auth"), ("tls_client_auth_san_dns", json!("a.example")), ("tls_client_auth_subject_dn", json!("CN=a"))]),
            ("a subject for nothing", vec![signs(), ("jwks", jwks(&[&key])), ("tls_client_auth_san_dns", json!("a.example"))]),
            ("no address", vec![method("tls_client_auth"), ("tls_client_auth_san_ip", json!("a.example"))]),
            ("no certificate", vec![method("self_signed_tls_client_auth")]),
        ];
        for (case, members) in cases {
            let mut client = world.client("bad").public().grants(&["client_credentials"]).redirects(&[]).scope("notes.read");
            for (name, value) in members {
                client = client.set(name, value);
            }
            assert!(client.try_create().await.is_none(), "{case}");
        }
        let short = world.client("bad").secret("only-twelve-").set("token_endpoint_auth_method", json!("client_secret_jwt"));
        assert!(short.try_create().await.is_none(), "a short secret");
        let with_secret = world.client("bad").set("token_endpoint_auth_method", json!("private_key_jwt")).set("jwks", jwks(&[&key]));
        assert!(with_secret.try_create().await.is_none(), "a secret beside keys");
    }
}
