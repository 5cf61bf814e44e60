//! OpenID Connect Client-Initiated Backchannel Authentication: from the client's request to its tokens, and the page between them.

mod demands;
mod hints;
mod library;
mod limits;
mod mail;
pub mod notifications;
mod page;
mod push;
mod signed;
mod user_code;
mod webhook;

use serde_json::json;

use crate::dpop::{self, Key};
use crate::harness::{ALICE, Answer, Browser, Client, NewClient, Page, Tokens, World};
use crate::on_each_engine;

pub use notifications::{ask_to_call, called};

pub const GRANT: &str = "urn:openid:params:grant-type:ciba";
const FORM: &str = "application/x-www-form-urlencoded";
const HOME: &str = "/account/approvals";

/// alice, the notes API, and an agent: a confidential client for this grant and refresh tokens, which polls.
async fn agent(world: &World) -> Client {
    agent_with(world, |client| client).await
}

pub async fn agent_with(world: &World, change: impl FnOnce(NewClient) -> NewClient) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    change(asking(world, "agent")).create().await
}

/// A client that may ask people.
pub fn asking(world: &World, id: &str) -> NewClient {
    world
        .client(id)
        .redirects(&[])
        .grants(&[GRANT, "refresh_token"])
        .scope("openid profile email offline_access notes.read notes.write")
        .set("backchannel_token_delivery_mode", json!("poll"))
}

/// A request that is expected to be taken; hands back its name.
async fn ask(client: &Client, form: &[(&str, &str)]) -> String {
    let answer = client.post("/bc-authorize", form).await;
    answer.status(200).not_stored();
    answer.text("auth_req_id")
}

/// alice is asked for this scope.
pub async fn ask_alice(client: &Client, scope: &str) -> String {
    ask(client, &[("scope", scope), ("login_hint", ALICE.0)]).await
}

async fn poll(client: &Client, request: &str) -> Answer {
    client
        .token(&[("grant_type", GRANT), ("auth_req_id", request)])
        .await
}

pub async fn redeemed(client: &Client, request: &str) -> Tokens {
    let answer = poll(client, request).await;
    answer.status(200).not_stored();
    Tokens(answer.json())
}

/// The page with what waits, as this person sees it in this browser.
async fn open_as(browser: &mut Browser, username: &str) -> Page {
    let page = browser.get(HOME).await;
    if !page.has("password") {
        return page;
    }
    let fields = [("username", username), ("password", ALICE.1)];
    browser.press(&page, "sign-in", &fields).await
}

/// alice's browser, at the page with what waits.
async fn waiting(world: &World) -> (Browser, Page) {
    let mut browser = world.browser();
    let page = open_as(&mut browser, ALICE.0).await;
    assert_eq!(page.answer.status, 200, "{}", page.words());
    (browser, page)
}

/// alice approves the newest request; hands back her browser.
pub async fn approve(world: &World) -> Browser {
    let (mut browser, page) = waiting(world).await;
    let page = browser.press(&page, "allow", &[]).await;
    assert!(page.has("allowed"), "{}", page.words());
    browser
}

pub async fn deny(world: &World) {
    let (mut browser, page) = waiting(world).await;
    let page = browser.press(&page, "deny", &[]).await;
    assert!(page.has("denied"), "{}", page.words());
}

/// What the buttons of a question send.
fn approval(page: &Page, button: &str) -> String {
    let fields = page.form(button).fields;
    let field = fields.into_iter().find(|(name, _)| name == "approval");
    field.expect("a sealed question").1
}

async fn kinds(world: &World) -> Vec<String> {
    let events = realm::events::list(world.realm(), "", 200).await.unwrap();
    let kinds = events.into_iter().map(|it| it.event.kind.to_string());
    let mut kinds: Vec<String> = kinds.filter(|kind| kind.starts_with("ciba.")).collect();
    // What happened within one second has no order.
    kinds.sort();
    kinds
}

on_each_engine! {
    /// CIBA Core §4 and §7.3.
    async fn the_client_learns_a_name_for_its_request(world: World) {
        let agent = agent(&world).await;
        let answer = agent.post("/bc-authorize", &[("scope", "openid"), ("login_hint", ALICE.0)]).await;
        answer.status(200).not_stored();
        let body = answer.json();
        let request = body["auth_req_id"].as_str().unwrap();
        assert!(request.starts_with("gar_") && request.len() == 47, "{request}");
        assert_eq!((&body["expires_in"], &body["interval"]), (&json!(300), &json!(5)));
        let metadata = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(metadata["backchannel_authentication_endpoint"], json!(format!("{}/bc-authorize", world.issuer())));
        assert_eq!(metadata["backchannel_token_delivery_modes_supported"], json!(["poll", "ping", "push"]));
        assert_eq!(metadata["backchannel_user_code_parameter_supported"], json!(true));
        let algorithms = metadata["backchannel_authentication_request_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&json!("ES256")) && !algorithms.iter().any(|it| it.as_str().unwrap().starts_with("HS")));
        assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    }

    /// CIBA Core §8, §10.1, §11.
    async fn a_client_gets_tokens_when_the_person_approves(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid offline_access notes.read").await;
        poll(&agent, &request).await.refused(400, "authorization_pending");
        world.advance(30);
        let signed_in = world.now();
        approve(&world).await;
        world.advance(5);
        let tokens = redeemed(&agent, &request).await;
        assert_eq!(tokens.0["token_type"], json!("Bearer"));
        assert_eq!(tokens.scope(), "openid offline_access notes.read");
        let id = world.claims(tokens.id()).await;
        let access = world.claims(tokens.access()).await;
        for claims in [&id, &access] {
            assert_eq!((&claims["auth_time"], &claims["amr"]), (&json!(signed_in), &json!(["pwd"])));
            assert_eq!((&claims["acr"], &claims["sub"]), (&json!("urn:grantor:acr:password"), &id["sub"]));
        }
        assert_eq!((&id["aud"], &access["client_id"]), (&json!("agent"), &json!("agent")));
        assert_eq!(id.get("urn:openid:params:jwt:claim:auth_req_id"), None);
        world.userinfo(tokens.access()).await.status(200);
        let next = agent.refreshed(tokens.refresh()).await;
        world.userinfo(next.access()).await.status(200);
        assert_eq!(kinds(&world).await, ["ciba.allowed", "ciba.redeemed", "ciba.requested"]);
    }

    /// CIBA Core §7.3 and §11: five seconds more each time, for all further polls, at whichever node.
    async fn a_client_that_polls_too_fast_is_slowed_down_on_every_node(world: World) {
        let agent = agent(&world).await;
        let other = agent.at(&world.beside().await);
        let request = ask_alice(&agent, "openid").await;
        poll(&agent, &request).await.refused(400, "authorization_pending");
        world.advance(1);
        poll(&other, &request).await.refused(400, "slow_down");
        world.advance(6);
        poll(&agent, &request).await.refused(400, "slow_down");
        world.advance(14);
        poll(&other, &request).await.refused(400, "authorization_pending");
        approve(&world).await;
        redeemed(&agent, &request).await;
    }

    /// CIBA Core §11 `access_denied`, for good.
    async fn a_persons_denial_is_final(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        let (mut browser, page) = waiting(&world).await;
        let done = browser.press(&page, "deny", &[]).await;
        assert!(done.has("denied") && done.has("none"), "{}", done.words());
        for _ in 0..3 {
            poll(&agent, &request).await.refused(400, "access_denied");
        }
        let late = browser.press(&page, "allow", &[]).await;
        assert!(late.has("gone"), "{}", late.words());
        poll(&agent, &request).await.refused(400, "access_denied");
        assert_eq!(kinds(&world).await, ["ciba.denied", "ciba.requested"]);
    }

    /// CIBA Core §7.1 `requested_expiry`, §11 `expired_token`; when it is forgotten it is as unknown as any other.
    async fn a_request_stands_for_as_long_as_was_asked_for_within_bounds(world: World) {
        let agent = agent(&world).await;
        let asked = async |expiry: &str| {
            let form = [("scope", "openid"), ("login_hint", ALICE.0), ("requested_expiry", expiry)];
            agent.post("/bc-authorize", &form).await
        };
        assert_eq!(asked("99999999999999999999").await.json()["expires_in"], json!(3600));
        deny(&world).await;
        let short = asked("20").await;
        assert_eq!(short.json()["expires_in"], json!(20));
        let request = short.text("auth_req_id");
        let (mut browser, page) = waiting(&world).await;
        world.advance(20);
        poll(&agent, &request).await.refused(400, "expired_token");
        let late = browser.press(&page, "allow", &[]).await;
        assert!(late.has("gone"), "{}", late.words());
        world.advance(300);
        world.sync().await;
        poll(&agent, &request).await.refused(400, "invalid_grant");
        for bad in ["0", "-1", "soon", "1.5", "+5", " 5"] {
            asked(bad).await.refused(400, "invalid_request");
        }
    }

    /// What was approved too late to be fetched is not fetched.
    async fn what_was_approved_and_not_fetched_in_time_expires(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        world.advance(290);
        approve(&world).await;
        world.advance(10);
        poll(&agent, &request).await.refused(400, "expired_token");
    }

    /// CIBA Core §11 through RFC 6749 §4.1.2: once; a second time revokes what the first one gave.
    async fn an_auth_req_id_is_redeemed_once_and_a_replay_revokes(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid offline_access").await;
        approve(&world).await;
        let tokens = redeemed(&agent, &request).await;
        world.userinfo(tokens.access()).await.status(200);
        for _ in 0..3 {
            poll(&agent, &request).await.refused(400, "invalid_grant");
        }
        agent.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        world.userinfo(tokens.access()).await.status(401);
        let replays = kinds(&world).await.into_iter().filter(|kind| kind == "ciba.replayed");
        assert_eq!(replays.count(), 1, "written once");
    }

    /// Single use holds when the polls race.
    async fn of_racing_clients_one_gets_the_tokens(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        approve(&world).await;
        let racers: Vec<_> = (0..6)
            .map(|_| {
                let (agent, request) = (agent.clone(), request.clone());
                tokio::spawn(async move { poll(&agent, &request).await })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            let answer = racer.await.unwrap();
            if answer.status == 200 {
                won += 1;
            } else {
                answer.refused(400, "invalid_grant");
            }
        }
        assert_eq!(won, 1);
    }

    /// Another client learns nothing, in whatever state the request is, and spoils nothing: not even the pace.
    async fn an_auth_req_id_is_bound_to_its_client_and_realm(world: World) {
        let agent = agent(&world).await;
        let other = asking(&world, "other").create().await;
        let request = ask_alice(&agent, "openid").await;
        poll(&agent, &request).await.refused(400, "authorization_pending");
        for _ in 0..3 {
            poll(&other, &request).await.refused(400, "invalid_grant");
        }
        world.advance(5);
        poll(&agent, &request).await.refused(400, "authorization_pending");
        approve(&world).await;
        poll(&other, &request).await.refused(400, "invalid_grant");
        world.add_realm("second").await;
        let form = [("grant_type", GRANT), ("auth_req_id", request.as_str())];
        let secret = agent.secret.clone().unwrap();
        world.post("/realms/second/token").form(&form).basic("agent", &secret).send().await.refused(401, "invalid_client");
        redeemed(&agent, &request).await;
    }

    /// RFC 8707 §2: named when the client asks, narrowed when it polls.
    async fn the_client_chooses_the_resource(world: World) {
        let agent = agent(&world).await;
        let form = [("scope", "openid notes.read"), ("login_hint", ALICE.0), ("resource", "urn:example:notes")];
        let request = ask(&agent, &form).await;
        approve(&world).await;
        let form = [("grant_type", GRANT), ("auth_req_id", request.as_str()), ("resource", "urn:example:other")];
        agent.token(&form).await.refused(400, "invalid_target");
        let tokens = redeemed(&agent, &request).await;
        assert_eq!(world.claims(tokens.access()).await["aud"], json!(["urn:example:notes", world.issuer()]));
    }

    /// FAPI-CIBA §5.2.2, CIBA Core §4: what cannot work is not registered.
    async fn only_clients_that_authenticate_ask_people(world: World) {
        let agent = agent(&world).await;
        assert!(asking(&world, "a").public().try_create().await.is_none());
        assert!(asking(&world, "b").set("backchannel_token_delivery_mode", json!(null)).try_create().await.is_none());
        assert!(asking(&world, "c").set("backchannel_token_delivery_mode", json!("ping")).try_create().await.is_none());
        let bound = asking(&world, "d").set("dpop_bound_access_tokens", json!(true));
        let push = bound.set("backchannel_token_delivery_mode", json!("push")).set("backchannel_client_notification_endpoint", json!("https://a.example/"));
        assert!(push.try_create().await.is_none());
        let form = [("scope", "openid"), ("login_hint", ALICE.0), ("client_id", "agent")];
        world.post("/bc-authorize").form(&form).send().await.refused(401, "invalid_client");
        agent.with_secret("wrong-secret-0123456789").post("/bc-authorize", &form[..2]).await.refused(401, "invalid_client");
        let app = world.client("app").create().await;
        app.post("/bc-authorize", &form[..2]).await.refused(400, "unauthorized_client");
        app.token(&[("grant_type", GRANT), ("auth_req_id", "gar_x")]).await.refused(400, "unauthorized_client");
    }

    /// RFC 9449 §5: what is bound stays bound through this grant.
    async fn a_proof_binds_what_a_person_approved(world: World) {
        let agent = agent_with(&world, |client| client.set("dpop_bound_access_tokens", json!(true))).await;
        let request = ask_alice(&agent, "openid").await;
        approve(&world).await;
        let form = [("grant_type", GRANT), ("auth_req_id", request.as_str())];
        agent.token(&form).await.refused(400, "invalid_dpop_proof");
        let key = crate::dpop::Key::new();
        let answer = crate::dpop::ask(&world, &agent, &form, &[&key.proof(&world)]).await;
        answer.status(200);
        assert_eq!(answer.json()["token_type"], json!("DPoP"));
        world.userinfo(&answer.text("access_token")).await.status(401);
    }

    /// What happens between the button and the poll: the session ends, the person is disabled.
    async fn what_ended_since_the_approval_gives_no_tokens(world: World) {
        let agent = agent(&world).await;
        let request = ask_alice(&agent, "openid").await;
        let mut browser = approve(&world).await;
        world.sign_out(&mut browser).await;
        poll(&agent, &request).await.refused(400, "invalid_grant");
        let elsewhere = ask_alice(&agent, "openid").await;
        let beside = world.beside().await;
        let mut browser = approve(&world).await;
        world.sign_out(&mut browser).await;
        // A node that has not heard of it.
        poll(&agent.at(&beside), &elsewhere).await.refused(400, "invalid_grant");
        let disabled = ask_alice(&agent, "openid").await;
        world.advance(5);
        approve(&world).await;
        world.disable(ALICE.0).await;
        poll(&agent, &disabled).await.refused(400, "invalid_grant");
    }

    /// What was taken back is taken back, also before it was fetched.
    async fn an_approval_can_be_taken_back(world: World) {
        let agent = agent(&world).await;
        let first = ask_alice(&agent, "openid notes.read").await;
        let mut browser = approve(&world).await;
        let tokens = redeemed(&agent, &first).await;
        let second = ask_alice(&agent, "openid notes.read").await;
        let page = browser.get(HOME).await;
        assert!(page.says("You allowed this before."), "{}", page.words());
        browser.press(&page, "allow", &[]).await;
        let page = browser.get("/consent/applications").await;
        let form = page.form_to("/consent/applications");
        browser.send(&page, form, &[("client_id", "agent")]).await;
        world.userinfo(tokens.access()).await.status(401);
        poll(&agent, &second).await.refused(400, "invalid_grant");
    }

    /// CIBA Core §13, RFC 6749 §5.2: every bad input and its registered error.
    async fn bad_input_to_ask_a_person_is_answered_with_the_registered_error(world: World) {
        let agent = agent(&world).await;
        let long = "x".repeat(60_000);
        let message = "m".repeat(101);
        for (changes, code) in [
            (&[("scope", "")][..], "invalid_request"),
            (&[("scope", "notes.read")], "invalid_scope"),
            (&[("scope", "openid  email")], "invalid_scope"),
            (&[("scope", "openid \"")], "invalid_scope"),
            (&[("resource", "urn:example:nothing")], "invalid_target"),
            (&[("resource", "notes")], "invalid_target"),
            (&[("login_hint", "")], "invalid_request"),
            (&[("login_hint", &long)], "invalid_request"),
            (&[("id_token_hint", "x")], "invalid_request"),
            (&[("login_hint_token", "x")], "invalid_request"),
            (&[("login_hint", ""), ("id_token_hint", "x")], "invalid_request"),
            (&[("login_hint", ""), ("login_hint_token", "x")], "invalid_request"),
            (&[("login_hint", "nobody")], "unknown_user_id"),
            (&[("login_hint", "' OR 1=1 --")], "unknown_user_id"),
            (&[("login_hint", "\u{202e}ecila")], "unknown_user_id"),
            (&[("binding_message", &message)], "invalid_binding_message"),
            (&[("binding_message", "  ")], "invalid_binding_message"),
            (&[("binding_message", "a\nb")], "invalid_binding_message"),
            (&[("binding_message", "pay \u{202e}001")], "invalid_binding_message"),
            (&[("binding_message", "a\u{200b}b")], "invalid_binding_message"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("acr_values", &long)], "invalid_request"),
            (&[("user_code", &long)], "invalid_request"),
            (&[("client_notification_token", "short")], "invalid_request"),
            (&[("client_notification_token", "with space and long enough")], "invalid_request"),
            (&[("request", "x")], "invalid_request"),
        ] {
            let mut form = vec![("scope", "openid"), ("login_hint", ALICE.0)];
            for (name, value) in changes {
                form.retain(|(known, _)| known != name);
                form.push((name, value));
            }
            agent.post("/bc-authorize", &form).await.refused(400, code);
        }
        for (auth_req_id, code) in [
            ("", "invalid_request"),
            ("x", "invalid_grant"),
            ("gar_", "invalid_grant"),
            ("gar_ä \u{202e}", "invalid_grant"),
            (&long, "invalid_grant"),
        ] {
            poll(&agent, auth_req_id).await.refused(400, code);
        }
        let secret = agent.secret.clone().unwrap();
        for (path, body) in [
            ("/bc-authorize", "scope=openid&scope=openid&login_hint=alice"),
            ("/bc-authorize", "scope=openid&login_hint=alice&login_hint=bob"),
            ("/bc-authorize", "scope=openid&login_hint=%00"),
            ("/bc-authorize", "scope=openid&login_hint=%FF"),
            ("/token", "grant_type=urn:openid:params:grant-type:ciba&auth_req_id=a&auth_req_id=b"),
            ("/token", "grant_type=urn:openid:params:grant-type:ciba&auth_req_id=%00"),
        ] {
            let call = world.post(path).body(FORM, body.as_bytes()).basic("agent", &secret);
            call.send().await.refused(400, "invalid_request");
        }
        world.post("/bc-authorize").form(&[]).send().await.refused(401, "invalid_client");
        // None of it reached the person.
        assert!(waiting(&world).await.1.has("none"));
    }

    /// RFC 9449 §5: what an agent that shows a key gets stays bound, to whatever key it has.
    async fn the_grant_of_an_agent_stays_bound(world: World) {
        let agent = agent(&world).await;
        let (key, other) = (Key::new(), Key::new());
        let request = ask_alice(&agent, "openid offline_access").await;
        approve(&world).await;
        let form = [("grant_type", GRANT), ("auth_req_id", request.as_str())];
        let answer = dpop::ask(&world, &agent, &form, &[&key.proof(&world)]).await;
        assert_eq!(answer.text("token_type"), "DPoP");
        let token = answer.text("refresh_token");
        dpop::refresh(&world, &agent, &token, &[]).await.refused(400, "invalid_dpop_proof");
        let next = dpop::refresh(&world, &agent, &token, &[&other.proof(&world)]).await;
        assert_eq!(next.text("token_type"), "DPoP");
    }
}
