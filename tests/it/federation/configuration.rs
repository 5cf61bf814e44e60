//! What the realm says of itself.

use jose::{JwkSet, KeySet, jws};
use serde_json::{Value, json};

use crate::harness::{Federation, World};
use crate::on_each_engine;

/// The claims, after the signature was verified with the keys among them.
pub async fn configuration(world: &World) -> Value {
    let answer = world.get("/.well-known/openid-federation").send().await;
    answer.status(200);
    assert_eq!(
        answer.header("content-type"),
        "application/entity-statement+jwt"
    );
    let read = jws::peek(&answer.body).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("entity-statement+jwt"));
    let claims = Value::Object(read.claims().unwrap());
    let keys = KeySet::from_jwks(&JwkSet::from_json(&claims["jwks"].to_string()).unwrap());
    let key = keys
        .find(read.header.kid.as_deref(), read.algorithm)
        .unwrap();
    jws::verify(&answer.body, key).unwrap();
    claims
}

on_each_engine! {
    /// §3, §5.1.3, §9: the same truth as in the metadata.
    async fn the_realm_says_what_it_is(world: World) {
        let it = Federation::new(&world).await;
        let mark = it.sign("anchor", "trust-mark+jwt", &json!({"iss": it.id("anchor"), "sub": world.issuer(), "trust_mark_type": "https://m.example/op", "iat": world.now()}));
        let given = mark.clone();
        world.settings(|settings| {
            settings.federation.organization_name = "Example University".to_owned();
            settings.federation.contacts = vec!["ops@example.org".to_owned()];
            settings.federation.trust_marks = vec![given];
        }).await;
        let claims = configuration(&world).await;
        for name in ["iss", "sub"] {
            assert_eq!(claims[name], json!(world.issuer()));
        }
        assert!(claims["iat"].as_i64().unwrap() <= world.now() && claims["exp"].as_i64().unwrap() > world.now() + 3600);
        assert_eq!(claims["authority_hints"], json!([it.id("middle")]));
        assert_eq!(claims["trust_marks"], json!([{"trust_mark_type": "https://m.example/op", "trust_mark": mark}]));
        let entity = &claims["metadata"]["federation_entity"];
        assert_eq!(*entity, json!({"organization_name": "Example University", "contacts": ["ops@example.org"]}));
        let provider = &claims["metadata"]["openid_provider"];
        assert_eq!(provider["client_registration_types_supported"], json!(["automatic", "explicit"]));
        assert_eq!(provider["federation_registration_endpoint"], json!(world.realm().url("/federation_registration")));
        assert_eq!(provider["request_authentication_methods_supported"]["authorization_endpoint"], json!(["request_object"]));
        let mut discovery = world.get("/.well-known/openid-configuration").send().await.json();
        discovery.as_object_mut().unwrap().remove("signed_metadata");
        assert_eq!(*provider, discovery);
    }

    /// Its keys are no others' (§11.1): nothing that the realm signs elsewhere is a statement about it.
    async fn federation_keys_are_not_the_keys_of_tokens(world: World) {
        let _it = Federation::new(&world).await;
        let claims = configuration(&world).await;
        let keys = claims["jwks"]["keys"].as_array().unwrap();
        let tokens = world.get("/jwks").send().await.json();
        assert_eq!(keys.len(), 1);
        assert!(keys[0].get("d").is_none());
        let kids: Vec<&Value> = tokens["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        assert!(!kids.contains(&&keys[0]["kid"]), "{tokens}");
    }

    /// A next key is published before it signs, so that whoever is above the realm can vouch for it; none comes by itself.
    async fn federation_keys_are_replaced_on_demand_and_announced(world: World) {
        let _it = Federation::new(&world).await;
        let first = configuration(&world).await["jwks"].clone();
        let lead = world.realm().settings().lifetimes.key_lead;
        let rotation = world.realm().settings().lifetimes.key_rotation;
        world.advance(rotation + lead);
        world.node().sync().await.unwrap();
        assert_eq!(configuration(&world).await["jwks"], first);
        realm::keys::rotate_federation(world.realm(), jose::Algorithm::Es256, realm::keys::Rotation::Announced, "test").await.unwrap();
        let kid = |answer: &str| jws::peek(answer).unwrap().header.kid.unwrap();
        let answer = world.get("/.well-known/openid-federation").send().await;
        assert_eq!(configuration(&world).await["jwks"]["keys"].as_array().unwrap().len(), 2);
        assert_eq!(json!(kid(&answer.body)), first["keys"][0]["kid"]);
        world.advance(lead);
        let answer = world.get("/.well-known/openid-federation").send().await;
        assert_ne!(json!(kid(&answer.body)), first["keys"][0]["kid"]);
        let listed = realm::keys::list(world.realm()).await.unwrap();
        assert_eq!(listed.iter().filter(|key| key.purpose == realm::keys::Purpose::Federation).count(), 2);
    }

    /// RFC 9110 §13.1.2: caches may keep it for a while, and ask whether it is still so.
    async fn the_statement_may_be_kept(world: World) {
        let _it = Federation::new(&world).await;
        let answer = world.get("/.well-known/openid-federation").send().await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let tag = answer.header("etag").to_owned();
        let again = || world.get("/.well-known/openid-federation").header("if-none-match", &tag).send();
        again().await.status(304);
        world.advance(3600);
        again().await.status(200);
    }

    /// A realm of its own is an entity of its own.
    async fn each_realm_speaks_for_itself(world: World) {
        let _it = Federation::new(&world).await;
        world.add_realm("acme").await;
        world.get("/realms/acme/.well-known/openid-federation").send().await.status(404);
    }
}
