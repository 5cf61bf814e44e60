//! The device grant: RFC 8628, from the device's request to its tokens, and the page between them.

mod limits;
mod page;

use serde_json::json;

use crate::dpop::{self, Key};
use crate::harness::{ALICE, Answer, Browser, Client, Page, Tokens, World};
use crate::on_each_engine;

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const INVALID: &str = "This code is not valid.";
const FORM: &str = "application/x-www-form-urlencoded";

/// alice, the notes API, and a television: a public client for this grant and refresh tokens.
async fn tv(world: &World) -> Client {
    world.person(ALICE.0, ALICE.1).await;
    world.notes().await;
    let tv = world.client("tv").public().redirects(&[]);
    tv.grants(&[GRANT, "refresh_token"])
        .scope("openid profile email offline_access notes.read notes.write")
        .default_scope("openid")
        .create()
        .await
}

/// What the device was told.
pub struct Codes {
    device: String,
    user: String,
}

impl Codes {
    /// What the person types.
    pub fn user(&self) -> &str {
        &self.user
    }
}

async fn ask(client: &Client, form: &[(&str, &str)]) -> Codes {
    let answer = client.post("/device_authorization", form).await;
    answer.status(200).not_stored();
    Codes {
        device: answer.text("device_code"),
        user: answer.text("user_code"),
    }
}

pub async fn ask_for(client: &Client, scope: &str) -> Codes {
    ask(client, &[("scope", scope)]).await
}

async fn poll(client: &Client, codes: &Codes) -> Answer {
    client
        .token(&[("grant_type", GRANT), ("device_code", &codes.device)])
        .await
}

async fn type_code(browser: &mut Browser, code: &str) -> Page {
    let page = browser.get("/device").await;
    browser
        .press(&page, "continue", &[("user_code", code)])
        .await
}

async fn sign_in(browser: &mut Browser, page: Page, username: &str) -> Page {
    let fields = [("username", username), ("password", ALICE.1)];
    browser.press(&page, "sign-in", &fields).await
}

/// alice's browser, before the question.
async fn question(world: &World, codes: &Codes) -> (Browser, Page) {
    let mut browser = world.browser();
    let page = type_code(&mut browser, &codes.user).await;
    let page = sign_in(&mut browser, page, ALICE.0).await;
    assert!(page.has("allow"), "{}", page.words());
    (browser, page)
}

/// alice allows it; hands back her browser.
pub async fn allow(world: &World, codes: &Codes) -> Browser {
    let (mut browser, page) = question(world, codes).await;
    let page = browser.press(&page, "allow", &[]).await;
    assert!(page.has("allowed"), "{}", page.words());
    browser
}

pub async fn redeemed(client: &Client, codes: &Codes) -> Tokens {
    let answer = poll(client, codes).await;
    answer.status(200).not_stored();
    Tokens(answer.json())
}

/// A page that says no more than that the code is not valid.
fn is_invalid(page: &Page) -> bool {
    page.answer.status == 422 && page.says(INVALID) && page.has("user_code") && !page.has("allow")
}

async fn kinds(world: &World) -> Vec<String> {
    let events = realm::events::list(world.realm(), "", 100).await.unwrap();
    let kinds = events
        .into_iter()
        .rev()
        .map(|recorded| recorded.event.kind.to_string());
    kinds
        .filter(|kind| kind.starts_with("device_code."))
        .collect()
}

on_each_engine! {
    /// RFC 8628 §3.2 and §4.
    async fn the_device_learns_two_codes_and_where_to_send_the_person(world: World) {
        let tv = tv(&world).await;
        let answer = tv.post("/device_authorization", &[("scope", "openid")]).await;
        answer.status(200).not_stored();
        let body = answer.json();
        let (page, code) = (format!("{}/device", world.issuer()), body["user_code"].as_str().unwrap());
        assert_eq!(body["verification_uri"], json!(page));
        assert_eq!(body["verification_uri_complete"], json!(format!("{page}?user_code={code}")));
        assert_eq!((&body["expires_in"], &body["interval"]), (&json!(600), &json!(5)));
        let device = body["device_code"].as_str().unwrap();
        assert!(device.starts_with("gdc_") && device.len() == 47, "{device}");
        let letters: Vec<char> = code.chars().collect();
        assert!(letters.len() == 9 && letters[4] == '-', "{code}");
        assert!(letters.iter().all(|c| *c == '-' || "BCDFGHJKLMNPQRSTVWXZ".contains(*c)), "{code}");
        let metadata = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(metadata["device_authorization_endpoint"], json!(format!("{}/device_authorization", world.issuer())));
        assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    }

    /// RFC 8628 §3.5, RFC 6749 §5.1, OpenID Connect Core §3.1.3.3.
    async fn a_device_gets_tokens_when_the_person_allows_it(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid offline_access notes.read").await;
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        world.advance(30);
        let signed_in = world.now();
        let browser = allow(&world, &codes).await;
        world.advance(5);
        let tokens = redeemed(&tv, &codes).await;
        assert_eq!(tokens.0["token_type"], json!("Bearer"));
        assert_eq!(tokens.scope(), "openid offline_access notes.read");
        let id = world.claims(tokens.id()).await;
        let access = world.claims(tokens.access()).await;
        for claims in [&id, &access] {
            assert_eq!(claims["auth_time"], json!(signed_in));
            assert_eq!(claims["amr"], json!(["pwd"]));
            assert_eq!(claims["sub"], id["sub"]);
        }
        assert_eq!((&id["aud"], &access["client_id"]), (&json!("tv"), &json!("tv")));
        assert_eq!(id.get("sid"), None, "nobody tells it when a session ends");
        assert_eq!(id.get("nonce"), None);
        world.userinfo(tokens.access()).await.status(200);
        let next = tv.refreshed(tokens.refresh()).await;
        world.userinfo(next.access()).await.status(200);
        assert_eq!(kinds(&world).await, ["device_code.allowed", "device_code.redeemed"]);
        drop(browser);
    }

    /// Refresh tokens are a grant type that is registered by itself.
    async fn refresh_tokens_are_given_as_by_the_code_grant(world: World) {
        let tv = tv(&world).await;
        for (scope, refresh) in [("openid notes.read", false), ("openid offline_access", true), ("notes.read", true)] {
            let codes = ask_for(&tv, scope).await;
            allow(&world, &codes).await;
            let tokens = redeemed(&tv, &codes).await;
            assert_eq!(tokens.0.get("refresh_token").is_some(), refresh, "{scope}");
            assert_eq!(tokens.0.get("id_token").is_some(), scope.contains("openid"), "{scope}");
        }
        let plain = world.client("plain").public().redirects(&[]).grants(&[GRANT]).create().await;
        let codes = ask_for(&plain, "openid offline_access").await;
        allow(&world, &codes).await;
        let tokens = redeemed(&plain, &codes).await;
        assert_eq!(tokens.0.get("refresh_token"), None);
        let tokenless = world.client("x").public().redirects(&[]).grants(&["refresh_token"]).try_create().await;
        assert!(tokenless.is_none(), "refresh_token alone has nothing to begin with");
    }

    /// A second use of the code revokes what the first gave, also when the proof beside it was used for something else (RFC 9449 §11.1).
    async fn a_device_code_that_comes_back_with_a_used_proof_ends_its_grant(world: World) {
        let tv = tv(&world).await;
        let (codes, other) = (ask_for(&tv, "openid").await, ask_for(&tv, "openid").await);
        allow(&world, &codes).await;
        allow(&world, &other).await;
        let (thief, owner) = (Key::new(), Key::new());
        let used = owner.proof(&world);
        let fetch = async |codes: &Codes, proof: &str| {
            let form = [("grant_type", GRANT), ("device_code", codes.device.as_str())];
            dpop::ask(&world, &tv, &form, &[proof]).await
        };
        let stolen = fetch(&codes, &thief.proof(&world)).await;
        stolen.status(200);
        fetch(&other, &used).await.status(200);
        fetch(&codes, &used).await.refused(400, "invalid_grant");
        let token = stolen.text("access_token");
        dpop::see(&world, &token, &[&thief.beside(&world, &token)]).await.status(401);
    }

    /// RFC 8707 §2: named when the device asks, narrowed when it polls.
    async fn the_resource_parameter_chooses_the_audience(world: World) {
        let tv = tv(&world).await;
        let codes = ask(&tv, &[("scope", "notes.read"), ("resource", "urn:example:notes")]).await;
        allow(&world, &codes).await;
        let form = [("grant_type", GRANT), ("device_code", codes.device.as_str()), ("resource", "urn:example:other")];
        tv.token(&form).await.refused(400, "invalid_target");
        let tokens = redeemed(&tv, &codes).await;
        assert_eq!(world.claims(tokens.access()).await["aud"], json!("urn:example:notes"));
    }

    /// RFC 8628 §3.5: five seconds more each time, for all further polls, at whichever node.
    async fn who_polls_too_fast_is_slowed_down_on_every_node(world: World) {
        let tv = tv(&world).await;
        let other = tv.at(&world.beside().await);
        let codes = ask_for(&tv, "openid").await;
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        world.advance(1);
        poll(&other, &codes).await.refused(400, "slow_down");
        // Ten seconds now.
        world.advance(6);
        poll(&tv, &codes).await.refused(400, "slow_down");
        // Fifteen.
        world.advance(10);
        poll(&other, &codes).await.refused(400, "slow_down");
        // Twenty.
        world.advance(20);
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        world.advance(15);
        poll(&other, &codes).await.refused(400, "slow_down");
        world.advance(25);
        poll(&other, &codes).await.refused(400, "authorization_pending");
        // What was allowed is given at once: the pace is for those who wait.
        allow(&world, &codes).await;
        redeemed(&tv, &codes).await;
    }

    /// RFC 8628 §3.3 and §3.5.
    async fn who_keeps_to_the_interval_is_never_slowed_down(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        for _ in 0..119 {
            world.advance(5);
            poll(&tv, &codes).await.refused(400, "authorization_pending");
        }
        world.advance(5);
        poll(&tv, &codes).await.refused(400, "expired_token");
    }

    /// Of polls at the same moment one is answered, the others came too early.
    async fn of_racing_polls_all_but_one_are_too_early(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let racers: Vec<_> = (0..6)
            .map(|_| {
                let (tv, codes) = (tv.clone(), Codes { device: codes.device.clone(), user: codes.user.clone() });
                tokio::spawn(async move { poll(&tv, &codes).await })
            })
            .collect();
        let mut pending = 0;
        for racer in racers {
            match racer.await.unwrap().text("error").as_str() {
                "authorization_pending" => pending += 1,
                error => assert_eq!(error, "slow_down"),
            }
        }
        assert_eq!(pending, 1);
    }

    /// RFC 8628 §3.5 `access_denied`, for good.
    async fn a_denial_is_final(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut browser, page) = question(&world, &codes).await;
        let done = browser.press(&page, "deny", &[]).await;
        assert!(done.has("denied"), "{}", done.words());
        for _ in 0..3 {
            poll(&tv, &codes).await.refused(400, "access_denied");
        }
        let late = browser.press(&page, "allow", &[]).await;
        assert!(is_invalid(&late), "{}", late.words());
        let again = type_code(&mut browser, &codes.user).await;
        assert!(is_invalid(&again));
        poll(&tv, &codes).await.refused(400, "access_denied");
        assert_eq!(kinds(&world).await, ["device_code.denied"]);
    }

    /// RFC 8628 §3.5 `expired_token`; when it is forgotten it is as unknown as any other.
    async fn a_code_lasts_ten_minutes(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        let (mut browser, page) = question(&world, &codes).await;
        world.advance(600);
        poll(&tv, &codes).await.refused(400, "expired_token");
        let late = browser.press(&page, "allow", &[]).await;
        assert!(is_invalid(&late), "{}", late.words());
        poll(&tv, &codes).await.refused(400, "expired_token");
        world.advance(300);
        world.sync().await;
        poll(&tv, &codes).await.refused(400, "invalid_grant");
    }

    /// What was allowed too late to be fetched is not fetched.
    async fn what_was_allowed_and_not_fetched_in_time_expires(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        world.advance(590);
        allow(&world, &codes).await;
        world.advance(10);
        poll(&tv, &codes).await.refused(400, "expired_token");
    }

    /// RFC 8628 §3.5 through RFC 6749 §4.1.2: once; a second time revokes what the first one gave.
    async fn a_device_code_is_redeemed_once_and_a_replay_revokes(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid offline_access").await;
        allow(&world, &codes).await;
        let tokens = redeemed(&tv, &codes).await;
        world.userinfo(tokens.access()).await.status(200);
        world.advance(700);
        for _ in 0..3 {
            poll(&tv, &codes).await.refused(400, "invalid_grant");
        }
        tv.refresh(tokens.refresh()).await.refused(400, "invalid_grant");
        let replays = kinds(&world).await.into_iter().filter(|kind| kind == "device_code.replayed");
        assert_eq!(replays.count(), 1, "written once");
    }

    /// Single use holds when the polls race.
    async fn of_racing_polls_one_gets_the_tokens(world: World) {
        let tv = tv(&world).await;
        let codes = ask_for(&tv, "openid").await;
        allow(&world, &codes).await;
        let racers: Vec<_> = (0..6)
            .map(|_| {
                let (tv, codes) = (tv.clone(), Codes { device: codes.device.clone(), user: codes.user.clone() });
                tokio::spawn(async move { poll(&tv, &codes).await })
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

    /// Another client learns nothing, in whatever state the code is, and spoils nothing: not even the pace.
    async fn a_device_code_is_bound_to_its_client_and_realm(world: World) {
        let tv = tv(&world).await;
        let other = world.client("other").public().redirects(&[]).grants(&[GRANT]).create().await;
        let codes = ask_for(&tv, "openid").await;
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        for _ in 0..3 {
            poll(&other, &codes).await.refused(400, "invalid_grant");
        }
        world.advance(5);
        poll(&tv, &codes).await.refused(400, "authorization_pending");
        allow(&world, &codes).await;
        poll(&other, &codes).await.refused(400, "invalid_grant");
        world.add_realm("second").await;
        let form = [("grant_type", GRANT), ("device_code", codes.device.as_str()), ("client_id", "tv")];
        world.post("/realms/second/token").form(&form).send().await.refused(401, "invalid_client");
        redeemed(&tv, &codes).await;
    }

    /// A confidential device authenticates at both endpoints (RFC 8628 §3.1, §3.4).
    async fn a_confidential_client_needs_its_secret(world: World) {
        tv(&world).await;
        let set_top = world.client("set-top").redirects(&[]).grants(&[GRANT]).create().await;
        let codes = ask_for(&set_top, "openid").await;
        allow(&world, &codes).await;
        world.post("/device_authorization").form(&[("client_id", "set-top")]).send().await.refused(401, "invalid_client");
        let form = [("grant_type", GRANT), ("device_code", codes.device.as_str()), ("client_id", "set-top")];
        world.post("/token").form(&form).send().await.refused(401, "invalid_client");
        redeemed(&set_top, &codes).await;
    }

    /// RFC 8628 §3.1 and §3.4, RFC 6749 §5.2: every bad input and its registered error.
    async fn bad_input_is_answered_with_the_registered_error(world: World) {
        let tv = tv(&world).await;
        let app = world.client("app").public().create().await;
        app.post("/device_authorization", &[]).await.refused(400, "unauthorized_client");
        app.token(&[("grant_type", GRANT), ("device_code", "gdc_x")]).await.refused(400, "unauthorized_client");
        let long = "x".repeat(60_000);
        for (name, value, code) in [
            ("scope", "notes.burn", "invalid_scope"),
            ("scope", "a  b", "invalid_scope"),
            ("scope", "\"", "invalid_scope"),
            ("scope", &long, "invalid_scope"),
            ("resource", "urn:example:nothing", "invalid_target"),
            ("resource", "notes", "invalid_target"),
            ("resource", "https://a.example/#x", "invalid_target"),
        ] {
            let answer = tv.post("/device_authorization", &[(name, value)]).await;
            answer.refused(400, code);
        }
        for (device_code, code) in [
            ("", "invalid_request"),
            ("x", "invalid_grant"),
            ("gdc_", "invalid_grant"),
            ("gdc_ä \u{202e}", "invalid_grant"),
            ("' OR 1=1 --", "invalid_grant"),
            (&long, "invalid_grant"),
        ] {
            tv.token(&[("grant_type", GRANT), ("device_code", device_code)]).await.refused(400, code);
        }
        for (path, body) in [
            ("/device_authorization", "client_id=tv&scope=openid&scope=openid"),
            ("/device_authorization", "client_id=tv&client_id=tv"),
            ("/device_authorization", "client_id=tv&scope=%00"),
            ("/device_authorization", "client_id=tv&scope=%FF"),
            ("/token", "client_id=tv&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=a&device_code=b"),
            ("/token", "client_id=tv&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=%00"),
        ] {
            world.post(path).body(FORM, body.as_bytes()).send().await.refused(400, "invalid_request");
        }
        world.post("/device_authorization").form(&[]).send().await.refused(401, "invalid_client");
        world.post("/device_authorization").form(&[("client_id", "nobody")]).send().await.refused(401, "invalid_client");
    }

    /// What happens between the button and the poll: the session ends, the person is disabled, the client is switched off.
    async fn what_ended_since_gives_no_tokens(world: World) {
        let tv = tv(&world).await;
        let signed_out = ask_for(&tv, "openid").await;
        let mut browser = allow(&world, &signed_out).await;
        world.sign_out(&mut browser).await;
        poll(&tv, &signed_out).await.refused(400, "invalid_grant");
        let elsewhere = ask_for(&tv, "openid").await;
        let beside = world.beside().await;
        let mut browser = allow(&world, &elsewhere).await;
        world.sign_out(&mut browser).await;
        // A node that has not heard of it.
        poll(&tv.at(&beside), &elsewhere).await.refused(400, "invalid_grant");
        let disabled = ask_for(&tv, "openid").await;
        world.advance(5);
        allow(&world, &disabled).await;
        world.disable(ALICE.0).await;
        poll(&tv, &disabled).await.refused(400, "invalid_grant");
    }

    /// RFC 9449 §5: what a device that shows a key gets stays bound to it.
    async fn the_grant_of_a_device_stays_bound(world: World) {
        let tv = tv(&world).await;
        let (key, other) = (Key::new(), Key::new());
        let codes = ask_for(&tv, "openid offline_access").await;
        allow(&world, &codes).await;
        let form = [("grant_type", GRANT), ("device_code", codes.device.as_str())];
        let answer = dpop::ask(&world, &tv, &form, &[&key.proof(&world)]).await;
        assert_eq!(answer.text("token_type"), "DPoP");
        let token = answer.text("refresh_token");
        dpop::refresh(&world, &tv, &token, &[]).await.refused(400, "invalid_grant");
        dpop::refresh(&world, &tv, &token, &[&other.proof(&world)]).await.refused(400, "invalid_grant");
        dpop::refresh(&world, &tv, &token, &[&key.proof(&world)]).await.status(200);
    }
}
