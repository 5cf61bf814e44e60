//! The crate `jsonwebtoken` as an API that verifies tokens with the published keys, and as somebody who forges them.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde_json::{Value, json};

use super::Today;
use crate::harness::{World, altered};
use crate::on_each_engine;

const ALGORITHMS: [(Algorithm, KeyAlgorithm); 4] = [
    (Algorithm::ES256, KeyAlgorithm::ES256),
    (Algorithm::EdDSA, KeyAlgorithm::EdDSA),
    (Algorithm::RS256, KeyAlgorithm::RS256),
    (Algorithm::PS256, KeyAlgorithm::PS256),
];

/// The published keys.
async fn keys(world: &World) -> JwkSet {
    let answer = world.get("/jwks").send().await;
    serde_json::from_str(&answer.body).expect("a key set")
}

/// The published key that a token names.
async fn key(world: &World, token: &str) -> Jwk {
    let kid = decode_header(token).expect("a header").kid.expect("a kid");
    let keys = keys(world).await;
    keys.find(&kid).expect("a published key").clone()
}

/// A verifier that demands what RFC 9068 §4 and OpenID Connect Core §3.1.3.7 demand, without leeway.
fn strict(world: &World, algorithm: Algorithm, audience: &str) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    validation.set_issuer(&[world.issuer()]);
    validation.set_audience(&[audience]);
    validation.leeway = 0;
    validation
}

/// The claims, or why the token is refused.
fn verify(token: &str, key: &Jwk, validation: &Validation) -> Result<Value, ErrorKind> {
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    match decode::<Value>(token, &key, validation) {
        Ok(verified) => Ok(verified.claims),
        Err(error) => Err(error.kind().clone()),
    }
}

/// Makes an API that takes tokens of that algorithm, and a client with a token for it; hands back the API and the token.
async fn issued(world: &World, algorithm: Algorithm) -> (String, String) {
    let name = format!("{algorithm:?}");
    let (api, scope) = (format!("urn:example:{name}"), format!("{name}.read"));
    let document = json!({
        "id": api, "name": name, "signing_alg": name,
        "scopes": [{"name": scope, "description": "Read"}],
    });
    world.resource_document(document).await;
    let service = world.client(&name).grants(&["client_credentials"]);
    let service = service.redirects(&[]).scope(&scope).create().await;
    let answer = service.client_credentials(&scope).await;
    (api, answer.status(200).text("access_token"))
}

on_each_engine! {
    /// RFC 9068 §4, for each algorithm that an API may choose.
    async fn an_api_verifies_its_tokens(world: World) {
        let world = Today::new(&world).await;
        for (algorithm, named) in ALGORITHMS {
            let (api, token) = issued(&world, algorithm).await;
            let header = decode_header(&token).unwrap();
            assert_eq!((header.alg, header.typ.as_deref()), (algorithm, Some("at+jwt")));
            let key = key(&world, &token).await;
            assert_eq!(key.common.key_algorithm, Some(named));
            assert_eq!(key.common.public_key_use, Some(PublicKeyUse::Signature));
            let claims = verify(&token, &key, &strict(&world, algorithm, &api)).unwrap();
            assert_eq!(claims["client_id"], json!(format!("{algorithm:?}")));
            assert_eq!(claims["aud"], json!(api));
        }
    }

    /// Each claim and the signature by itself.
    async fn a_token_is_good_for_its_purpose_alone(world: World) {
        let world = Today::new(&world).await;
        for (algorithm, _) in ALGORITHMS {
            let (api, token) = issued(&world, algorithm).await;
            let key = key(&world, &token).await;
            let good = strict(&world, algorithm, &api);
            let other = strict(&world, algorithm, "urn:example:other");
            assert_eq!(verify(&token, &key, &other), Err(ErrorKind::InvalidAudience));
            let mut other = good.clone();
            other.set_issuer(&["https://evil.example"]);
            assert_eq!(verify(&token, &key, &other), Err(ErrorKind::InvalidIssuer));
            for (different, _) in ALGORITHMS.into_iter().filter(|(other, _)| *other != algorithm) {
                let other = strict(&world, different, &api);
                assert_eq!(verify(&token, &key, &other), Err(ErrorKind::InvalidAlgorithm));
            }
            let in_payload = token.find('.').unwrap() + 20;
            for at in [in_payload, token.len() - 9] {
                assert!(verify(&altered(&token, at), &key, &good).is_err(), "{algorithm:?} altered at {at}");
            }
            assert!(verify(&token, &key, &good).is_ok());
        }
    }

    /// A key for each algorithm, under its own thumbprint (RFC 7638), and no other key verifies.
    async fn another_key_verifies_nothing(world: World) {
        let world = Today::new(&world).await;
        for (algorithm, _) in ALGORITHMS {
            let (api, token) = issued(&world, algorithm).await;
            let elsewhere = Today::new(&world).await;
            let (_, foreign) = issued(&elsewhere, algorithm).await;
            let good = strict(&world, algorithm, &api);
            let (own, other) = (key(&world, &token).await, key(&elsewhere, &foreign).await);
            assert_eq!(verify(&token, &other, &good), Err(ErrorKind::InvalidSignature));
            assert_eq!(verify(&foreign, &own, &good), Err(ErrorKind::InvalidSignature));
        }
        let keys = keys(&world).await.keys;
        assert_eq!(keys.iter().filter(|key| key.is_supported()).count(), ALGORITHMS.len());
        for key in keys {
            assert_eq!(key.common.key_id, key.thumbprint(ThumbprintHash::SHA256).ok());
        }
    }

    /// `exp`, by the machine's time.
    async fn a_token_ends(world: World) {
        let world = Today::ago(&world, 301).await;
        let (api, token) = issued(&world, Algorithm::ES256).await;
        let key = key(&world, &token).await;
        let mut validation = strict(&world, Algorithm::ES256, &api);
        assert_eq!(verify(&token, &key, &validation), Err(ErrorKind::ExpiredSignature));
        validation.leeway = 60;
        assert!(verify(&token, &key, &validation).is_ok());
    }

    /// OpenID Connect Core §2, for each algorithm that a client may register. An ID token is no access token: neither its audience nor its type is.
    async fn a_client_verifies_its_id_token(world: World) {
        let world = Today::new(&world).await;
        world.person("alice", "correct-horse-battery").await;
        for (algorithm, _) in ALGORITHMS {
            let id = format!("{algorithm:?}");
            let app = world.client(&id).set("id_token_signed_response_alg", json!(id)).create().await;
            let tokens = world.flow(&app).tokens().await;
            let header = decode_header(tokens.id()).unwrap();
            assert_eq!(header.alg, algorithm);
            assert_ne!(header.typ.as_deref(), Some("at+jwt"));
            let key = key(&world, tokens.id()).await;
            let claims = verify(tokens.id(), &key, &strict(&world, algorithm, &id)).unwrap();
            assert_eq!(claims["nonce"], json!("n-0S6_WzA2Mj"));
            let other = strict(&world, algorithm, world.issuer());
            assert_eq!(verify(tokens.id(), &key, &other), Err(ErrorKind::InvalidAudience));
        }
    }

    /// RFC 8725 §2.1 and §3.1: with the claims of a good token, its `kid` and its type, signed by a key that the forger has: the published one taken as
    /// a secret, or one of his own.
    async fn a_forged_token_is_refused(world: World) {
        let world = Today::new(&world).await;
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        world.userinfo(tokens.access()).await.status(200);
        let claims = world.claims(tokens.access()).await;
        let key = key(&world, tokens.access()).await;
        let published = serde_json::to_vec(&key).unwrap();
        let own = jose::SigningKey::generate(jose::Algorithm::Es256).unwrap();
        let forge = |algorithm, secret: &EncodingKey, kid: &Option<String>| {
            let mut header = Header::new(algorithm);
            header.typ = Some("at+jwt".into());
            header.kid = kid.clone();
            encode(&header, &claims, secret).unwrap()
        };
        for kid in [key.common.key_id.clone(), None, Some("another".into())] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                for secret in [published.as_slice(), b"", b"secret"] {
                    let token = forge(algorithm, &EncodingKey::from_secret(secret), &kid);
                    world.userinfo(&token).await.status(401);
                }
            }
            let mut header = json!({"alg": "ES256", "typ": "at+jwt"});
            if let Some(kid) = &kid {
                header["kid"] = json!(kid);
            }
            let part = |value: &Value| jose::base64url::encode(value.to_string().as_bytes());
            let signed = format!("{}.{}", part(&header), part(&claims));
            let signature = own.sign(signed.as_bytes()).unwrap();
            let token = format!("{signed}.{}", jose::base64url::encode(&signature));
            world.userinfo(&token).await.status(401);
        }
    }
}
