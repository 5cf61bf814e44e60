//! Tokens that are exchanged by somebody else than they are for, actors that are not who they say, and scope that would grow.

use jose::jws::{self, Header};
use jose::{Algorithm, SigningKey};
use serde_json::json;

use super::{
    ACCESS, FILES, GRANT, ID, Parties, claims, exchange, exchange_of, exchanger, parties,
    parties_with, tokens,
};
use crate::harness::{ALICE, World, altered};
use crate::on_each_engine;

on_each_engine! {
    /// RFC 8693 §5, the confused deputy: a token that was sent to the wrong place, or stolen, is worth nothing to another client, whatever its policy gives.
    async fn a_client_exchanges_only_what_is_its_business(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let thief = world
            .client("thief")
            .redirects(&[])
            .grants(&["client_credentials", GRANT])
            .scope("notes.read files.read")
            .set("token_exchange", json!({"scopes": {"files.read": ["notes.read", "openid"]}, "rebinding": true, "impersonation": true}))
            .create()
            .await;
        let alice = tokens(&world, &app, "openid offline_access notes.read").await;
        for more in [&[][..], &[FILES], &[("scope", "notes.read")]] {
            exchange(&thief, alice.access(), more).await.refused(400, "invalid_request");
        }
        exchange_of(&thief, (alice.id(), ID), &[FILES]).await.refused(400, "invalid_request");
        let refresh = (alice.refresh(), "urn:ietf:params:oauth:token-type:refresh_token");
        exchange_of(&thief, refresh, &[FILES]).await.refused(400, "invalid_request");
        // What it is the API of does not let it have what the ID token of another client says.
        exchange_of(&notes, (alice.id(), ID), &[FILES]).await.refused(400, "invalid_request");
        // The operator may say so.
        let named = exchanger(&world, "named", json!({"subject_clients": ["app"], "scopes": {"files.read": ["openid"]}})).await;
        let answer = exchange_of(&named, (alice.id(), ID), &[FILES]).await;
        assert_eq!(claims(&world, &answer).await["act"], json!({"sub": "named"}));
    }

    /// RFC 8693 §4.4: whom `may_act` names may act; neither delegation, impersonation, an actor's token, a second step, nor another kind of token goes around it.
    async fn may_act_is_enforced_on_every_route(world: World) {
        let policy = json!({"scopes": {"files.read": ["notes.read", "openid"]}, "subject_clients": ["bank"], "impersonation": true});
        let Parties { notes, .. } = parties_with(&world, policy.clone()).await;
        let agent = exchanger(&world, "agent", policy).await;
        let bank = world
            .client("bank")
            .grants(&["authorization_code", "refresh_token", GRANT])
            .scope("openid offline_access notes.read files.read")
            .set("token_exchange", json!({"scopes": {"files.read": ["openid"]}}))
            .set("may_act", json!({"sub": "agent"}))
            .create()
            .await;
        let alice = tokens(&world, &bank, "openid offline_access notes.read").await;
        for token in [alice.access(), alice.id()] {
            assert_eq!(world.claims(token).await["may_act"], json!({"sub": "agent"}));
        }
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
        exchange_of(&notes, (alice.id(), ID), &[FILES]).await.refused(400, "invalid_request");
        let own = notes.client_credentials("notes.read").await.text("access_token");
        let actor = [FILES, ("actor_token", own.as_str()), ("actor_token_type", ACCESS)];
        exchange(&notes, alice.access(), &actor).await.refused(400, "invalid_request");
        let theirs = agent.client_credentials("notes.read").await.text("access_token");
        let stolen = [FILES, ("actor_token", theirs.as_str()), ("actor_token_type", ACCESS)];
        exchange(&notes, alice.access(), &stolen).await.refused(400, "invalid_request");
        // Not even the client that it was issued to, by none of its tokens.
        let refresh = "urn:ietf:params:oauth:token-type:refresh_token";
        for token in [(alice.access(), ACCESS), (alice.id(), ID), (alice.refresh(), refresh)] {
            exchange_of(&bank, token, &[]).await.refused(400, "invalid_request");
        }
        let allowed = exchange(&agent, alice.access(), &[FILES]).await;
        let after = claims(&world, &allowed).await;
        assert_eq!(after["may_act"], json!({"sub": "agent"}), "it goes along");
        exchange(&notes, &allowed.text("access_token"), &[]).await.refused(400, "invalid_request");
        exchange(&agent, &allowed.text("access_token"), &[]).await.status(200);
    }

    /// An actor is who presents a token of its own, with nobody acting for it.
    async fn an_actor_is_nobody_elses_token(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let other = exchanger(&world, "other", json!({"scopes": {"files.read": ["notes.read"]}})).await;
        let alice = tokens(&world, &app, "openid notes.read").await;
        let theirs = other.client_credentials("notes.read").await.text("access_token");
        let delegated = exchange(&notes, alice.access(), &[FILES]).await.text("access_token");
        let forged = SigningKey::generate(Algorithm::Es256).unwrap();
        let says = json!({"iss": world.issuer(), "sub": "notes", "client_id": "notes", "aud": "urn:example:notes", "jti": "1",
            "iat": world.now(), "exp": world.now() + 60});
        let forged = jws::sign(&forged, &Header::typed("at+jwt", &forged), says.to_string().as_bytes()).unwrap();
        for actor in [theirs.as_str(), alice.access(), &delegated, &forged, "", "x"] {
            let more = [FILES, ("actor_token", actor), ("actor_token_type", ACCESS)];
            exchange(&notes, alice.access(), &more).await.refused(400, "invalid_request");
        }
        let more = [FILES, ("actor_token", alice.id()), ("actor_token_type", ID)];
        exchange(&notes, alice.access(), &more).await.refused(400, "invalid_request");
    }

    /// What is asked for beyond the subject's token, the policy or the registration.
    async fn scope_never_widens(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        for scope in ["notes.write", "files.write", "files.read files.write", "openid", "offline_access", "nothing", "email"] {
            exchange(&notes, alice.access(), &[("scope", scope)]).await.refused(400, "invalid_scope");
        }
        for (scope, resource) in [("files.read", "urn:example:notes"), ("notes.read", "urn:example:files")] {
            exchange(&notes, alice.access(), &[("scope", scope), ("resource", resource)]).await.refused(400, "invalid_scope");
        }
        for target in ["urn:example:nothing", "https://files.example"] {
            for name in ["resource", "audience"] {
                exchange(&notes, alice.access(), &[(name, target)]).await.refused(400, "invalid_target");
            }
        }
        // An API that the policy says nothing about is not in the audience, with no scope either.
        world.resource("urn:example:safe", &[("safe.open", "Open the safe")]).await;
        exchange(&notes, alice.access(), &[("resource", "urn:example:safe")]).await.refused(400, "invalid_target");
        let both = [FILES, ("resource", "urn:example:safe")];
        exchange(&notes, alice.access(), &both).await.refused(400, "invalid_target");
        // A client that may not have the scope itself.
        let narrow = world
            .client("narrow")
            .redirects(&[])
            .grants(&[GRANT])
            .scope("notes.read")
            .set("introspects", json!(["urn:example:notes"]))
            .set("token_exchange", json!({"scopes": {"files.read": ["notes.read"]}}))
            .create()
            .await;
        exchange(&narrow, alice.access(), &[FILES]).await.refused(400, "invalid_scope");
    }

    /// A scope that only some people may have is not had for others by an API that may ask for it.
    async fn the_rules_of_a_scope_hold_for_the_person(world: World) {
        let Parties { app, .. } = parties(&world).await;
        let staff = json!({"id": "urn:example:staff", "name": "Staff",
            "scopes": [{"name": "staff.read", "description": "Read", "grantable": {"group": "staff"}}]});
        world.resource_document(staff).await;
        let desk = world
            .client("desk")
            .redirects(&[])
            .grants(&[GRANT])
            .scope("staff.read")
            .set("introspects", json!(["urn:example:notes"]))
            .set("token_exchange", json!({"scopes": {"staff.read": ["notes.read"]}}))
            .create()
            .await;
        let alice = tokens(&world, &app, "notes.read").await;
        let wanted = [("resource", "urn:example:staff")];
        exchange(&desk, alice.access(), &wanted).await.refused(400, "invalid_scope");
        world.join_group(ALICE.0, "staff").await;
        exchange(&desk, alice.access(), &wanted).await.status(200);
    }

    /// Tokens of nobody, of another realm, of another kind, expired, altered; and requests that are not ones.
    async fn bad_input_is_answered_with_the_registered_error(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let long = "x".repeat(50_000);
        for token in ["x", "a.b.c", "gat_", "grt_a.1.b", "ä \u{202e}", "' OR 1=1 --", &long, &altered(alice.access(), alice.access().len() - 5)] {
            for kind in [ACCESS, ID, "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:refresh_token"] {
                exchange_of(&notes, (token, kind), &[FILES]).await.refused(400, "invalid_request");
            }
        }
        for kind in ["", "access_token", "urn:ietf:params:oauth:token-type:saml2", "urn:ietf:params:oauth:token-type:id-jag"] {
            exchange_of(&notes, (alice.access(), kind), &[]).await.refused(400, "invalid_request");
        }
        for wanted in ["x", "urn:ietf:params:oauth:token-type:refresh_token", ID, "urn:ietf:params:oauth:token-type:saml1"] {
            let more = [FILES, ("requested_token_type", wanted)];
            exchange(&notes, alice.access(), &more).await.refused(400, "invalid_request");
        }
        let without = [("grant_type", GRANT), ("subject_token_type", ACCESS)];
        notes.token(&without).await.refused(400, "invalid_request");
        let many: Vec<String> = (0..40).map(|n| format!("urn:example:{n}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|id| ("audience", id.as_str())).collect();
        exchange(&notes, alice.access(), &many).await.refused(400, "invalid_target");
        world.advance(301);
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
    }

    /// A token of another tenant of the same server.
    async fn a_token_of_another_realm_is_unknown(world: World) {
        let Parties { notes, .. } = parties(&world).await;
        let other = world.another("https://other.example").await;
        let theirs = parties(&other).await;
        let alice = tokens(&other, &theirs.app, "notes.read").await;
        world.remember(alice.access());
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
    }

    /// A chain of more than eight parties is refused, not cut.
    async fn too_many_actors_are_refused(world: World) {
        let Parties { app, .. } = parties(&world).await;
        let mut token = tokens(&world, &app, "notes.read").await.access().to_owned();
        for number in 0..8 {
            let next = exchanger(&world, &format!("party{number}"), json!({})).await;
            token = exchange(&next, &token, &[]).await.text("access_token");
        }
        let last = exchanger(&world, "party8", json!({"impersonation": true})).await;
        exchange(&last, &token, &[]).await.status(200);
        let ninth = exchanger(&world, "party9", json!({})).await;
        exchange(&ninth, &token, &[]).await.refused(400, "invalid_request");
    }
}
