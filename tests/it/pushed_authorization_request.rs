//! Pushed authorization requests (RFC 9126).

use std::collections::BTreeMap;

use serde_json::json;

use crate::dpop::Key;
use crate::harness::call::encode;
use crate::harness::{Answer, Browser, Client, Flow, Page, World};
use crate::on_each_engine;

/// Pushes the request of a flow.
pub async fn push(flow: &Flow) -> Answer {
    push_with(&flow.client, &flow.parameters).await
}

async fn push_with(client: &Client, parameters: &BTreeMap<String, String>) -> Answer {
    let form: Vec<(&str, &str)> = parameters
        .iter()
        .filter(|(name, _)| *name != "client_id")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.post("/par", &form).await
}

/// The reference that pushing the request of a flow gives.
pub async fn pushed(flow: &Flow) -> String {
    let answer = push(flow).await;
    answer.status(201).not_stored();
    answer.text("request_uri")
}

/// Where the browser goes with a reference.
pub fn address(client: &str, request_uri: &str) -> String {
    let pairs = [("client_id", client), ("request_uri", request_uri)];
    format!("/authorize?{}", encode(&pairs))
}

/// Goes there, and does what the pages ask for.
async fn walk(flow: &Flow, browser: &mut Browser, request_uri: &str) -> Page {
    let page = browser.get(&address(&flow.client.id, request_uri)).await;
    flow.go_on(browser, page).await
}

/// The page that sends nobody anywhere.
#[track_caller]
fn turned_away(page: &Page) {
    assert!(page.leaving.is_none(), "{:?}", page.leaving);
    assert_eq!(page.answer.status, 400);
    assert!(
        page.words().contains("invalid_request_uri"),
        "{}",
        page.words()
    );
}

/// Changes the settings of the first realm.
async fn set(world: &World, change: impl FnOnce(&mut realm::Settings)) {
    let found = realm::realms::find(world.node(), "main")
        .await
        .unwrap()
        .unwrap();
    let mut settings = found.settings;
    change(&mut settings);
    realm::realms::update_settings(world.realm(), settings, found.version, "test")
        .await
        .unwrap();
}

on_each_engine! {
    /// RFC 9126 §2.2, §4: the reference stands for the request, and all goes on as if the browser had brought it.
    async fn a_pushed_request_becomes_tokens(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let answer = push(&flow).await;
        answer.status(201).not_stored();
        assert!(answer.text("request_uri").starts_with("urn:ietf:params:oauth:request_uri:"));
        assert_eq!(answer.json()["expires_in"], json!(90));
        let mut browser = world.browser();
        let page = walk(&flow, &mut browser, &answer.text("request_uri")).await;
        let response = flow.response(&page);
        flow.redeem(&response["code"]).await.status(200);
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// RFC 9126 §2: a public client names itself.
    async fn a_public_client_pushes_too(world: World) {
        let app = world.app_with(|client| client.public()).await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let page = walk(&flow, &mut world.browser(), &uri).await;
        flow.redeem(&flow.response(&page)["code"]).await.status(200);
    }

    /// FAPI 2.0 Security Profile §5.3.2.2: reloading does no harm before the answer, and nothing comes after it.
    async fn a_reference_works_until_its_answer_and_never_after(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        // Somebody's program looks at the link first.
        let mut preview = world.browser();
        assert!(preview.get(&address("app", &uri)).await.has("password"));
        let mut browser = world.browser();
        for _ in 0..3 {
            assert!(browser.get(&address("app", &uri)).await.has("password"));
        }
        let page = walk(&flow, &mut browser, &uri).await;
        let code = flow.response(&page)["code"].clone();
        for browser in [&mut browser, &mut preview, &mut world.browser()] {
            turned_away(&browser.get(&address("app", &uri)).await);
        }
        flow.redeem(&code).await.status(200);
    }

    /// RFC 9126 §7.3: whoever has two pages of one request open gets one code.
    async fn of_two_answers_one_leaves(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let (mut one, mut other) = (world.browser(), world.browser());
        for browser in [&mut one, &mut other] {
            world.sign_in(browser).await;
        }
        let first = one.get(&address("app", &uri)).await;
        let second = other.get(&address("app", &uri)).await;
        assert!(first.has("allow") && second.has("allow"));
        let (first, second) = tokio::join!(one.press(&first, "allow", &[]), other.press(&second, "allow", &[]));
        let left = [&first, &second].iter().filter(|page| page.leaving.is_some()).count();
        assert_eq!(left, 1, "{:?} {:?}", first.leaving, second.leaving);
        let stayed = if first.leaving.is_some() { second } else { first };
        turned_away(&stayed);
        // The consent is remembered now, which changes nothing.
        turned_away(&one.get(&address("app", &uri)).await);
    }

    /// A refusal is an answer too: the person's, and the server's.
    async fn a_refused_request_is_used_up(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get(&address("app", &uri)).await;
        let denied = browser.press(&page, "deny", &[]).await;
        assert_eq!(flow.response(&denied)["error"], "access_denied");
        turned_away(&browser.get(&address("app", &uri)).await);
        // Going back to the page of the question does not open it again.
        turned_away(&browser.press(&page, "allow", &[]).await);

        let silent = world.flow(&app).with("prompt", "none");
        let uri = pushed(&silent).await;
        let mut nobody = world.browser();
        let page = nobody.get(&address("app", &uri)).await;
        assert_eq!(silent.response(&page)["error"], "login_required");
        turned_away(&nobody.get(&address("app", &uri)).await);
    }

    /// RFC 9126 §2.2: the browser comes in time; the person may take longer.
    async fn a_reference_expires_and_who_came_in_time_goes_on(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        world.advance(89);
        let mut browser = world.browser();
        let page = browser.get(&address("app", &uri)).await;
        world.advance(1);
        turned_away(&world.browser().get(&address("app", &uri)).await);
        world.advance(3000);
        world.sync().await;
        let page = flow.go_on(&mut browser, page).await;
        flow.redeem(&flow.response(&page)["code"]).await.status(200);
    }

    /// What is left of pushed requests is deleted by itself.
    async fn expired_requests_are_swept(world: World) {
        let app = world.app().await;
        pushed(&world.flow(&app)).await;
        let rows = async || world.node().db().rows(count(), db::params![]).await.unwrap()[0].int(0);
        assert_eq!(rows().await, 1);
        world.advance(90 + 2 * 3600);
        world.sync().await;
        assert_eq!(rows().await, 0);
    }

    /// RFC 9126 §7.1, §4: nobody else can use it, guess it, or bring it to another realm.
    async fn a_reference_is_its_clients_and_its_realms(world: World) {
        let app = world.app().await;
        world.client("other").create().await;
        world.add_realm("second").await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let mut browser = world.browser();
        turned_away(&browser.get(&address("other", &uri)).await);
        let missing = browser.get(&format!("/authorize?{}", encode(&[("request_uri", &uri)]))).await;
        assert!(missing.leaving.is_none() && missing.answer.status == 400);
        let elsewhere = browser.get(&format!("/realms/second{}", address("app", &uri))).await;
        assert!(elsewhere.leaving.is_none() && elsewhere.answer.status == 400);
        let prefix = "urn:ietf:params:oauth:request_uri:";
        for guess in [prefix.to_owned(), format!("{prefix}x"), format!("{uri}x"), uri.to_uppercase().replace(&prefix.to_uppercase(), prefix), format!("{prefix}{}", "a".repeat(5000))] {
            turned_away(&browser.get(&address("app", &guess)).await);
        }
        // None of that used it up.
        let page = walk(&flow, &mut browser, &uri).await;
        flow.redeem(&flow.response(&page)["code"]).await.status(200);
    }

    /// RFC 9126 §4, RFC 9101 §5: what stands beside the reference in the address changes nothing.
    async fn parameters_beside_the_reference_do_not_count(world: World) {
        let app = world.app().await;
        world.notes().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let extra = encode(&[("scope", "openid email"), ("state", "another"), ("redirect_uri", "https://evil.example/"), ("response_mode", "form_post"), ("nonce", "other"), ("prompt", "none")]);
        let mut browser = world.browser();
        let page = browser.get(&format!("{}&{extra}", address("app", &uri))).await;
        let page = flow.go_on(&mut browser, page).await;
        let tokens = flow.redeem(&flow.response(&page)["code"]).await;
        assert_eq!(tokens.text("scope"), "openid");
        assert_eq!(world.claims(&tokens.text("id_token")).await["nonce"], json!(flow.parameters["nonce"]));
    }

    /// RFC 9126 §2.3: what is wrong with a request is told to the client, as JSON.
    async fn what_is_wrong_is_told_where_it_is_pushed(world: World) {
        let app = world.app().await;
        world.client("device").grants(&["client_credentials"]).redirects(&[]).create().await;
        let good = world.flow(&app).parameters;
        let uri = pushed(&world.flow(&app)).await;
        for (name, value, error) in [
            ("redirect_uri", "https://app.example/callback/", "invalid_request"),
            ("redirect_uri", "javascript:alert(1)", "invalid_request"),
            ("response_type", "nothing", "unsupported_response_type"),
            ("response_type", "", "invalid_request"),
            ("response_mode", "carrier-pigeon", "invalid_request"),
            ("code_challenge", "", "invalid_request"),
            ("code_challenge", "short", "invalid_request"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("code_challenge_method", "", "invalid_request"),
            ("max_age", "-1", "invalid_request"),
            ("prompt", "none login", "invalid_request"),
            ("scope", "a\\b", "invalid_scope"),
            ("resource", "urn:nobody", "invalid_target"),
            ("dpop_jkt", "no thumbprint", "invalid_request"),
            ("id_token_hint", "no token", "invalid_request"),
            ("request_uri", &uri, "invalid_request"),
            ("request_uri", "https://app.example/request", "invalid_request"),
        ] {
            let mut parameters = good.clone();
            parameters.insert(name.into(), value.into());
            let answer = push_with(&app, &parameters).await;
            let case = format!("{name}={value}: {answer:?}");
            assert_eq!((answer.status, answer.json()["error"].clone()), (400, json!(error)), "{case}");
            answer.not_stored();
        }
        let twice: Vec<(&str, &str)> = vec![("response_type", "code"), ("response_type", "code")];
        app.post("/par", &twice).await.refused(400, "invalid_request");
        let other = [("client_id", "other"), ("response_type", "code")];
        let answer = world.post("/par").form(&other).basic("app", app.secret.as_deref().unwrap()).send().await;
        assert!(matches!(answer.status, 400 | 401), "{answer:?}");
        app.with_secret("another-secret-0123").post("/par", &[]).await.refused(401, "invalid_client");
        world.post("/par").form(&[("client_id", "app")]).send().await.refused(401, "invalid_client");
        world.post("/par").form(&[("client_id", "nobody")]).send().await.refused(401, "invalid_client");
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(world.call(method, "/par").send().await.status, 405, "{method}");
        }
    }

    /// RFC 9126 §5, §6: the realm or a client takes nothing else.
    async fn pushing_can_be_required(world: World) {
        let app = world.app().await;
        let own = world.client("own").set("require_pushed_authorization_requests", json!(true)).create().await;
        let mut browser = world.browser();
        assert_eq!(world.flow(&own).error(&mut browser).await, "invalid_request");
        assert!(browser.get(&world.flow(&app).url()).await.has("password"));
        set(&world, |settings| settings.require_pushed_authorization_requests = true).await;
        assert_eq!(world.flow(&app).error(&mut browser).await, "invalid_request");
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["require_pushed_authorization_requests"], json!(true));
        for client in [&app, &own] {
            let flow = world.flow(client);
            let uri = pushed(&flow).await;
            let page = walk(&flow, &mut browser, &uri).await;
            flow.redeem(&flow.response(&page)["code"]).await.status(200);
        }
    }

    /// RFC 9449 §10.1: a proof at /par binds the code to its key, and counts once.
    async fn a_proof_at_par_binds_the_code(world: World) {
        let app = world.app_with(|client| client.public()).await;
        let (key, thief) = (Key::new(), Key::new());
        let htu = json!({"htu": format!("{}/par", world.issuer())});
        let post = async |proof: &str, extra: &[(&str, &str)]| {
            let flow = world.flow(&app);
            let mut form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            form.extend(extra);
            world.post("/par").header("dpop", proof).form(&form).send().await
        };
        let proof = key.with(&world, htu.clone());
        let answer = post(&proof, &[]).await;
        answer.status(201);
        assert!(!answer.header("dpop-nonce").is_empty(), "RFC 9449 §8.2");
        post(&proof, &[]).await.refused(400, "invalid_dpop_proof");
        post(&key.proof(&world), &[]).await.refused(400, "invalid_dpop_proof");
        post("no proof", &[]).await.refused(400, "invalid_dpop_proof");
        post(&thief.with(&world, htu.clone()), &[("dpop_jkt", &key.jkt())]).await.refused(400, "invalid_dpop_proof");
        post(&key.with(&world, htu.clone()), &[("dpop_jkt", &key.jkt())]).await.status(201);

        let flow = world.flow(&app);
        let page = walk(&flow, &mut world.browser(), &answer.text("request_uri")).await;
        let code = flow.response(&page)["code"].clone();
        crate::dpop::redeem(&flow, &world, &code, &[&thief.proof(&world)]).await.refused(400, "invalid_grant");
        flow.redeem(&code).await.refused(400, "invalid_grant");
        crate::dpop::redeem(&flow, &world, &code, &[&key.proof(&world)]).await.status(200);
    }

    /// RFC 9126 §7.2: floods with the name of a public client.
    async fn pushing_is_limited_for_public_clients(world: World) {
        let world = world.limited().await;
        let app = world.client("app").public().create().await;
        let flow = world.flow(&app);
        let mut refused = None;
        for _ in 0..80 {
            let answer = push(&flow).await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
            answer.status(201);
        }
        let refused = refused.expect("a limit");
        assert!(!refused.header("retry-after").is_empty());
        let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        world.post("/par").from("198.51.100.7").form(&form).send().await.status(201);
        world.advance(2);
        push(&flow).await.status(201);
    }

    /// Any node takes what another was given, and of all nodes one answers.
    async fn a_reference_is_good_at_every_node(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app);
        let uri = pushed(&flow).await;
        let beside = world.beside().await;
        let there = flow.clone().at(&beside);
        let page = walk(&there, &mut beside.browser(), &uri).await;
        let code = there.response(&page)["code"].clone();
        turned_away(&world.browser().get(&address("app", &uri)).await);
        flow.redeem(&code).await.status(200);
    }

    /// What a person is about to be asked is nobody's to read in a copied database.
    async fn a_pushed_request_is_sealed(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("login_hint", "alice@example.com");
        let uri = pushed(&flow).await;
        let rows = world.node().db().rows(all(), db::params![]).await.unwrap();
        let (hash, request) = (rows[0].text(0), rows[0].text(1));
        assert!(!uri.ends_with(hash));
        assert!(!request.contains("alice") && !request.contains("openid"), "{request}");
    }

    /// A large request is kept once, however often its link is opened, and whoever opens it may do so as often as others.
    async fn a_large_pushed_request_is_kept_once(world: World) {
        let world = world.limited().await;
        let app = world.app().await;
        let flow = world.flow(&app).with("state", &"large ".repeat(2000));
        let uri = pushed(&flow).await;
        let mut browser = world.browser();
        for _ in 0..40 {
            assert!(browser.get(&address("app", &uri)).await.has("password"));
        }
        let page = walk(&flow, &mut browser, &uri).await;
        flow.redeem(&flow.response(&page)["code"]).await.status(200);
        let rows = world.node().db().rows(interactions(), db::params![]).await.unwrap();
        assert_eq!(rows[0].int(0), 0);
        turned_away(&browser.get(&address("app", &uri)).await);
    }

    /// What is answered elsewhere is gone here, a large one too.
    async fn a_large_request_is_answered_once(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).with("state", &"large ".repeat(2000));
        let uri = pushed(&flow).await;
        let (mut one, mut other) = (world.browser(), world.browser());
        let waiting = other.get(&address("app", &uri)).await;
        walk(&flow, &mut one, &uri).await;
        turned_away(&flow.go_on(&mut other, waiting).await);
    }

    /// RFC 9126 §5: where it is, behind mutual TLS too.
    async fn the_document_names_the_endpoint(world: World) {
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        let name = "pushed_authorization_request_endpoint";
        assert_eq!(document[name], json!(format!("{}/par", world.issuer())));
        assert_eq!(document["mtls_endpoint_aliases"][name], json!("https://mtls.example/par"));
        assert_eq!(document["require_pushed_authorization_requests"], json!(false));
    }

    /// Scripts of the origins that the client registered read the answer.
    async fn scripts_of_the_client_may_push(world: World) {
        let app = world.app_with(|client| client.public().set("allowed_origins", json!(["https://app.example"]))).await;
        let flow = world.flow(&app);
        let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for (origin, allowed) in [("https://app.example", "https://app.example"), ("https://evil.example", "")] {
            let answer = world.post("/par").header("origin", origin).form(&form).send().await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed);
        }
    }

    /// A client that was switched off since gets no answer.
    async fn a_client_that_was_switched_off_gets_nothing(world: World) {
        let app = world.app().await;
        let uri = pushed(&world.flow(&app)).await;
        let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        client.disabled = true;
        realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
        let page = world.browser().get(&address("app", &uri)).await;
        assert!(page.leaving.is_none() && page.answer.status == 400);
    }
}

fn count() -> &'static db::Stmt {
    static COUNT: db::Stmt =
        db::Stmt::new("COUNT", "SELECT COUNT(*) FROM pushed_authorization_request");
    &COUNT
}

fn interactions() -> &'static db::Stmt {
    static ALL: db::Stmt = db::Stmt::new("INTERACTIONS", "SELECT COUNT(*) FROM interaction");
    &ALL
}

fn all() -> &'static db::Stmt {
    static ALL: db::Stmt = db::Stmt::new(
        "ALL",
        "SELECT hash, request FROM pushed_authorization_request",
    );
    &ALL
}
