//! Signing keys rotate by themselves: published before they sign, kept until the last token has expired.

use std::collections::BTreeSet;

use crate::harness::World;
use crate::on_each_engine;

const DAY: i64 = 86_400;

/// The `kid`s that are published for the algorithm of access tokens.
async fn published(world: &World) -> BTreeSet<String> {
    let keys = world.get("/jwks").send().await.json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    keys.iter()
        .filter(|key| key["alg"] == "ES256")
        .map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}

/// The key that signs access tokens now.
async fn signing(service: &crate::harness::Client) -> (String, String) {
    let token = service
        .client_credentials("notes.read")
        .await
        .text("access_token");
    let kid = jsonwebtoken::decode_header(&token).expect("a JWT").kid;
    (kid.expect("a kid"), token)
}

on_each_engine! {
    /// 90 days a key signs; its successor is published a day before; it stays until its tokens have expired.
    async fn a_key_is_published_before_it_signs_and_after(world: World) {
        let service = world.service().await;
        let (first, _) = signing(&service).await;
        world.advance(88 * DAY);
        world.sync().await;
        assert_eq!(signing(&service).await.0, first);
        world.advance(DAY + 3600);
        world.sync().await;
        assert_eq!(published(&world).await.len(), 2, "the successor is published");
        assert_eq!(signing(&service).await.0, first, "and does not sign yet");
        world.advance(DAY);
        world.sync().await;
        let (second, token) = signing(&service).await;
        assert_ne!(second, first);
        assert!(published(&world).await.contains(&first), "its tokens are still about");
        world.claims(&token).await;
        world.advance(40 * DAY);
        world.sync().await;
        assert!(!published(&world).await.contains(&first), "forgotten when they are not");
        assert!(published(&world).await.contains(&second));
    }

    /// A token that the old key signed is good until it expires.
    async fn a_token_of_the_old_key_stays_good(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        realm::keys::rotate(world.realm(), jose::Algorithm::Es256, realm::keys::Rotation::Now, "test").await.unwrap();
        world.userinfo(tokens.access()).await.status(200);
        world.claims(tokens.id()).await;
        let next = world.flow(&app).tokens().await;
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
        assert_ne!(kid(tokens.access()), kid(next.access()));
    }

    /// A key in wrong hands is void at once, with everything it signed.
    async fn a_compromised_key_is_void_at_once(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).tokens().await;
        realm::keys::rotate(world.realm(), jose::Algorithm::Es256, realm::keys::Rotation::Compromised, "test").await.unwrap();
        world.userinfo(tokens.access()).await.status(401);
        let kid = jsonwebtoken::decode_header(tokens.access()).unwrap().kid.unwrap();
        assert!(!published(&world).await.contains(&kid));
    }
}
