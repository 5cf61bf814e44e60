//! Token exchange: RFC 8693.

mod attacks;
mod binding;
mod endings;
mod foreign;
mod library;

use serde_json::{Value, json};

use crate::harness::{ALICE, Answer, Client, Tokens, World};
use crate::on_each_engine;

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
pub const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// alice's application `app`; the API `notes`, which may get `files.read` for a token with `notes.read`; and the API `files` behind it.
pub struct Parties {
    pub app: Client,
    pub notes: Client,
}

pub async fn parties(world: &World) -> Parties {
    parties_with(world, json!({"scopes": {"files.read": ["notes.read"]}})).await
}

/// The same with another policy of the API `notes`.
pub async fn parties_with(world: &World, policy: Value) -> Parties {
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    let scopes = [
        ("files.read", "Read your files"),
        ("files.write", "Change your files"),
    ];
    world.resource("urn:example:files", &scopes).await;
    let app = world
        .client("app")
        .scope("openid email offline_access notes.read notes.write")
        .create()
        .await;
    let notes = exchanger(world, "notes", policy).await;
    Parties { app, notes }
}

/// A client that exchanges tokens and is the API `urn:example:notes`.
pub async fn exchanger(world: &World, id: &str, policy: Value) -> Client {
    world
        .client(id)
        .redirects(&[])
        .grants(&["client_credentials", GRANT])
        .scope("notes.read notes.write files.read files.write")
        .set(
            "introspects",
            json!(["urn:example:notes", "urn:example:files"]),
        )
        .set("token_exchange", policy)
        .create()
        .await
}

/// alice's tokens.
pub async fn tokens(world: &World, app: &Client, scope: &str) -> Tokens {
    let flow = world
        .flow(app)
        .with("scope", scope)
        .with("prompt", "consent");
    flow.tokens().await
}

/// An exchange of an access token with more parameters.
pub async fn exchange(client: &Client, token: &str, more: &[(&str, &str)]) -> Answer {
    exchange_of(client, (token, ACCESS), more).await
}

/// An exchange of a token of that type.
pub async fn exchange_of(
    client: &Client,
    (token, kind): (&str, &str),
    more: &[(&str, &str)],
) -> Answer {
    let mut form = vec![
        ("grant_type", GRANT),
        ("subject_token", token),
        ("subject_token_type", kind),
    ];
    form.extend_from_slice(more);
    client.token(&form).await
}

/// What the token that was issued says.
pub async fn claims(world: &World, answer: &Answer) -> Value {
    answer.status(200).not_stored();
    world.claims(&answer.text("access_token")).await
}

const FILES: (&str, &str) = ("resource", "urn:example:files");

on_each_engine! {
    /// RFC 8693 §2.2.1, §4.1: the API calls another one for alice, and the token says who acts.
    async fn an_api_gets_a_token_for_the_next_api_and_is_named_as_actor(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let before = world.claims(alice.access()).await;
        let answer = exchange(&notes, alice.access(), &[FILES]).await;
        let body = answer.json();
        assert_eq!(body["issued_token_type"], json!(ACCESS));
        assert_eq!(body["token_type"], json!("Bearer"));
        assert_eq!(body["scope"], json!("files.read"));
        assert_eq!(body.get("refresh_token"), None);
        let after = claims(&world, &answer).await;
        assert_eq!(after["sub"], before["sub"]);
        assert_eq!((&after["aud"], &after["client_id"]), (&json!("urn:example:files"), &json!("notes")));
        assert_eq!(after["act"], json!({"sub": "notes"}));
        for name in ["grant_id", "sid", "auth_time", "amr"] {
            assert_eq!(after[name], before[name], "{name}");
        }
        let files = world.client("files").redirects(&[]).grants(&["client_credentials"]);
        let files = files.set("introspects", json!(["urn:example:files"])).create().await;
        let seen = files.introspect(body["access_token"].as_str().unwrap()).await;
        assert_eq!((&seen["active"], &seen["act"]), (&json!(true), &json!({"sub": "notes"})));
        assert_eq!(seen.get("exchanged_from"), None, "what it came from is no business of an API");
    }

    /// §4.1: who acted before stays named, innermost first.
    async fn actors_are_nested(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let second = exchanger(&world, "second", json!({"scopes": {"files.write": ["files.read"]}})).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let first = exchange(&notes, alice.access(), &[FILES]).await;
        first.status(200);
        let next = exchange(&second, &first.text("access_token"), &[("scope", "files.write")]).await;
        let after = claims(&world, &next).await;
        assert_eq!(after["act"], json!({"sub": "second", "act": {"sub": "notes"}}));
        // The same party once more is no further party.
        let again = exchange(&second, &next.text("access_token"), &[]).await;
        assert_eq!(claims(&world, &again).await["act"], after["act"]);
    }

    /// §2.1: an explicit actor, here a person at a support desk.
    async fn an_actor_token_says_who_acts(world: World) {
        let Parties { app, notes } = parties_with(&world, json!({"scopes": {"files.read": ["notes.read"]}, "subject_clients": ["app"]})).await;
        world.person("bob", "bobs-good-password").await;
        let own = notes.client_credentials("notes.read").await.text("access_token");
        let alice = tokens(&world, &app, "notes.read").await;
        let answer = exchange(&notes, alice.access(), &[FILES, ("actor_token", &own), ("actor_token_type", ACCESS)]).await;
        assert_eq!(claims(&world, &answer).await["act"], json!({"sub": "notes"}));
        let half = [FILES, ("actor_token", own.as_str())];
        exchange(&notes, alice.access(), &half).await.refused(400, "invalid_request");
        exchange(&notes, alice.access(), &[FILES, ("actor_token_type", ACCESS)]).await.refused(400, "invalid_request");
    }

    /// §1.1: impersonation where the operator says so; what was said about actors before stays.
    async fn impersonation_leaves_the_actor_out(world: World) {
        let policy = json!({"scopes": {"files.read": ["notes.read"]}, "impersonation": true});
        let Parties { app, notes } = parties_with(&world, policy).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let answer = exchange(&notes, alice.access(), &[FILES]).await;
        assert_eq!(claims(&world, &answer).await.get("act"), None);
        let open = exchanger(&world, "open", json!({})).await;
        let delegated = exchange(&open, alice.access(), &[]).await.text("access_token");
        let answer = exchange(&notes, &delegated, &[]).await;
        assert_eq!(claims(&world, &answer).await["act"], json!({"sub": "open"}), "never shortened");
    }

    /// A client makes its own token narrower before it gives it away.
    async fn a_client_narrows_its_own_token(world: World) {
        let Parties { notes, .. } = parties_with(&world, json!({})).await;
        let own = notes.token(&[("grant_type", "client_credentials"), ("scope", "files.read files.write")]).await.text("access_token");
        let answer = exchange(&notes, &own, &[("scope", "files.read")]).await;
        let after = claims(&world, &answer).await;
        assert_eq!((&after["sub"], &after["scope"], after.get("act")), (&json!("notes"), &json!("files.read"), None));
        exchange(&notes, &answer.text("access_token"), &[("scope", "files.write")]).await.refused(400, "invalid_scope");
    }

    /// §3: each kind of token of ours, said to be what it is, and `audience` as well as `resource`.
    async fn tokens_of_each_kind_are_exchanged(world: World) {
        let Parties { .. } = parties(&world).await;
        let web = world
            .client("web")
            .grants(&["authorization_code", "refresh_token", GRANT])
            .scope("openid offline_access notes.read files.read")
            .set("token_exchange", json!({"scopes": {"files.read": ["openid"]}}))
            .create()
            .await;
        let mine = tokens(&world, &web, "openid offline_access notes.read").await;
        let sub = world.claims(mine.id()).await["sub"].clone();
        for (token, kind) in [(mine.id(), ID), (mine.id(), JWT), (mine.access(), ACCESS), (mine.access(), JWT), (mine.refresh(), REFRESH)] {
            for name in ["resource", "audience"] {
                let answer = exchange_of(&web, (token, kind), &[(name, "urn:example:files")]).await;
                let after = claims(&world, &answer).await;
                assert_eq!((&after["sub"], &after["scope"]), (&sub, &json!("files.read")), "{kind}");
                assert_eq!(after.get("act"), None, "what it was given itself it uses itself");
            }
        }
        for (token, kind) in [(mine.id(), ACCESS), (mine.access(), ID), (mine.access(), REFRESH), (mine.refresh(), ACCESS), (mine.refresh(), JWT)] {
            exchange_of(&web, (token, kind), &[FILES]).await.refused(400, "invalid_request");
        }
        // The refresh token is none the worse.
        web.refreshed(mine.refresh()).await;
    }

    /// Opaque tokens are the same tokens.
    async fn opaque_tokens_are_exchanged_too(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let vault = json!({"id": "urn:example:vault", "name": "Vault", "token_format": "opaque",
            "scopes": [{"name": "vault.read", "description": "Look into the vault"}]});
        world.resource_document(vault).await;
        let teller = world
            .client("teller")
            .redirects(&[])
            .grants(&["client_credentials", GRANT])
            .scope("vault.read files.read")
            .set("introspects", json!(["urn:example:notes", "urn:example:vault"]))
            .set("token_exchange", json!({"scopes": {"vault.read": ["notes.read"], "files.read": ["vault.read"]}}))
            .create()
            .await;
        let alice = tokens(&world, &app, "notes.read").await;
        let vault = exchange(&teller, alice.access(), &[("resource", "urn:example:vault")]).await;
        vault.status(200);
        let opaque = vault.text("access_token");
        assert!(opaque.starts_with("gat_"));
        assert_eq!(teller.introspect(&opaque).await["act"], json!({"sub": "teller"}));
        let back = exchange(&teller, &opaque, &[FILES]).await;
        assert_eq!(claims(&world, &back).await["act"], json!({"sub": "teller"}));
        let wanted = [("resource", "urn:example:vault"), ("requested_token_type", JWT)];
        exchange(&teller, alice.access(), &wanted).await.refused(400, "invalid_request");
        drop(notes);
    }

    /// The new token ends when the old one does, at the latest.
    async fn it_never_lives_longer_than_the_subjects_token(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let end = world.claims(alice.access()).await["exp"].clone();
        world.advance(250);
        let answer = exchange(&notes, alice.access(), &[FILES]).await;
        assert_eq!(answer.json()["expires_in"], json!(50));
        assert_eq!(claims(&world, &answer).await["exp"], end);
        world.advance(50);
        exchange(&notes, alice.access(), &[FILES]).await.refused(400, "invalid_request");
    }

    /// It is announced, registered, and refused to whoever did not register it or cannot authenticate.
    async fn the_grant_is_registered_and_announced(world: World) {
        let Parties { app, .. } = parties(&world).await;
        let metadata = world.get("/.well-known/oauth-authorization-server").send().await.json();
        assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
        let alice = tokens(&world, &app, "notes.read").await;
        exchange(&app, alice.access(), &[]).await.refused(400, "unauthorized_client");
        let public = world.client("spa").public().grants(&["authorization_code", GRANT]).try_create().await;
        assert!(public.is_none());
        for policy in [
            json!({"scopes": {"nothing": ["notes.read"]}}),
            json!({"scopes": {"files.read": ["nothing"]}}),
            json!({"scopes": {"files.read": []}}),
            json!({"identity_assertions": [{"audience": "x", "client_id": "c"}]}),
        ] {
            let odd = world.client("odd").redirects(&[]).grants(&[GRANT]).set("token_exchange", policy.clone()).try_create().await;
            assert!(odd.is_none(), "{policy}");
        }
        let without = world.client("without").set("token_exchange", json!({"rebinding": true})).try_create().await;
        assert!(without.is_none(), "a policy without the grant means nothing");
    }

    /// Who exchanged what is in the audit.
    async fn each_exchange_is_an_event(world: World) {
        let Parties { app, notes } = parties(&world).await;
        let alice = tokens(&world, &app, "notes.read").await;
        let answer = exchange(&notes, alice.access(), &[FILES]).await;
        let after = claims(&world, &answer).await;
        let events = realm::events::list(world.realm(), "", 100).await.unwrap();
        let event = events.iter().map(|recorded| &recorded.event).find(|event| event.kind == "token.exchanged").unwrap();
        assert_eq!(event.client.as_deref(), Some("notes"));
        assert_eq!(event.person.as_deref(), after["sub"].as_str());
        assert_eq!((&event.detail["act"], &event.detail["jti"]), (&json!({"sub": "notes"}), &after["jti"]));
    }
}
