//! OpenID Federation 1.0: the realm as an OpenID Provider of a federation.

mod anchor;
mod attacks;
pub mod configuration;
mod explicit;
mod given_marks;
mod historical_keys;
mod logout;
mod resolver;
pub mod subordinates;
mod trust_marks;

use std::time::Duration;

use serde_json::json;

use crate::harness::call::encode;
use crate::harness::{ALICE, Federation, Tokens, World};
use crate::on_each_engine;

async fn federation(world: &World) -> Federation {
    world.person(ALICE.0, ALICE.1).await;
    Federation::new(world).await
}

on_each_engine! {
    /// §12.1: nobody registered it; those above it vouch for it, and are asked once.
    async fn an_entity_is_a_client_without_registration(world: World) {
        let it = federation(&world).await;
        let code = it.code(&it.object(&json!({}))).await;
        let answer = it.redeem(&code).await;
        answer.status(200);
        let tokens = Tokens(answer.json());
        assert_eq!(world.claims(tokens.id()).await["aud"], json!(it.id("leaf")));
        world.userinfo(tokens.access()).await.status(200);
        // The leaf, the intermediate and what it says of the leaf, the anchor and what it says of the intermediate.
        assert_eq!(it.requests(), 5);
        let other = world.beside().await;
        other.userinfo(tokens.access()).await.status(200);
        assert_eq!(it.requests(), 10, "another node finds out for itself");
    }

    /// §5.2.1: what an entity is called in several languages.
    async fn an_entity_is_called_as_the_person_speaks(world: World) {
        let it = federation(&world).await;
        it.describe(json!({"client_name": "Leaf", "client_name#de": "Blatt"}));
        for (locales, name) in [("de-CH", "Blatt"), ("fr", "Leaf")] {
            let page = it.arrives(&it.object(&json!({"ui_locales": locales}))).await;
            assert!(page.has("password") && page.says(name), "{locales}: {}", page.words());
        }
    }

    /// §4.3: what the request brings along is not asked for.
    async fn a_chain_in_the_request_saves_asking(world: World) {
        let it = federation(&world).await;
        let code = it.code(&it.object_with_chain(&it.chain())).await;
        it.redeem(&code).await.status(200);
        assert_eq!(it.requests(), 0);
        // One that is not good is no matter.
        let other = world.beside().await;
        let there = it.at(&other);
        let mut chain = it.chain();
        chain.swap(1, 2);
        let code = there.code(&there.object_with_chain(&chain)).await;
        there.redeem(&code).await.status(200);
        assert_eq!(it.requests(), 5);
    }

    /// A chain that was kept from yesterday does not take the place of what the entity says today.
    async fn an_older_chain_does_not_replace_a_newer_one(world: World) {
        let it = federation(&world).await;
        it.describe(json!({"redirect_uris": ["https://old.example/callback"]}));
        let old = it.chain();
        world.advance(60);
        it.describe(json!({}));
        it.admits().await.unwrap();
        assert!(it.arrives(&it.object_with_chain(&old)).await.has("password"));
        let before = async || {
            let page = it.arrives(&it.object(&json!({"redirect_uri": "https://old.example/callback"}))).await;
            assert!(page.leaving.is_none() && !page.has("password"), "{}", page.words());
        };
        before().await;
        // Nor when that is to be asked for again.
        world.advance(3600);
        assert!(it.arrives(&it.object_with_chain(&old)).await.has("password"));
        before().await;
    }

    /// §12.1.1.2: by private_key_jwt alone, or with a request object.
    async fn an_entity_pushes_its_requests(world: World) {
        let it = federation(&world).await;
        let kind = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        for object in [false, true] {
            let (id, assertion, signed) = (it.id("leaf"), it.assertion(world.issuer()), it.object(&json!({})));
            let parameters = it.flow().parameters;
            let mut form: Vec<(&str, &str)> = vec![("client_id", &id), kind, ("client_assertion", &assertion)];
            if object {
                form.push(("request", &signed));
            } else {
                form.extend(parameters.iter().filter(|(name, _)| *name != "client_id").map(|(name, value)| (name.as_str(), value.as_str())));
            }
            let answer = world.post("/par").form(&form).send().await;
            let uri = answer.status(201).text("request_uri");
            let page = world.browser().get(&format!("/authorize?{}", encode(&[("client_id", &id), ("request_uri", &uri)]))).await;
            assert!(page.has("password"), "{}", page.words());
        }
        let (id, assertion) = (it.id("leaf"), it.assertion(&world.realm().url("/par")));
        let form = [("client_id", id.as_str()), kind, ("client_assertion", &assertion), ("response_type", "code")];
        world.post("/par").form(&form).send().await.refused(401, "invalid_client");
    }

    /// §12.1.1: a request shows that the entity's key made it.
    async fn a_request_that_nobody_signed_is_refused(world: World) {
        let it = federation(&world).await;
        let page = world.browser().get(&it.flow().url()).await;
        assert_eq!(crate::harness::outcome(&page), Err("invalid_request to the application".to_owned()));
    }

    /// §12.1.1.1, §12.1.3.
    async fn a_request_object_is_for_us_from_the_entity_and_counts_once(world: World) {
        let it = federation(&world).await;
        let object = it.object(&json!({}));
        assert!(it.arrives(&object).await.has("password"));
        let refused = Err("invalid_request_object to the application".to_owned());
        assert_eq!(crate::harness::outcome(&it.arrives(&object).await), refused);
        for change in [
            json!({"iss": null}), json!({"iss": it.id("middle")}), json!({"aud": null}), json!({"aud": "https://other.example"}),
            json!({"aud": [world.issuer(), "https://other.example"]}), json!({"sub": it.id("leaf")}), json!({"sub": "somebody"}), json!({"jti": null}),
            json!({"jti": ""}), json!({"jti": 7}), json!({"exp": null}), json!({"exp": world.now() - 31}), json!({"client_id": null}),
            json!({"client_id": it.id("middle")}),
        ] {
            assert_eq!(crate::harness::outcome(&it.arrives(&it.object(&change)).await), refused, "{change}");
        }
        assert!(it.arrives(&it.object(&json!({"aud": [world.issuer()]}))).await.has("password"));
    }

    /// §6.1: what those above make of it is what it is.
    async fn policies_shape_the_client(world: World) {
        let it = federation(&world).await;
        it.describe(json!({"grant_types": ["authorization_code", "refresh_token"]}));
        let policy = json!({"openid_relying_party": {"grant_types": {"subset_of": ["authorization_code"]}, "client_name": {"value": "By the anchor"}}});
        it.vouch("anchor", "middle", json!({"metadata_policy": policy}));
        let object = it.object(&json!({"scope": "openid offline_access", "prompt": "consent"}));
        let answer = it.redeem(&it.code(&object).await).await;
        assert!(answer.status(200).json().get("refresh_token").is_none(), "{}", answer.body);
    }

    /// §10.4, §12.3: not longer than its chain counts.
    async fn a_client_ends_with_its_chain(world: World) {
        let it = federation(&world).await;
        it.vouch("anchor", "middle", json!({"exp": world.now() + 600}));
        it.admits().await.unwrap();
        it.fail("anchor", Some(503));
        world.advance(599);
        it.admits().await.unwrap();
        world.advance(1);
        assert!(it.admits().await.unwrap_err().contains("cannot be fetched"));
        it.fail("anchor", None);
        it.vouch("anchor", "middle", json!({}));
        world.advance(10);
        it.admits().await.unwrap();
    }

    /// One that counts for long is looked at each hour; who is away then changes nothing.
    async fn what_those_above_say_is_heard_within_an_hour(world: World) {
        let it = federation(&world).await;
        it.admits().await.unwrap();
        world.advance(3600);
        it.fail("middle", Some(503));
        it.admits().await.unwrap();
        it.fail("middle", None);
        world.advance(10);
        it.vouch("middle", "leaf", json!({"jwks": {"keys": []}}));
        it.admits().await.unwrap_err();
    }

    /// Many requests for one entity find it out once.
    async fn who_waits_for_the_same_entity_waits_together(world: World) {
        let it = federation(&world).await;
        it.slow(Duration::from_millis(30));
        let requests = (0..20).map(|_| { let it = it.clone(); tokio::spawn(async move { it.admits().await }) });
        for request in requests.collect::<Vec<_>>() {
            request.await.unwrap().unwrap();
        }
        assert_eq!(it.requests(), 5);
    }

    /// An address that is no entity's may be that of a document (draft-ietf-oauth-client-id-metadata-document); an entity that nobody vouches for is not.
    async fn a_document_counts_only_where_there_is_no_entity(world: World) {
        let it = federation(&world).await;
        it.fail("leaf", Some(404));
        assert!(it.admits().await.unwrap_err().contains("document"));
        it.fail("leaf", None);
        world.advance(60);
        it.vouch("middle", "leaf", json!({"exp": world.now() - 100}));
        let words = it.admits().await.unwrap_err();
        assert!(words.contains("invalid_trust_chain") || words.contains("trust chain"), "{words}");
    }

    async fn only_a_realm_with_anchors_and_that_way_takes_entities(world: World) {
        let it = federation(&world).await;
        world.settings(|settings| settings.federation.automatic_registration = false).await;
        it.admits().await.unwrap_err();
        assert_eq!(it.requests(), 1, "asked for a document alone");
        world.settings(|settings| settings.federation.trust_anchors.clear()).await;
        world.get("/.well-known/openid-federation").send().await.status(404);
        world.post("/federation_registration").body("application/entity-statement+jwt", b"x").send().await.status(404);
    }
}
