//! Proofs that are none, at /token: what is sent, and what comes back (RFC 9449 §4.3, §5).

use jose::base64url;
use serde_json::{Value, json};

use super::{Key, own};
use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// Each thing that can be wrong is refused with the registered error, and a good proof still works.
    async fn a_wrong_proof_is_refused(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let other = Key::new();
        let issuer = world.issuer();
        let header = |changes: Value| {
            let mut header = key.header();
            for (name, value) in changes.as_object().unwrap() {
                header[name] = value.clone();
            }
            key.sign(&header, &key.claims(&world))
        };
        let secret = json!({"kty": "oct", "k": base64url::encode([7; 32])});
        let mut private = key.header()["jwk"].clone();
        private["d"] = json!(base64url::encode([1; 32]));
        let rsa = json!({"kty": "RSA", "n": base64url::encode(vec![0xff; 2048]), "e": "AQAB"});
        let cases = [
            ("no JWT", "proof".to_owned()),
            ("empty", String::new()),
            ("another method", key.with(&world, json!({"htm": "GET"}))),
            ("another endpoint", key.with(&world, json!({"htu": format!("{issuer}/userinfo")}))),
            ("another server", key.with(&world, json!({"htu": "https://evil.example/token"}))),
            ("another realm", key.with(&world, json!({"htu": format!("{issuer}/realms/other/token")}))),
            ("a user in the address", key.with(&world, json!({"htu": "http://localhost:8080@evil.example/token"}))),
            ("a backslash", key.with(&world, json!({"htu": format!("{issuer}\\token")}))),
            ("no jti", key.with(&world, json!({"jti": ""}))),
            ("a huge jti", key.with(&world, json!({"jti": "j".repeat(300)}))),
            ("no iat", key.with(&world, json!({"iat": null}))),
            ("too long", key.with(&world, json!({"more": "x".repeat(13_000)}))),
            ("another type", header(json!({"typ": "JWT"}))),
            ("no algorithm", header(json!({"alg": "none"}))),
            ("a symmetric one", header(json!({"alg": "HS256", "jwk": secret}))),
            ("a private key", header(json!({"jwk": private}))),
            ("another's key", header(json!({"jwk": other.header()["jwk"]}))),
            ("a huge RSA key", header(json!({"alg": "RS256", "jwk": rsa}))),
            ("critical", header(json!({"crit": ["exp"]}))),
            ("a key elsewhere", header(json!({"jku": "https://evil.example/jwks"}))),
        ];
        for (what, proof) in &cases {
            let answer = own(&world, &service, &[proof]).await;
            assert_eq!((answer.status, answer.text("error").as_str()), (400, "invalid_dpop_proof"), "{what}");
            assert!(!answer.header("dpop-nonce").is_empty(), "{what}");
        }
        own(&world, &service, &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9449 §4.3 item 1: one proof, whatever stands first.
    async fn two_proofs_are_refused(world: World) {
        let service = world.service().await;
        let key = Key::new();
        let (one, other) = (key.proof(&world), key.proof(&world));
        own(&world, &service, &[&one, &other]).await.refused(400, "invalid_dpop_proof");
        own(&world, &service, &[&one, &one]).await.refused(400, "invalid_dpop_proof");
        own(&world, &service, &[&format!("{one}, {other}")]).await.refused(400, "invalid_dpop_proof");
        own(&world, &service, &[&one]).await.status(200);
    }

    /// RFC 9449 §4.3 item 9, RFC 3986 §6.2.2: written otherwise, the address is the same.
    async fn an_address_that_means_the_same_is_accepted(world: World) {
        let service = world.service().await;
        let key = Key::new();
        for htu in [
            "HTTP://LOCALHOST:8080/token",
            "http://localhost:8080/%74oken",
            "http://localhost:8080/a/../token",
            "http://localhost:8080/token?a=b",
            "http://localhost:8080/token#a",
        ] {
            own(&world, &service, &[&key.with(&world, json!({"htu": htu}))]).await.status(200);
        }
    }

    /// Behind a proxy, the address is the issuer's, path included, and never what `Host` or a forwarded header says.
    async fn the_address_is_the_issuers(world: World) {
        let behind = world.another("https://id.example/auth/here").await;
        let service = behind.service().await;
        let key = Key::new();
        let ask = async |htu: &str, host: &str| {
            let proof = key.with(&behind, json!({"htu": htu}));
            let secret = service.secret.as_deref().unwrap();
            let call = behind.post("/auth/here/token").form(&[("grant_type", "client_credentials")]);
            let call = call.basic(&service.id, secret).header("x-forwarded-host", host);
            call.header("dpop", &proof).send().await
        };
        ask("https://id.example/auth/here/token", "id.example").await.status(200);
        for wrong in ["https://evil.example/auth/here/token", "https://id.example/token", "http://id.example/auth/here/token"] {
            ask(wrong, "evil.example").await.refused(400, "invalid_dpop_proof");
        }
    }
}
