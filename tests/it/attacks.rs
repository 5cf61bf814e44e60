//! What an attacker tries that belongs to no single endpoint. Each of these once worked.

use identity::{Details, people};
use serde_json::json;

use crate::harness::World;
use crate::on_each_engine;

db::statements! {
    REPLAYS = "SELECT COUNT(*) FROM event WHERE kind = 'authorization_code.replayed'";
}

async fn leave_groups(world: &World, username: &str) {
    let found = people::find_by_username(world.realm(), username).await;
    let person = found.unwrap().unwrap();
    let details = Details {
        groups: Vec::new(),
        ..Details::from(&person)
    };
    people::update(world.realm(), &person.id, person.version, details, None)
        .await
        .unwrap();
}

on_each_engine! {
    /// A path is not followed inwards: a thousand well-known names must not use up the stack, which ends the process.
    async fn a_path_of_many_well_known_names_is_only_not_found(world: World) {
        for piece in ["/.well-known/", "/.well-known/x", "/realms/main", "/realms/x", "/"] {
            let path = piece.repeat(65_000 / piece.len());
            let status = world.get(&path).send().await.status;
            assert_eq!(status, 404, "{piece}");
        }
    }

    /// RFC 8414 §3.3: the issuer of a document is the one that its address was made from. There is no issuer at /realms/main.
    async fn the_first_realm_has_one_address(world: World) {
        for path in ["/realms/main/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/realms/main", "/realms/main/jwks"] {
            assert_eq!(world.get(path).send().await.status, 404, "{path}");
        }
    }

    /// A parameter twice hides no other flaw: the rest of the request is as unchecked as it was sent.
    async fn a_duplicate_before_a_null_character_breaks_nothing(world: World) {
        for name in ["client_id", "redirect_uri", "state", "response_mode"] {
            let path = format!("/authorize?scope=a&scope=b&{name}=%00");
            let answer = world.get(&path).send().await;
            assert_eq!(answer.status, 400, "{path}");
        }
    }

    /// Whoever holds a used code may present it as often as they like; that revokes once and fills neither the audit nor the change log.
    async fn a_code_that_is_replayed_again_writes_nothing_more(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        for _ in 0..5 {
            flow.redeem(&code).await.refused(400, "invalid_grant");
        }
        let rows = world.node().db().rows(&REPLAYS, db::params![]).await.unwrap();
        assert_eq!(rows[0].int(0), 1);
    }

    /// What was never allowed cannot be withdrawn: a person must not fill every node's memory with revocations of clients they made up.
    async fn withdrawing_what_was_not_allowed_revokes_nothing(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).tokens_in(&mut browser).await;
        let page = browser.get("/consent/applications").await;
        let form = page.form_to("/consent/applications");
        for number in 0..5 {
            let id = format!("made-up-{number}");
            browser.send(&page, form.clone(), &[("client_id", &id)]).await;
        }
        assert_eq!(world.realm().revocations().len(), 0);
        browser.send(&page, form, &[("client_id", "app")]).await;
        assert_eq!(world.realm().revocations().len(), 1);
    }

    /// RFC 6749 §5.2 names the errors of the token endpoint: `access_denied` is not among them.
    async fn a_refresh_that_nothing_is_left_of_answers_a_token_error(world: World) {
        let scopes = json!([{"name": "notes.admin", "description": "Rule your notes", "grantable": {"group": "admins"}}]);
        world.resource_document(json!({"id": "urn:example:notes", "name": "Notes", "scopes": scopes})).await;
        let app = world.app_with(|client| client.scope("openid notes.admin")).await;
        world.join_group("alice", "admins").await;
        let tokens = world.flow(&app).with("scope", "notes.admin").tokens().await;
        leave_groups(&world, "alice").await;
        app.refresh(tokens.refresh()).await.refused(400, "invalid_scope");
        world.join_group("alice", "admins").await;
        app.refreshed(tokens.refresh()).await;
    }

    /// A client that is removed takes what it was allowed with it: another one that gets its identifier starts from nothing, however late.
    async fn a_client_made_again_inherits_nothing(world: World) {
        let app = world.app_with(|client| client).await;
        let flow = world.flow(&app).with("scope", "openid offline_access").with("prompt", "consent");
        let mut browser = world.browser();
        let tokens = flow.tokens_in(&mut browser).await;
        realm::clients::delete(world.realm(), "app", "test").await.unwrap();
        world.advance(3 * 86_400);
        world.sync().await;
        let again = world.client("app").create().await;
        again.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        let page = world.flow(&again).with("scope", "openid offline_access").with("prompt", "none").url();
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&page).await;
        assert!(page.left().as_str().contains("error=consent_required"), "{}", page.left());
    }

    /// What was signed out of or withdrawn stays so, also at a node that heard of it too late, and when the revocation itself is forgotten.
    async fn a_code_that_another_node_redeems_after_the_sign_out_gives_no_lasting_grant(world: World) {
        let second = world.beside().await;
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let flow = world.flow(&app).with("scope", "notes.read");
        for withdraw in [false, true] {
            let mut browser = world.browser();
            let code = flow.code(&mut browser).await;
            if withdraw {
                let page = browser.get("/consent/applications").await;
                let form = page.form_to("/consent/applications");
                browser.send(&page, form, &[]).await;
            } else {
                world.sign_out(&mut browser).await;
            }
            flow.clone().at(&second).redeem(&code).await.refused(400, "invalid_grant");
            world.advance(10);
        }
    }

    /// A request that is too long for a URL is stored, by whoever sends it: an address may do that so often only, and what is small is not counted.
    async fn large_requests_are_limited_for_each_address(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        for noise in ["x".repeat(3500), "\\".repeat(1200), "\u{1f600}".repeat(900)] {
            let url = flow.clone().with("state", &noise).url();
            let mut passed = 0;
            let refusal = loop {
                let answer = world.get(&url).send().await;
                answer.status(303);
                if !answer.header("location").starts_with("/login?") {
                    break answer;
                }
                passed += 1;
                assert!(passed <= 30);
            };
            assert_eq!(passed, 30);
            assert!(refusal.header("location").contains("error=temporarily_unavailable"), "{refusal:?}");
            for call in [world.get(&flow.url()), world.get(&url).from("198.51.100.7")] {
                assert!(call.send().await.header("location").starts_with("/login?"));
            }
            world.advance(3600);
        }
    }

    /// A realm may be called `main-browser`: no cookie of `main` is its session's.
    async fn no_cookie_of_a_realm_has_the_name_of_another_ones_session(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.flow(&app).tokens_in(&mut browser).await;
        let of_another = |name: &String| {
            let realm = name.strip_prefix("grantor-").unwrap_or("?");
            realm != "main" && realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let names: Vec<&String> = browser.cookies().keys().collect();
        assert!(names.len() == 3 && !names.iter().any(|name| of_another(name)), "{names:?}");
    }

    /// A client that is switched off is one that nobody is sent to: after signing out no more than after signing in.
    async fn nobody_is_sent_to_a_client_that_is_switched_off(world: World) {
        let back = "https://app.example/signed-out";
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([back]))).await;
        let tokens = world.flow(&app).tokens().await;
        let by_client = format!("/logout?client_id=app&post_logout_redirect_uri={back}");
        let by_hint = format!("/logout?id_token_hint={}&post_logout_redirect_uri={back}", tokens.id());
        assert_eq!(world.get(&by_hint).send().await.header("location"), back);
        assert!(world.get(&by_client).send().await.status(200).body.contains(back));
        let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        client.disabled = true;
        realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
        for path in [&by_client, &by_hint] {
            world.get(path).send().await.status(400);
        }
    }
}
