//! Encrypted requests and answers: OpenID4VCI 1.0 §10.

use jose::jwe::{self, Accepted, ContentEncryption, KeyManagement};
use jose::jws::Header;
use jose::{Algorithm, Jwk, SigningKey};
use serde_json::{Value, json};

use super::{by_scope, fetch, fresh, key, request, shop};
use crate::harness::{Answer, World};
use crate::on_each_engine;

const ACCEPTED: Accepted<'static> = Accepted {
    key_management: &[KeyManagement::EcdhEs],
    content: &[ContentEncryption::A256Gcm],
};

/// What encrypts to the issuer.
async fn issuers(world: &World) -> Jwk {
    let document = world
        .get("/.well-known/openid-credential-issuer")
        .send()
        .await
        .json();
    Jwk::from_value(document["credential_request_encryption"]["jwks"]["keys"][0].clone()).unwrap()
}

fn sealed(to: &Jwk, body: &Value) -> String {
    let header = Header {
        kid: to.kid().map(str::to_owned),
        ..Header::default()
    };
    let (management, content) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
    jwe::encrypt(
        body.to_string().as_bytes(),
        to,
        management,
        content,
        &header,
    )
    .unwrap()
}

async fn send(world: &World, token: &str, text: &str) -> Answer {
    let call = world.post("/credential").bearer(token);
    call.body("application/jwt", text.as_bytes()).send().await
}

/// A wallet's key for answers: private, and as it is sent.
fn pair() -> (Jwk, Value) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let part = |jwk: Jwk| {
        let mut value = jwk.to_value();
        value["alg"] = "ECDH-ES".into();
        value["kid"] = "answers".into();
        value["use"] = "enc".into();
        value
    };
    let private = Jwk::from_value(part(key.jwk())).unwrap();
    (private, part(key.public_jwk().unwrap()))
}

on_each_engine! {
    /// §8.2, §10: both ways.
    async fn what_is_encrypted_to_a_wallet_is_for_nobody_else(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let (private, public) = pair();
        let mut body = request(&[&fresh(&world, &key()).await]);
        body["credential_response_encryption"] = json!({"jwk": public, "enc": "A256GCM", "zip": "DEF"});
        let answer = send(&world, tokens.access(), &sealed(&issuers(&world).await, &body)).await;
        answer.status(200).not_stored();
        assert_eq!(answer.header("content-type"), "application/jwt");
        let opened = jwe::decrypt(&answer.body, &private, &ACCEPTED).unwrap();
        assert_eq!(opened.header.kid.as_deref(), Some("answers"));
        let opened: Value = serde_json::from_slice(&opened.plaintext).unwrap();
        assert!(opened["credentials"][0]["credential"].is_string() && opened["notification_id"].is_string());
        // Only the request.
        let plain = sealed(&issuers(&world).await, &request(&[&fresh(&world, &key()).await]));
        let answer = send(&world, tokens.access(), &plain).await;
        assert_eq!(answer.status(200).header("content-type"), "application/json");
    }

    /// §8.2, §8.3.1.2: what cannot be, and what anybody on the way could have put there, is refused in the open.
    async fn what_cannot_be_encrypted_so_is_refused(world: World) {
        let app = shop(&world).await;
        let tokens = by_scope(&world, &app).await;
        let (private, public) = pair();
        let to = issuers(&world).await;
        let proof = fresh(&world, &key()).await;
        let with = |how: Value| {
            let mut body = request(&[&proof]);
            body["credential_response_encryption"] = how;
            body
        };
        let in_the_open = fetch(&world, tokens.access(), &with(json!({"jwk": public, "enc": "A256GCM"}))).await;
        in_the_open.refused(400, "invalid_encryption_parameters");
        let mut without = public.clone();
        without.as_object_mut().unwrap().remove("alg");
        let mut unknown = public.clone();
        unknown["alg"] = "dir".into();
        for how in [
            json!(7),
            json!({}),
            json!({"jwk": public}),
            json!({"jwk": public, "enc": "A999GCM"}),
            json!({"jwk": without, "enc": "A256GCM"}),
            json!({"jwk": unknown, "enc": "A256GCM"}),
            json!({"jwk": private.to_value(), "enc": "A256GCM"}),
            json!({"jwk": {"kty": "oct", "k": "AAAA", "alg": "A128KW"}, "enc": "A256GCM"}),
        ] {
            let answer = send(&world, tokens.access(), &sealed(&to, &with(how.clone()))).await;
            answer.refused(400, "invalid_encryption_parameters");
        }
        let (_, own) = pair();
        let for_another = sealed(&Jwk::from_value(own).unwrap(), &request(&[&proof]));
        for text in [for_another.as_str(), "a.b.c.d.e", "", "{}"] {
            send(&world, tokens.access(), text).await.refused(400, "invalid_encryption_parameters");
        }
    }
}
