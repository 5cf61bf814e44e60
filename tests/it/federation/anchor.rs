//! Chains of trust that go through realms of grantor.

use realm::{Realm, realms, subordinates};
use serde_json::{Value, json};

use super::subordinates::{below, put};
use crate::harness::call::encode;
use crate::harness::{Federation, World, outcome};
use crate::on_each_engine;

/// Has a realm trust another one, as its operator would.
pub async fn trust(world: &World, realm: &Realm, anchor: &Realm) {
    anchor
        .federation_keys()
        .signer(jose::Algorithm::Es256)
        .await
        .unwrap();
    let keys = anchor.federation_keys().jwks().await.unwrap();
    let anchors = json!([{"entity_id": anchor.issuer(), "jwks": *keys}]);
    let info = realms::find(world.node(), realm.name())
        .await
        .unwrap()
        .unwrap();
    let mut settings = info.settings;
    settings.federation.trust_anchors = serde_json::from_value(anchors).unwrap();
    settings.federation.authority_hints = vec![anchor.issuer().to_owned()];
    realms::update_settings(realm, settings, info.version, "test")
        .await
        .unwrap();
}

/// The harness's application, which is right below this realm of grantor.
pub async fn leaf_below(it: &Federation, anchor: &Realm, said: Value) {
    let mut vouched = said;
    vouched["jwks"] = it.jwks("leaf");
    put(anchor, below(&it.id("leaf"), json!({"vouched": vouched}))).await;
    it.describe(json!({}));
    it.hint("leaf", anchor.issuer());
}

on_each_engine! {
    /// §10: one grantor is the anchor of another one's clients; its policies hold, and who it no longer vouches for is nobody.
    async fn a_realm_is_the_anchor_of_another_realms_clients(world: World) {
        let anchor = world.listening().await;
        let it = Federation::new(&world).await;
        trust(&world, world.realm(), anchor.realm()).await;
        let policy = json!({"openid_relying_party": {"redirect_uris": {"subset_of": ["https://rp.example/callback"]}}});
        leaf_below(&it, anchor.realm(), json!({"metadata_policy": policy})).await;
        it.describe(json!({"redirect_uris": ["https://rp.example/callback", "https://evil.example/callback"]}));
        it.hint("leaf", anchor.issuer());
        it.admits().await.unwrap();
        let evil = it.arrives(&it.object(&json!({"redirect_uri": "https://evil.example/callback"}))).await;
        assert!(evil.leaving.is_none() && !evil.has("password"), "{}", evil.words());
        // What is between does not count as said by the anchor.
        let mut known = subordinates::find(anchor.realm(), &it.id("leaf")).await.unwrap().unwrap();
        known.vouched.constraints = serde_json::from_value(json!({"allowed_entity_types": ["openid_provider"]})).unwrap();
        let known = put(anchor.realm(), known).await;
        world.advance(3600);
        assert!(it.admits().await.unwrap_err().contains("openid_relying_party"));
        let mut known = known;
        known.vouched.constraints.clear();
        put(anchor.realm(), known).await;
        world.advance(10);
        it.admits().await.unwrap();
        put(anchor.realm(), below("https://other.example", json!({}))).await;
        subordinates::remove(anchor.realm(), &it.id("leaf"), "test").await.unwrap();
        world.advance(3600);
        assert!(it.admits().await.unwrap_err().contains("says nothing of its subordinate"));
    }

    /// A realm between the anchor and the application.
    async fn a_realm_stands_between_an_anchor_and_a_client(world: World) {
        let middle = world.listening().await;
        let it = Federation::new(&world).await;
        // The harness's anchor vouches for a realm of grantor, which vouches for the application.
        let above = serde_json::from_value(json!([{"entity_id": it.id("anchor"), "jwks": it.jwks("anchor")}])).unwrap();
        let hint = it.id("anchor");
        middle.settings(|settings| {
            settings.federation.trust_anchors = above;
            settings.federation.authority_hints = vec![hint];
        }).await;
        leaf_below(&it, middle.realm(), json!({})).await;
        middle.realm().federation_keys().signer(jose::Algorithm::Es256).await.unwrap();
        let keys = middle.realm().federation_keys().jwks().await.unwrap();
        it.vouch_for_stranger("anchor", middle.issuer(), json!({"jwks": *keys}));
        it.admits().await.unwrap();
        it.vouch_for_stranger("anchor", middle.issuer(), json!({"jwks": it.jwks("middle")}));
        world.advance(3600);
        it.admits().await.unwrap_err();
    }

    /// One realm is the anchor of the others on its server.
    async fn a_realm_is_the_anchor_of_the_others_on_its_server(world: World) {
        let world = world.listening().await;
        let it = Federation::new(&world).await;
        world.add_realm("acme").await;
        let acme = world.node().realm("acme").await.unwrap().unwrap();
        leaf_below(&it, world.realm(), json!({})).await;
        let arrives = async || {
            let object = it.object(&json!({"aud": acme.issuer()}));
            let query = encode(&[("client_id", &it.id("leaf")), ("request", &object)]);
            outcome(&world.browser().get(&format!("/realms/acme/authorize?{query}")).await)
        };
        arrives().await.unwrap_err();
        trust(&world, &acme, world.realm()).await;
        arrives().await.unwrap();
        // That they are on one server makes none of them trusted.
        world.add_realm("other").await;
        let other = world.node().realm("other").await.unwrap().unwrap();
        trust(&world, &acme, &other).await;
        world.advance(3600);
        arrives().await.unwrap_err();
    }
}
