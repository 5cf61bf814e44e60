//! Keys with which the realm spoke before.

use jose::Algorithm;
use realm::keys::{self, Rotation};
use serde_json::{Value, json};

use super::configuration::configuration;
use super::subordinates::{LEAF, ask, below, put, said};
use crate::harness::World;
use crate::on_each_engine;

async fn history(world: &World) -> Value {
    let answer = ask(world, "federation_historical_keys", &[]).await;
    let claims = said(world, &answer, "jwk-set+jwt").await;
    assert_eq!(claims["iss"], json!(world.issuer()));
    claims["keys"].clone()
}

async fn kid(world: &World) -> Value {
    configuration(world).await["jwks"]["keys"][0]["kid"].clone()
}

on_each_engine! {
    /// §8.7.2: those that have expired, and those that have leaked; never a private half, nor keys of tokens.
    async fn keys_that_count_no_more_are_remembered(world: World) {
        ask(&world, "federation_historical_keys", &[]).await.status(404);
        put(world.realm(), below(LEAF, json!({}))).await;
        let first = kid(&world).await;
        assert_eq!(history(&world).await, json!([]));
        keys::rotate_federation(world.realm(), Algorithm::Es256, Rotation::Now, "test").await.unwrap();
        keys::rotate(world.realm(), Algorithm::Es256, Rotation::Compromised, "test").await.unwrap();
        assert_eq!(history(&world).await, json!([]), "it still counts");
        world.advance(2 * realm::LONGEST_TOKEN + 3600);
        world.sync().await;
        let second = kid(&world).await;
        let known = history(&world).await;
        assert_eq!(known.as_array().unwrap().len(), 1, "{known}");
        assert_eq!(known[0]["kid"], first);
        assert!(known[0]["exp"].as_i64().unwrap() <= world.now() && known[0]["x"].is_string());
        assert!(known[0].get("revoked").is_none() && known[0].get("d").is_none(), "{known}");
        keys::rotate_federation(world.realm(), Algorithm::Es256, Rotation::Compromised, "test").await.unwrap();
        let known = history(&world.beside().await).await;
        assert_eq!(known[0]["kid"], second);
        assert_eq!(known[0]["revoked"], json!({"revoked_at": world.now(), "reason": "compromised"}));
        assert_eq!(known[1]["kid"], first);
        // It is swept later, and said once.
        world.advance(10);
        world.sync().await;
        let swept = history(&world).await;
        assert_eq!(swept.as_array().unwrap().len(), 2, "{swept}");
        assert_eq!(swept[0]["revoked"]["reason"], "compromised");
    }
}
