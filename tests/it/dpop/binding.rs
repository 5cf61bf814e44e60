//! What is bound, to what, and for whom.

use jose::Algorithm;
use serde_json::json;

use super::{Key, ask, offline, own, public_flow, redeem, refresh, see};
use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// RFC 9449 §5, §6.1: the token says its type and its key.
    async fn a_proof_binds_the_access_token(world: World) {
        let service = world.service().await;
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::MlDsa87] {
            let key = Key::of(algorithm);
            let answer = own(&world, &service, &[&key.proof(&world)]).await;
            answer.status(200);
            assert_eq!(answer.text("token_type"), "DPoP");
            let claims = world.claims(&answer.text("access_token")).await;
            assert_eq!(claims["cnf"], json!({"jkt": key.jkt()}));
        }
        let plain = service.client_credentials("").await;
        assert_eq!(plain.text("token_type"), "Bearer");
        assert_eq!(world.claims(&plain.text("access_token")).await.get("cnf"), None);
    }

    /// RFC 9449 §6.2: introspection names the key, of a sealed token too.
    async fn introspection_names_the_key(world: World) {
        let document = json!({
            "id": "urn:example:sealed", "name": "Sealed", "token_format": "opaque",
            "scopes": [{"name": "sealed.read", "description": "Read"}],
        });
        world.resource_document(document).await;
        let client = world.client("sealed").grants(&["client_credentials"]).redirects(&[]).scope("sealed.read").default_scope("sealed.read").create().await;
        let key = Key::new();
        let token = own(&world, &client, &[&key.proof(&world)]).await.text("access_token");
        assert!(token.starts_with("gat_"));
        let seen = client.introspect(&token).await;
        assert_eq!((&seen["token_type"], &seen["cnf"]), (&json!("DPoP"), &json!({"jkt": key.jkt()})));
    }

    /// RFC 9449 §5: the whole way of a public client: code, userinfo, refresh, each with proofs of one key.
    async fn a_public_client_stays_with_its_key(world: World) {
        let flow = public_flow(&world).await;
        let key = Key::new();
        let code = flow.fresh_code().await;
        let first = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        first.status(200);
        assert_eq!(first.text("token_type"), "DPoP");
        let token = first.text("access_token");
        see(&world, &token, &[&key.beside(&world, &token)]).await.status(200);
        let second = refresh(&world, &flow.client, &first.text("refresh_token"), &[&key.proof(&world)]).await;
        second.status(200);
        assert_eq!(second.text("token_type"), "DPoP");
        let claims = world.claims(&second.text("access_token")).await;
        assert_eq!(claims["cnf"]["jkt"], json!(key.jkt()));
    }

    /// RFC 9449 §5, §11: a stolen refresh token is worth nothing without the key, and whoever tries it spoils nothing.
    async fn a_refresh_token_of_a_public_client_needs_its_key(world: World) {
        let flow = public_flow(&world).await;
        let (key, thief) = (Key::new(), Key::new());
        let code = flow.fresh_code().await;
        let answer = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        let token = answer.text("refresh_token");
        refresh(&world, &flow.client, &token, &[]).await.refused(400, "invalid_grant");
        refresh(&world, &flow.client, &token, &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        let next = refresh(&world, &flow.client, &token, &[&key.proof(&world)]).await;
        next.status(200);
        // The one before, long after: it would end the family, but not for whoever lacks the key.
        world.advance(3600);
        refresh(&world, &flow.client, &token, &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        refresh(&world, &flow.client, &next.text("refresh_token"), &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9449 §5: the refresh tokens of a confidential client are bound to the client, which authenticates: its key may change.
    async fn a_confidential_client_may_change_its_key(world: World) {
        let app = world.app().await;
        let flow = offline(&world, &app);
        let (one, other) = (Key::new(), Key::new());
        let code = flow.fresh_code().await;
        let first = redeem(&flow, &world, &code, &[&one.proof(&world)]).await;
        let second = refresh(&world, &app, &first.text("refresh_token"), &[&other.proof(&world)]).await;
        second.status(200);
        let claims = world.claims(&second.text("access_token")).await;
        assert_eq!(claims["cnf"]["jkt"], json!(other.jkt()));
        // Not the client of whom they were, and not without a key.
        let token = second.text("refresh_token");
        let stranger = world.client("stranger").create().await;
        refresh(&world, &stranger, &token, &[&one.proof(&world)]).await.refused(400, "invalid_grant");
        refresh(&world, &app, &token, &[]).await.refused(400, "invalid_dpop_proof");
        refresh(&world, &app, &token, &[&one.proof(&world)]).await.status(200);
    }

    /// RFC 9449 §5: once bound, a grant never gives a bearer token again, whoever holds it and however old the token that comes; and whoever tries spoils nothing.
    async fn a_bound_grant_stays_bound(world: World) {
        let app = world.app().await;
        let flow = offline(&world, &app);
        let key = Key::new();
        let code = flow.fresh_code().await;
        let first = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        let old = first.text("refresh_token");
        let next = refresh(&world, &app, &old, &[&key.proof(&world)]).await;
        // Within the grace and after it, when an old token would end the grant.
        refresh(&world, &app, &old, &[]).await.refused(400, "invalid_dpop_proof");
        world.advance(3600);
        refresh(&world, &app, &old, &[]).await.refused(400, "invalid_dpop_proof");
        let token = next.text("refresh_token");
        refresh(&world, &app, &token, &["no proof"]).await.refused(400, "invalid_dpop_proof");
        refresh(&world, &app, &token, &[&key.proof(&world)]).await.status(200);
        // A token that was not bound at first is, once it came with a proof.
        let code = flow.fresh_code().await;
        let plain = redeem(&flow, &world, &code, &[]).await;
        assert_eq!(plain.text("token_type"), "Bearer");
        let plain = refresh(&world, &app, &plain.text("refresh_token"), &[]).await;
        assert_eq!(plain.text("token_type"), "Bearer");
        let bound = refresh(&world, &app, &plain.text("refresh_token"), &[&key.proof(&world)]).await;
        assert_eq!(bound.text("token_type"), "DPoP");
        refresh(&world, &app, &bound.text("refresh_token"), &[]).await.refused(400, "invalid_dpop_proof");
    }

    /// RFC 9449 §5: a refresh token that is issued to a public client with a proof is bound to its key, also when the one before was not.
    async fn a_public_client_binds_its_grant_when_it_first_shows_a_key(world: World) {
        let flow = public_flow(&world).await;
        let (key, thief) = (Key::new(), Key::new());
        let code = flow.fresh_code().await;
        let plain = redeem(&flow, &world, &code, &[]).await.text("refresh_token");
        let bound = refresh(&world, &flow.client, &plain, &[&key.proof(&world)]).await;
        bound.status(200);
        let token = bound.text("refresh_token");
        refresh(&world, &flow.client, &token, &[]).await.refused(400, "invalid_grant");
        refresh(&world, &flow.client, &token, &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        // A lost answer is given again to who proves the same key.
        refresh(&world, &flow.client, &plain, &[&key.proof(&world)]).await.status(200);
        refresh(&world, &flow.client, &token, &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9700 §4.14.2: who steals a token that is not bound and binds it to a key of their own is found out when its owner comes with it, in the grace too.
    async fn a_stolen_token_that_is_bound_by_the_thief_ends_with_its_owners_next_use(world: World) {
        let flow = public_flow(&world).await;
        let (thief, own) = (Key::new(), Key::new());
        for (later, proof) in [(0, None), (3600, None), (0, Some(&own)), (3600, Some(&own))] {
            let code = flow.fresh_code().await;
            let stolen = redeem(&flow, &world, &code, &[]).await.text("refresh_token");
            let bound = refresh(&world, &flow.client, &stolen, &[&thief.proof(&world)]).await;
            let gained = bound.status(200).text("access_token");
            world.advance(later);
            let proof = proof.map(|key| key.proof(&world));
            let proofs: Vec<&str> = proof.iter().map(String::as_str).collect();
            refresh(&world, &flow.client, &stolen, &proofs).await.refused(400, "invalid_grant");
            refresh(&world, &flow.client, &bound.text("refresh_token"), &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
            see(&world, &gained, &[&thief.beside(&world, &gained)]).await.status(401);
        }
    }

    /// RFC 9700 §4.14.2: a thief who binds a grant to a key of his own is found out as ever, by the old token of whoever has no key.
    async fn a_thief_who_binds_a_grant_does_not_keep_it(world: World) {
        world.app().await;
        for public in [true, false] {
            let id = if public { "public" } else { "confidential" };
            let app = world.client(id);
            let app = if public { app.public() } else { app }.create().await;
            let flow = offline(&world, &app);
            let code = flow.fresh_code().await;
            let plain = redeem(&flow, &world, &code, &[]).await.text("refresh_token");
            let thief = Key::new();
            let stolen = refresh(&world, &app, &plain, &[&thief.proof(&world)]).await;
            stolen.status(200);
            // Within the grace nothing comes of it for who has no key; after it the grant ends.
            refresh(&world, &app, &plain, &[]).await.status(400);
            world.advance(3600);
            refresh(&world, &app, &plain, &[]).await.refused(400, "invalid_grant");
            refresh(&world, &app, &stolen.text("refresh_token"), &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        }
    }

    /// A client that has become public proves no more that it is the one whom a bound grant was for: no key will do.
    async fn a_bound_grant_of_a_client_that_became_public_is_nobodys(world: World) {
        let app = world.app().await;
        let flow = offline(&world, &app);
        let key = Key::new();
        let code = flow.fresh_code().await;
        let token = redeem(&flow, &world, &code, &[&key.proof(&world)]).await.text("refresh_token");
        let mut client = realm::clients::find(world.realm(), &app.id).await.unwrap().unwrap();
        client.token_endpoint_auth_method = Some(oauth::client_auth::Method::None);
        client.secret_hash = None;
        realm::clients::update(world.realm(), client, realm::clients::SecretChange::Remove, "test").await.unwrap();
        world.sync().await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", &app.id)];
        for proof in [Some(Key::new().proof(&world)), Some(key.proof(&world)), None] {
            let call = world.post("/token").form(&form);
            let call = match &proof {
                Some(proof) => call.header("dpop", proof),
                None => call,
            };
            call.send().await.refused(400, "invalid_grant");
        }
    }

    /// RFC 9449 §6.2, §7.2: after a change of keys introspection names of each token its own, each works with its own alone, and neither is a bearer token.
    async fn each_token_has_the_key_it_was_issued_with(world: World) {
        let app = world.app().await;
        let flow = offline(&world, &app);
        let (one, other) = (Key::new(), Key::new());
        let code = flow.fresh_code().await;
        let first = redeem(&flow, &world, &code, &[&one.proof(&world)]).await;
        let second = refresh(&world, &app, &first.text("refresh_token"), &[&other.proof(&world)]).await;
        for (answer, own, wrong) in [(&first, &one, &other), (&second, &other, &one)] {
            let token = answer.text("access_token");
            let seen = app.introspect(&token).await;
            assert_eq!((&seen["cnf"], &seen["token_type"]), (&json!({"jkt": own.jkt()}), &json!("DPoP")));
            see(&world, &token, &[&own.beside(&world, &token)]).await.status(200);
            see(&world, &token, &[&wrong.beside(&world, &token)]).await.status(401);
            world.userinfo(&token).await.status(401);
        }
    }

    /// RFC 9449 §10: a code that was bound at /authorize is redeemed with that key and no other, and is not used up by whoever injects it.
    async fn a_code_is_bound_by_dpop_jkt(world: World) {
        let app = world.app().await;
        let (key, other) = (Key::new(), Key::new());
        let flow = world.flow(&app).with("dpop_jkt", &key.jkt());
        let code = flow.fresh_code().await;
        redeem(&flow, &world, &code, &[]).await.refused(400, "invalid_grant");
        redeem(&flow, &world, &code, &[&other.proof(&world)]).await.refused(400, "invalid_grant");
        let answer = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        answer.status(200);
        assert_eq!(world.claims(&answer.text("access_token")).await["cnf"]["jkt"], json!(key.jkt()));
    }

    /// RFC 9449 §10: what is no thumbprint is refused at once.
    async fn a_dpop_jkt_that_is_none_is_refused(world: World) {
        let app = world.app().await;
        let jkt = Key::new().jkt();
        for wrong in ["x", &jkt[1..], &format!("{jkt}="), &format!("{jkt}A"), "ÄÄ"] {
            let flow = world.flow(&app).with("dpop_jkt", wrong);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_request", "{wrong}");
        }
    }

    /// RFC 9449 §5.2: a client that is registered for it gets nothing without a proof, by any grant.
    async fn a_registered_client_must_prove_its_key(world: World) {
        world.notes().await;
        let grants = ["authorization_code", "refresh_token", "client_credentials"];
        let app = world
            .app_with(|client| {
                client
                    .grants(&grants)
                    .scope("openid offline_access notes.read")
                    .set("dpop_bound_access_tokens", json!(true))
            })
            .await;
        let flow = offline(&world, &app);
        let key = Key::new();
        let credentials = [("grant_type", "client_credentials"), ("scope", "notes.read")];
        let refused = ask(&world, &app, &credentials, &[]).await;
        refused.refused(400, "invalid_dpop_proof");
        assert!(!refused.header("dpop-nonce").is_empty());
        ask(&world, &app, &credentials, &[&key.proof(&world)]).await.status(200);
        let code = flow.fresh_code().await;
        redeem(&flow, &world, &code, &[]).await.refused(400, "invalid_dpop_proof");
        let first = redeem(&flow, &world, &code, &[&key.proof(&world)]).await;
        first.status(200);
        let token = first.text("refresh_token");
        refresh(&world, &app, &token, &[]).await.refused(400, "invalid_dpop_proof");
        refresh(&world, &app, &token, &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9449 §5.1: what proofs may be signed with is in both documents.
    async fn metadata_names_the_algorithms(world: World) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            let document = world.get(path).send().await.json();
            let offered = document["dpop_signing_alg_values_supported"].as_array().unwrap();
            for needed in ["ES256", "EdDSA", "PS256", "RS256", "ML-DSA-65"] {
                assert!(offered.contains(&json!(needed)), "{needed}");
            }
            assert!(offered.iter().all(|name| !name.as_str().unwrap().starts_with("HS")));
        }
    }
}
