//! Subjects that only one sector is told: OpenID Connect Core §8.1, Registration §5.

use std::collections::BTreeSet;

use jose::jws;
use serde_json::{Value, json};

use crate::harness::{Client, NewClient, Tokens, World};
use crate::on_each_engine;
use crate::token_exchange::{GRANT, exchange, exchanger};

fn pairwise(client: NewClient) -> NewClient {
    client.set("subject_type", json!("pairwise")).trusted()
}

/// A client of this site.
async fn of(world: &World, id: &str, callback: &str) -> Client {
    let client = pairwise(world.client(id)).redirects(&[callback]);
    client.create().await
}

fn said(token: &str) -> Value {
    let claims = jws::peek(token).unwrap().claims().unwrap();
    json!(claims)
}

/// Everything a token says, as text.
fn text(token: &str) -> String {
    said(token).to_string()
}

async fn person(world: &World) -> String {
    let found = identity::people::find_by_username(world.realm(), "alice");
    found.await.unwrap().unwrap().id
}

async fn tokens(world: &World, client: &Client, scope: &str) -> Tokens {
    let flow = world
        .flow(client)
        .with("scope", scope)
        .with("prompt", "consent");
    flow.tokens().await
}

on_each_engine! {
    /// §8.1: the same for the clients of a sector and at each sign-in, another for each other sector, and never what all others are told.
    async fn a_sector_is_told_a_subject_of_its_own(world: World) {
        let public = world.app().await;
        let mut told = Vec::new();
        for (id, callback) in [
            ("one", "https://one.example/cb"),
            ("one-too", "https://one.example/elsewhere"),
            ("two", "https://two.example/cb"),
            ("desk", "http://127.0.0.1/callback"),
            ("desk-too", "http://127.0.0.1/callback"),
            ("phone", "com.example.phone:/cb"),
        ] {
            let client = of(&world, id, callback).await;
            let first = said(world.flow(&client).tokens().await.id())["sub"].clone();
            let again = said(world.flow(&client).tokens().await.id())["sub"].clone();
            assert_eq!(first, again, "{id}");
            told.push(first.as_str().unwrap().to_owned());
        }
        assert_eq!(told[0], told[1]);
        told.push(said(world.flow(&public).tokens().await.id())["sub"].as_str().unwrap().to_owned());
        assert_eq!(told[6], person(&world).await);
        let different: BTreeSet<&String> = told.iter().collect();
        assert_eq!(different.len(), 6, "{told:?}");
        // One person's says nothing of another's.
        world.person("bob", "correct-horse-battery").await;
        assert!(told.iter().all(|sub| sub.len() <= 255 && !sub.contains("alice")));
    }

    /// Wherever a client or its API reads of the person, it is the one subject, and nothing else names the person, also not the identifiers of tokens.
    async fn the_subject_is_the_same_everywhere(world: World) {
        world.notes().await;
        let app = pairwise(world.client("app")).scope("openid offline_access notes.read").create().await;
        world.app_with(|client| client.set("client_id", json!("other"))).await;
        let api = world.api("urn:example:notes").await;
        let alice = person(&world).await;
        let got = tokens(&world, &app, "openid offline_access notes.read").await;
        let again = app.refreshed(got.refresh()).await;
        let sub = world.claims(got.id()).await["sub"].clone();
        for token in [got.id(), got.access(), again.id(), again.access()] {
            assert_eq!(world.claims(token).await["sub"], sub, "{}", text(token));
            assert!(!text(token).contains(&alice), "{}", text(token));
        }
        assert_ne!(said(got.id())["jti"], said(again.id())["jti"]);
        for (asker, token) in [(&app, got.access()), (&api, got.access()), (&app, again.refresh())] {
            let answer = asker.introspect(token).await;
            assert_eq!((&answer["active"], &answer["sub"]), (&json!(true), &sub), "{answer}");
            assert!(!answer.to_string().contains(&alice) && answer.get("sealed").is_none(), "{answer}");
        }
        let plain = tokens(&world, &app, "openid").await;
        assert_eq!(world.userinfo(plain.access()).await.status(200).json()["sub"], sub);
    }

    /// A session has a name of its own in each sector, the same in all tokens there.
    async fn a_session_has_a_name_of_its_own_in_each_sector(world: World) {
        let public = world.app_with(|client| client.trusted()).await;
        let one = of(&world, "one", "https://one.example/cb").await;
        let too = of(&world, "one-too", "https://one.example/elsewhere").await;
        let two = of(&world, "two", "https://two.example/cb").await;
        let mut browser = world.browser();
        let mut sids = Vec::new();
        for client in [&public, &one, &too, &two] {
            let tokens = world.flow(client).tokens_in(&mut browser).await;
            let sid = said(tokens.access())["sid"].clone();
            assert!(sid.is_string());
            assert_eq!(client.introspect(tokens.access()).await["sid"], sid);
            sids.push((sid.to_string(), tokens));
        }
        assert_eq!(sids[1].0, sids[2].0);
        assert_eq!(sids.iter().map(|(sid, _)| sid).collect::<BTreeSet<_>>().len(), 3);
        // All end with it.
        world.sign_out(&mut browser).await;
        for (_, tokens) in &sids {
            world.userinfo(tokens.access()).await.status(401);
        }
    }

    /// Front-Channel Logout §3: the frame that tells a client names the session as its tokens do.
    async fn a_frame_names_the_session_as_the_client_knows_it(world: World) {
        world.app_with(|client| client.trusted()).await;
        let told = pairwise(world.client("told")).redirects(&["https://told.example/cb"]);
        let told = told.set("frontchannel_logout_uri", json!("https://told.example/out")).create().await;
        let mut browser = world.browser();
        let tokens = world.flow(&told).tokens_in(&mut browser).await;
        let page = browser.get(&format!("/logout?id_token_hint={}", tokens.id())).await;
        let claims = said(tokens.id());
        assert!(page.html().contains(&format!("sid={}", claims["sid"].as_str().unwrap())), "{}", page.html());
    }

    /// The tokens end with their person, who is named in none of them.
    async fn tokens_end_with_the_person_that_they_hide(world: World) {
        let app = pairwise(world.client("app")).create().await;
        world.app_with(|client| client.set("client_id", json!("other"))).await;
        let got = tokens(&world, &app, "openid offline_access").await;
        assert_eq!(app.introspect(got.access()).await["active"], json!(true));
        world.advance(1);
        world.disable("alice").await;
        assert_eq!(app.introspect(got.access()).await, json!({"active": false}));
        world.userinfo(got.access()).await.status(401);
        app.refresh(got.refresh()).await.refused(400, "invalid_grant");
    }

    /// Core §3.1.2.1: an ID token is a hint for the client that it was given to, an old one too; at a client of another sector it would say whom both know.
    async fn a_hint_is_of_use_to_its_own_client_alone(world: World) {
        world.app().await;
        let one = of(&world, "one", "https://one.example/cb").await;
        let two = of(&world, "two", "https://two.example/cb").await;
        let public = Client::existing(&world, "app", Some("secret-of-app-0123456789"), "https://app.example/callback");
        let mut browser = world.browser();
        let hint = world.flow(&one).tokens_in(&mut browser).await.id().to_owned();
        let open = world.flow(&public).tokens_in(&mut browser).await.id().to_owned();
        world.flow(&two).tokens_in(&mut browser).await;
        world.advance(400);
        let silent = |client: &Client, hint: &str| world.flow(client).with("prompt", "none").with("id_token_hint", hint);
        silent(&one, &hint).code(&mut browser).await;
        for (client, hint) in [(&two, &hint), (&public, &hint), (&two, &open)] {
            assert_eq!(silent(client, hint).error(&mut browser).await, "invalid_request");
        }
        silent(&public, &open).code(&mut browser).await;
        world.person("bob", "correct-horse-battery").await;
        let mut bobs = world.browser();
        let page = bobs.get(&world.flow(&one).url()).await;
        bobs.press(&page, "sign-in", &[("username", "bob"), ("password", "correct-horse-battery")]).await;
        assert_eq!(silent(&one, &hint).error(&mut bobs).await, "login_required");
    }

    /// Core §5.5.1: the subject that a client wishes for is the one that it is told.
    async fn a_wished_subject_is_as_the_client_is_told_it(world: World) {
        world.app().await;
        let one = of(&world, "one", "https://one.example/cb").await;
        let mut browser = world.browser();
        let sub = said(world.flow(&one).tokens_in(&mut browser).await.id())["sub"].clone();
        let wish = |sub: &Value| {
            let claims = json!({"id_token": {"sub": {"value": sub}}}).to_string();
            world.flow(&one).with("prompt", "none").with("claims", &claims)
        };
        wish(&sub).code(&mut browser).await;
        for other in [json!(person(&world).await), json!("somebody"), json!("")] {
            assert_eq!(wish(&other).error(&mut browser).await, "login_required", "{other}");
        }
    }

    /// RP-Initiated Logout §2: the hint names the person of the session although it hides them.
    async fn a_hint_that_hides_the_person_signs_them_out(world: World) {
        world.app().await;
        let one = of(&world, "one", "https://one.example/cb").await;
        let mut browser = world.browser();
        let tokens = world.flow(&one).tokens_in(&mut browser).await;
        browser.get(&format!("/logout?id_token_hint={}", tokens.id())).await;
        let silent = world.flow(&one).with("prompt", "none");
        assert_eq!(silent.error(&mut browser).await, "login_required");
    }

    /// RFC 8693: who exchanges a token is told the subject of its own sector; what ends the first token ends the second, and nothing in it says where it came from.
    async fn an_exchanged_token_has_the_subject_of_who_exchanged_it(world: World) {
        world.notes().await;
        world.resource("urn:example:files", &[("files.read", "Read your files"), ("files.write", "Change your files")]).await;
        let public = world.app_with(|client| client.scope("openid notes.read").trusted()).await;
        let one = pairwise(world.client("one")).redirects(&["https://one.example/cb"]).scope("openid notes.read").create().await;
        let policy = json!({"scopes": {"files.read": ["notes.read"]}});
        let open = exchanger(&world, "open", policy.clone()).await;
        let hidden = pairwise(
            world.client("hidden").grants(&["client_credentials", GRANT]).redirects(&[]),
        );
        let hidden = hidden
            .scope("notes.read files.read")
            .set("introspects", json!(["urn:example:notes", "urn:example:files"]))
            .set("token_exchange", policy)
            .create()
            .await;
        let alice = person(&world).await;
        let mut told = BTreeSet::new();
        for from in [&public, &one] {
            let token = tokens(&world, from, "openid notes.read").await;
            for by in [&open, &hidden] {
                let answer = exchange(by, token.access(), &[("resource", "urn:example:files")]).await;
                let new = answer.status(200).text("access_token");
                told.insert(said(&new)["sub"].to_string());
                assert_eq!(text(&new).contains(&alice), by.id == "open", "{}", text(&new));
                assert_eq!(by.introspect(&new).await["sub"], said(&new)["sub"]);
            }
            let last = exchange(&hidden, token.access(), &[("resource", "urn:example:files")]).await.text("access_token");
            from.post("/revoke", &[("token", token.access())]).await.status(200);
            assert_eq!(hidden.introspect(&last).await, json!({"active": false}), "{}", from.id);
        }
        // One is told what all are told, the other the same of either token.
        assert_eq!(told.len(), 2, "{told:?}");
    }

    /// A token that somebody made up from pieces of others is none.
    async fn what_is_hidden_in_a_token_cannot_be_exchanged(world: World) {
        let app = pairwise(world.client("app")).create().await;
        world.app_with(|client| client.set("client_id", json!("other"))).await;
        let got = tokens(&world, &app, "openid").await;
        let sealed = said(got.access())["sealed"].clone();
        assert!(sealed.is_string());
        let hidden = said(got.id())["jti"].as_str().unwrap().to_owned();
        for text in [sealed.as_str().unwrap(), &hidden, &format!("gat_{}", sealed.as_str().unwrap())] {
            assert_eq!(app.introspect(text).await, json!({"active": false}));
        }
    }

    /// Registration §5: several hosts are of one sector when a list says so; nobody's own device is part of somebody's.
    async fn redirect_uris_of_several_hosts_need_a_list(world: World) {
        let hosts = ["https://one.example/cb", "https://two.example/cb"];
        for redirects in [&hosts[..], &["https://one.example/cb", "http://127.0.0.1/cb"]] {
            assert!(pairwise(world.client("bad")).redirects(redirects).try_create().await.is_none());
        }
        let list = json!("https://sector.example/list.json");
        let good = pairwise(world.client("good")).redirects(&hosts).set("sector_identifier_uri", list);
        assert!(good.try_create().await.is_some());
        assert!(pairwise(world.client("bad")).set("subject_type", json!("secret")).try_create().await.is_none());
    }

    /// Discovery §3.
    async fn the_metadata_name_both_types_of_subjects(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
    }

    /// RP-Initiated Logout §2: a `logout_hint` is what the client is told of the person; by others it learns nothing about whom it hides.
    async fn a_logout_hint_is_as_the_client_is_told_it(world: World) {
        world.app().await;
        let one = pairwise(world.client("one")).redirects(&["https://one.example/cb"]);
        let one = one.set("frontchannel_logout_uri", json!("https://one.example/out")).create().await;
        let mut browser = world.browser();
        let tokens = world.flow(&one).tokens_in(&mut browser).await;
        let told = said(tokens.id());
        let person = person(&world).await;
        let path = |hint: &str| format!("/logout?id_token_hint={}&logout_hint={}", tokens.id(), hint.replace('@', "%40"));
        for guessed in ["alice", "alice@example.com", person.as_str()] {
            let page = browser.get(&path(guessed)).await;
            assert!(page.has("sign-out"), "{guessed}: {}", page.words());
        }
        for known in ["sub", "sid"] {
            let page = browser.get(&path(told[known].as_str().unwrap())).await;
            assert!(!page.has("sign-out"), "{known}: {}", page.words());
            let again = world.flow(&one).tokens_in(&mut browser).await;
            if known == "sub" {
                let page = browser.get(&format!("/logout?id_token_hint={}&logout_hint={}", again.id(), said(again.id())["sid"].as_str().unwrap())).await;
                assert!(!page.has("sign-out"), "{}", page.words());
                break;
            }
        }
    }
}
