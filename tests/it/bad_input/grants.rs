//! The token endpoint, grant by grant: each parameter wrong in each way, and what may not be redeemed (RFC 6749 §5.2).

use jose::{Algorithm, SigningKey};
use serde_json::json;

use super::row::{needs_once, refused, refuses, sent};
use crate::harness::{ALICE, Answer, Browser, CALLBACK, Client, Flow, Tokens, World, altered};
use crate::jwt_bearer::{self, Issuer};
use crate::on_each_engine;

const DETAILS: &str = "authorization_details";

/// What no resource, scope or details may be, whatever the grant: the parameter, its value, and the error.
const WISHES: &[(&str, &str, &str)] = &[
    ("resource", "urn:example:nothing", "invalid_target"),
    ("resource", "notes", "invalid_target"),
    ("resource", "/notes", "invalid_target"),
    ("resource", "https://api.example/#x", "invalid_target"),
    ("resource", "urn:example:notes\u{7}", "invalid_target"),
    ("resource", "\u{202e}urn:example:notes", "invalid_target"),
    (DETAILS, "x", "invalid_authorization_details"),
    (DETAILS, "{}", "invalid_authorization_details"),
    (DETAILS, "[7]", "invalid_authorization_details"),
    (DETAILS, "[{}]", "invalid_authorization_details"),
    (
        DETAILS,
        "[{\"type\":\"unknown\"}]",
        "invalid_authorization_details",
    ),
];

/// What no scope may be.
const SCOPES: &[&str] = &[
    "notes.burn",
    "notes.read notes.burn",
    "notes.read  notes.write",
    " notes.read",
    "notes.read\tnotes.write",
    "notes.read\n",
    "\"",
    "a\\b",
    "\u{e4}",
    "\u{7}",
];

/// alice, her API and a client with a grant for every kind of code and refresh token; a browser in which she is signed in and has agreed.
async fn signed_in(world: &World) -> (Client, Flow, Browser) {
    world.notes().await;
    let other = [("files.read", "Read files")];
    world.resource("urn:example:files", &other).await;
    let app = world
        .app_with(|client| client.scope("openid offline_access notes.read files.read"))
        .await;
    let flow = world.flow(&app).with("scope", "notes.read");
    let mut browser = world.browser();
    flow.code(&mut browser).await;
    (app, flow, browser)
}

async fn token(client: &Client, form: &[(&str, &str)]) -> Answer {
    client.token(form).await
}

/// Every wish of [`WISHES`] beside that form.
async fn wishes(world: &World, client: &Client, form: &[(&str, &str)]) {
    for (name, value, code) in WISHES {
        let mut form = form.to_vec();
        form.push((name, value));
        let call = sent(world, "/token", client, &form);
        refuses(&format!("{name} {value}"), call, (400, code)).await;
    }
    let many: Vec<String> = (0..33).map(|number| format!("urn:x:{number}")).collect();
    let mut form = form.to_vec();
    form.extend(many.iter().map(|one| ("resource", one.as_str())));
    refused(
        "33 resources",
        &token(client, &form).await,
        (400, "invalid_target"),
    );
}

/// Every scope of [`SCOPES`] beside that form, and one that is huge.
async fn scopes(client: &Client, form: &[(&str, &str)]) {
    let long = "s".repeat(50_000);
    for scope in SCOPES.iter().copied().chain([long.as_str()]) {
        let mut form = form.to_vec();
        form.push(("scope", scope));
        let answer = token(client, &form).await;
        refused(
            &format!("scope {scope:.40}"),
            &answer,
            (400, "invalid_scope"),
        );
    }
}

on_each_engine! {
    /// RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 8707 §2.2.
    async fn a_code_is_refused_by_the_book(world: World) {
        let (app, flow, mut browser) = signed_in(&world).await;
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).create().await;
        let stranger = world.client("stranger").create().await;
        let grant = ("grant_type", "authorization_code");
        let long = "x".repeat(60_000);
        for code in ["x", " ", "\u{7}", "\u{202e}ä", "' OR 1=1 --", "a.b.c", &long] {
            let form = [grant, ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", &flow.verifier)];
            refused(&format!("the code {code:.40}"), &token(&app, &form).await, (400, "invalid_grant"));
        }
        let code = flow.code(&mut browser).await;
        let good = [grant, ("code", code.as_str()), ("redirect_uri", CALLBACK), ("code_verifier", flow.verifier.as_str())];
        needs_once(&world, &app, &good, "code").await;
        needs_once(&world, &app, &good, "grant_type").await;
        let wrong = "w".repeat(43);
        for (name, value, code) in [
            ("redirect_uri", "", "invalid_grant"),
            ("redirect_uri", "https://app.example/callback/", "invalid_grant"),
            ("redirect_uri", "https://evil.example/", "invalid_grant"),
            ("redirect_uri", "javascript:alert(1)", "invalid_grant"),
            ("redirect_uri", "\u{7}", "invalid_grant"),
            ("code_verifier", "", "invalid_grant"),
            ("code_verifier", &wrong, "invalid_grant"),
            ("code_verifier", "short", "invalid_request"),
            ("code_verifier", &"v".repeat(129), "invalid_request"),
            ("code_verifier", &"\u{7}".repeat(43), "invalid_request"),
            ("code_verifier", &long, "invalid_request"),
        ] {
            let code_now = flow.code(&mut browser).await;
            let answer = flow.redeem_with(&code_now, &[(name, value)]).await;
            refused(&format!("{name} {value:.40}"), &answer, (400, code));
        }
        wishes(&world, &app, &good).await;
        let files = [good[0], good[1], good[2], good[3], ("resource", "urn:example:files")];
        refused("a resource that was not granted", &token(&app, &files).await, (400, "invalid_target"));
        refused("without the grant", &token(&service, &good).await, (400, "unauthorized_client"));
        refused("another client", &token(&stranger, &good).await, (400, "invalid_grant"));
        world.add_realm("acme").await;
        let elsewhere = sent(&world, "/realms/acme/token", &app, &good);
        refuses("another realm", elsewhere, (401, "invalid_client")).await;
        // None of that spent it.
        token(&app, &good).await.status(200);
        refused("used twice", &token(&app, &good).await, (400, "invalid_grant"));
        let late = flow.code(&mut browser).await;
        world.advance(61);
        refused("expired", &flow.redeem(&late).await, (400, "invalid_grant"));
    }

    /// RFC 6749 §6, RFC 9700 §4.14.
    async fn a_refresh_token_is_refused_by_the_book(world: World) {
        let (app, flow, mut browser) = signed_in(&world).await;
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).create().await;
        let stranger = world.client("stranger").create().await;
        let tokens = flow.tokens_in(&mut browser).await;
        let refresh = tokens.refresh();
        let grant = ("grant_type", "refresh_token");
        let long = "x".repeat(60_000);
        let forged = altered(refresh, refresh.len() - 9);
        let code = flow.code(&mut browser).await;
        for wrong in ["x", " ", "grt_", "grt_x.1.y", "grt_x.-1.y", "grt_x.99999999999999999999.y", "\u{7}", "\u{202e}ä", "' OR 1=1 --",
            &long, &forged, tokens.access(), &code] {
            let answer = token(&app, &[grant, ("refresh_token", wrong)]).await;
            refused(&format!("the token {wrong:.40}"), &answer, (400, "invalid_grant"));
        }
        let good = [grant, ("refresh_token", refresh)];
        needs_once(&world, &app, &good, "refresh_token").await;
        scopes(&app, &good).await;
        refused("a wider scope", &token(&app, &[grant, good[1], ("scope", "notes.read files.read")]).await, (400, "invalid_scope"));
        wishes(&world, &app, &good).await;
        let files = [grant, good[1], ("resource", "urn:example:files")];
        refused("a resource that was not granted", &token(&app, &files).await, (400, "invalid_target"));
        refused("without the grant", &token(&service, &good).await, (400, "unauthorized_client"));
        refused("another client", &token(&stranger, &good).await, (400, "invalid_grant"));
        world.add_realm("acme").await;
        refuses("another realm", sent(&world, "/realms/acme/token", &app, &good), (401, "invalid_client")).await;
        // None of that spent it or ended its family.
        let next = app.refreshed(refresh).await;
        app.refreshed(next.refresh()).await;
        refused("used long ago", &app.refresh(refresh).await, (400, "invalid_grant"));
        refused("its family has ended", &app.refresh(next.refresh()).await, (400, "invalid_grant"));
        let revoked = flow.tokens_in(&mut browser).await;
        app.revoke(revoked.refresh()).await.status(200);
        refused("revoked", &app.refresh(revoked.refresh()).await, (400, "invalid_grant"));
        let late = flow.tokens_in(&mut browser).await;
        world.advance(31 * 86_400);
        refused("expired", &app.refresh(late.refresh()).await, (400, "invalid_grant"));
    }

    /// RFC 6749 §4.4.2, RFC 8707 §2, RFC 9396 §6.
    async fn a_clients_own_request_is_refused_by_the_book(world: World) {
        let service = world.service().await;
        let other = [("files.read", "Read files")];
        world.resource("urn:example:files", &other).await;
        let good = [("grant_type", "client_credentials")];
        needs_once(&world, &service, &good, "grant_type").await;
        scopes(&service, &good).await;
        wishes(&world, &service, &good).await;
        for (scope, resource) in [
            ("openid", ""),
            ("offline_access", ""),
            ("notes.write", ""),
            ("files.read", ""),
            ("notes.read", "urn:example:files"),
        ] {
            let mut form = vec![good[0], ("scope", scope)];
            form.extend((!resource.is_empty()).then_some(("resource", resource)));
            refused(&format!("{scope} {resource}"), &token(&service, &form).await, (400, "invalid_scope"));
        }
        let app = world.client("app").create().await;
        refused("without the grant", &token(&app, &good).await, (400, "unauthorized_client"));
        let call = world.post("/token").form(&[good[0], ("scope", "notes.read"), ("scope", "notes.read")]);
        refuses("scope twice", call.basic("service", service.secret.as_deref().unwrap()), (400, "invalid_request")).await;
    }

    /// RFC 6749 §4.3.2: where it is switched on.
    async fn a_password_is_refused_by_the_book(world: World) {
        world.notes().await;
        let old = |client: crate::harness::NewClient| client
            .set("profile", json!("openid"))
            .set("allow_retired_grants", json!(true))
            .set("grant_types", json!(["password"]))
            .set("response_types", json!([]))
            .scope("openid notes.read");
        let app = world.app_with(old).await;
        let usual = world.client("usual").create().await;
        let good = [("grant_type", "password"), ("username", ALICE.0), ("password", ALICE.1), ("scope", "notes.read")];
        needs_once(&world, &app, &good[..3], "username").await;
        needs_once(&world, &app, &good[..3], "password").await;
        scopes(&app, &good[..3]).await;
        for (name, value, code) in WISHES {
            if *name == "resource" {
                refused(&format!("{name} {value}"), &token(&app, &[good[0], good[1], good[2], (name, value)]).await, (400, code));
            }
        }
        let long = "x".repeat(30_000);
        for (username, password) in [
            ("alice", "wrong"), ("alice", &long), (&long, "x"), ("nobody", ALICE.1), ("ALICE\u{7}", ALICE.1), ("\u{202e}ecila", ALICE.1),
            ("al\r\nice", ALICE.1), ("*", "*"), ("' OR 1=1 --", "x"), ("alice", "correct-horse-battery "),
        ] {
            let answer = token(&app, &[good[0], ("username", username), ("password", password)]).await;
            refused(&format!("{username:.20} {password:.20}"), &answer, (400, "invalid_grant"));
        }
        refused("not switched on", &token(&usual, &good).await, (400, "unsupported_grant_type"));
        token(&app, &good).await.status(200);
    }

    /// RFC 7521 §4.1.1, RFC 7523 §3.1.
    async fn an_assertion_is_refused_by_the_book(world: World) {
        let app = jwt_bearer::app(&world).await;
        let other = jwt_bearer::client(&world, "other").await;
        let plain = world.client("plain").create().await;
        let idp = Issuer::new(&world, jwt_bearer::IDP);
        idp.trusted(jwt_bearer::people(), json!({})).await;
        let about_alice = |more: serde_json::Value| {
            let mut said = jwt_bearer::alice();
            for (name, value) in more.as_object().unwrap() {
                said[name] = value.clone();
            }
            idp.says("00u1", said)
        };
        let grant = ("grant_type", jwt_bearer::GRANT);
        let assertion = about_alice(json!({}));
        let good = [grant, ("assertion", assertion.as_str())];
        needs_once(&world, &app, &good, "assertion").await;
        scopes(&app, &good).await;
        for (name, value, code) in WISHES {
            if *name == "resource" {
                refused(&format!("{name} {value}"), &token(&app, &[grant, good[1], (name, value)]).await, (400, code));
            }
        }
        let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
        let claims = idp.claims("00u1", jwt_bearer::alice());
        let long = "x".repeat(60_000);
        let now = world.now();
        for (case, wrong) in [
            ("text", "x".to_owned()),
            ("three parts", "a.b.c".to_owned()),
            ("control characters", "\u{7}.\u{7}.\u{7}".to_owned()),
            ("huge", long),
            ("another's signature", jwt_bearer::sign(&world, &stranger, "JWT", &claims)),
            ("altered", altered(&assertion, assertion.len() - 9)),
            ("expired", about_alice(json!({"exp": now - 60}))),
            ("not yet", about_alice(json!({"nbf": now + 600}))),
            ("another audience", about_alice(json!({"aud": "https://other.example"}))),
            ("an unknown issuer", about_alice(json!({"iss": "https://nobody.example"}))),
            ("nobody", about_alice(json!({"email": "nobody@example.com"}))),
        ] {
            refused(case, &token(&app, &[grant, ("assertion", &wrong)]).await, (400, "invalid_grant"));
        }
        refused("a client that no rule names", &token(&other, &good).await, (400, "invalid_grant"));
        refused("without the grant", &token(&plain, &good).await, (400, "unauthorized_client"));
        world.add_realm("acme").await;
        refuses("another realm", sent(&world, "/realms/acme/token", &app, &good), (401, "invalid_client")).await;
        token(&app, &good).await.status(200);
        refused("used twice", &token(&app, &good).await, (400, "invalid_grant"));
    }

    /// What one grant is redeemed with is nothing to another.
    async fn no_grant_takes_what_another_gave(world: World) {
        let (app, flow, mut browser) = signed_in(&world).await;
        let tokens: Tokens = flow.tokens_in(&mut browser).await;
        let code = flow.code(&mut browser).await;
        for (kind, name, value) in [
            ("authorization_code", "code", tokens.refresh()),
            ("authorization_code", "code", tokens.access()),
            ("refresh_token", "refresh_token", code.as_str()),
            ("refresh_token", "refresh_token", tokens.access()),
        ] {
            let form = [("grant_type", kind), (name, value), ("redirect_uri", CALLBACK), ("code_verifier", &flow.verifier)];
            refused(&format!("{kind} {value:.8}"), &token(&app, &form).await, (400, "invalid_grant"));
        }
        flow.redeem(&code).await.status(200);
        app.refreshed(tokens.refresh()).await;
    }
}
