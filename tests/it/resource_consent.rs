//! Which APIs a token may be for: those of which something was asked for and allowed (RFC 8707 §2, docs/adr/0028-nothing-of-an-api.md).

use serde_json::{Value, json};

use crate::ciba;
use crate::harness::{ALICE, Answer, Client, Flow, Tokens, World};
use crate::on_each_engine;

const NOTES: &str = "urn:example:notes";
const FILES: &str = "urn:example:files";
const TOOLS: &str = "https://mcp.example/tools";
const BARE: &str = "https://mcp.example/bare";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An MCP server with scopes, and one without.
async fn servers(world: &World) {
    let scopes = [("tools.call", "Call tools"), ("tools.list", "List tools")];
    world.resource(TOOLS, &scopes).await;
    world.resource(BARE, &[]).await;
}

/// An application as MCP clients are: it registered no scope.
async fn mcp_client(world: &World) -> Client {
    servers(world).await;
    world.app_with(|client| client.public().scope("")).await
}

/// What an MCP client sends: the address of the server, and some scope or none.
fn flow(world: &World, app: &Client, scope: Option<&str>, resource: &str) -> Flow {
    let flow = world.flow(app).with("resource", resource);
    match scope {
        Some(scope) => flow.with("scope", scope),
        None => flow.without("scope"),
    }
}

async fn told(world: &World, answer: &Answer) -> (Value, Vec<String>) {
    let claims = world.claims(&answer.status(200).text("access_token")).await;
    let scope = claims["scope"].as_str().unwrap_or_default();
    let mut scope: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
    scope.sort();
    (claims["aud"].clone(), scope)
}

/// The realm's rule for an API that only a group may use.
async fn files_for_staff(world: &World) {
    let scopes = json!([{"name": "files.read", "description": "Read files", "grantable": {"group": "staff"}}]);
    world
        .resource_document(json!({"id": FILES, "name": "Files", "scopes": scopes}))
        .await;
}

on_each_engine! {
    /// RFC 8707 §2: an API of which nothing is asked for, or of which the client may have nothing, is an invalid target, beside another one too.
    async fn an_api_of_which_nothing_is_had_is_an_invalid_target(world: World) {
        world.notes().await;
        world.resource(FILES, &[("files.read", "Read files")]).await;
        let grants = ["authorization_code", "refresh_token", "client_credentials", DEVICE, ciba::GRANT];
        let app = world.app_with(|client| {
            client.grants(&grants).scope("openid notes.read").set("backchannel_token_delivery_mode", json!("poll"))
        }).await;
        let asked = [("openid", &[FILES][..]), ("openid notes.read", &[NOTES, FILES]), ("openid files.read", &[FILES]), ("notes.read", &[NOTES, FILES])];
        for (scope, resources) in asked {
            let named: Vec<(&str, &str)> = resources.iter().map(|id| ("resource", *id)).collect();
            let flow = world.flow(&app).with("scope", scope);
            let url = format!("{}&{}", flow.url(), crate::harness::call::encode(&named));
            let page = world.browser().get(&url).await;
            assert_eq!(flow.response(&page)["error"], "invalid_target", "{scope} {resources:?}");
            let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(named.clone()).collect();
            app.post("/par", &form).await.refused(400, "invalid_target");
            let form: Vec<(&str, &str)> = [("scope", scope)].into_iter().chain(named.clone()).collect();
            app.post("/device_authorization", &form).await.refused(400, "invalid_target");
            if scope.contains("openid") {
                let form: Vec<(&str, &str)> = [("scope", scope), ("login_hint", ALICE.0)].into_iter().chain(named).collect();
                app.post("/bc-authorize", &form).await.refused(400, "invalid_target");
            }
        }
        let service = [("grant_type", "client_credentials")];
        for more in [&[("resource", FILES)][..], &[("resource", FILES), ("resource", NOTES)], &[("scope", "notes.read"), ("resource", NOTES), ("resource", FILES)]] {
            app.token(&[&service[..], more].concat()).await.refused(400, "invalid_target");
        }
        let good = app.token(&[service[0], ("resource", NOTES)]).await;
        assert_eq!(told(&world, &good).await, (json!(NOTES), vec!["notes.read".to_owned()]));
    }

    /// What was allowed once without an API gives no token for it, silently or not.
    async fn an_api_is_not_had_by_an_older_consent(world: World) {
        let app = mcp_client(&world).await;
        let mut browser = world.browser();
        world.flow(&app).with("scope", "openid").tokens_in(&mut browser).await;
        assert!(!world.flow(&app).with("scope", "openid").asks_in(&mut browser).await);
        for resource in [TOOLS, BARE] {
            let silent = flow(&world, &app, Some("openid"), resource).with("prompt", "none");
            assert_eq!(silent.error(&mut browser).await, "consent_required", "{resource}");
            assert!(flow(&world, &app, Some("openid"), resource).asks_in(&mut browser).await, "{resource}");
        }
    }

    /// RFC 6749 §3.3: an MCP client that registered no scope asks for what the server offers, whether it says nothing of scopes or only of those about people; the
    /// person sees each, and once allowed it is remembered.
    async fn an_mcp_client_gets_what_the_server_offers(world: World) {
        let app = mcp_client(&world).await;
        let both = vec!["tools.call".to_owned(), "tools.list".to_owned()];
        let mut browser = world.browser();
        for (scope, people) in [(None, &[][..]), (Some("openid email profile"), &["email", "openid", "profile"]), (Some("offline_access"), &["offline_access"])] {
            let flow = flow(&world, &app, scope, TOOLS);
            let page = flow.seen_in(&mut browser).await;
            if page.leaving.is_none() {
                assert!(page.says("Call tools") || people.len() == 3, "{}", page.words());
            }
            let page = flow.go_on(&mut browser, page).await;
            let answer = flow.redeem_with(&flow.response(&page)["code"], &[("resource", TOOLS)]).await;
            let audience = if people.contains(&"openid") { json!([TOOLS, world.issuer()]) } else { json!(TOOLS) };
            let mut expected: Vec<String> = people.iter().map(|name| (*name).to_owned()).chain(both.clone()).collect();
            expected.sort();
            assert_eq!(told(&world, &answer).await, (audience, expected), "{scope:?}");
            assert!(!flow.asks_in(&mut browser).await, "remembered");
        }
        // Whoever names a scope of it gets that.
        let one = flow(&world, &app, Some("openid tools.list"), TOOLS);
        let answer = one.redeem(&one.code(&mut browser).await).await;
        assert_eq!(told(&world, &answer).await.1, ["openid", "tools.list"]);
    }

    /// An API without scopes of its own may be named by whoever may ask a person: each time, by its name.
    async fn an_api_without_scopes_is_asked_about_by_its_name(world: World) {
        let app = mcp_client(&world).await;
        let mut browser = world.browser();
        for _ in 0..2 {
            let flow = flow(&world, &app, Some("openid"), BARE);
            let page = flow.seen_in(&mut browser).await;
            assert!(page.says(&format!("Use {BARE} as you")), "{}", page.words());
            let page = flow.go_on(&mut browser, page).await;
            let answer = flow.redeem_with(&flow.response(&page)["code"], &[("resource", BARE)]).await;
            assert_eq!(told(&world, &answer).await.0, json!([BARE, world.issuer()]));
        }
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).scope("").create().await;
        let answer = service.token(&[("grant_type", "client_credentials"), ("resource", BARE)]).await;
        assert_eq!(told(&world, &answer).await, (json!(BARE), Vec::<String>::new()));
        let tv = world.client("tv").public().grants(&[DEVICE]).redirects(&[]).scope("").create().await;
        let begun = tv.post("/device_authorization", &[("resource", BARE)]).await;
        let page = browser.get(begun.status(200).text("verification_uri_complete").strip_prefix(world.issuer()).unwrap()).await;
        let page = if page.has("continue") { browser.press(&page, "continue", &[]).await } else { page };
        assert!(page.says(&format!("Use {BARE} as you")), "{}", page.words());
        let agent = ciba::asking(&world, "agent").scope("").create().await;
        let form = [("scope", "openid"), ("login_hint", ALICE.0), ("resource", BARE)];
        agent.post("/bc-authorize", &form).await.status(200);
        let page = browser.get("/account/approvals").await;
        assert!(page.says(&format!("Use {BARE} as you")), "{}", page.words());
    }

    /// An API of which the person may have nothing is not in the audience, whatever else they may have; a refresh loses one with the group.
    async fn an_api_that_the_person_may_not_use_is_left_out(world: World) {
        world.notes().await;
        files_for_staff(&world).await;
        let app = world.app_with(|client| client.scope("openid offline_access notes.read files.read")).await;
        let mut browser = world.browser();
        let alone = world.flow(&app).with("scope", "files.read").with("resource", FILES);
        let page = alone.walk(&mut browser).await;
        assert_eq!(alone.response(&page)["error"], "access_denied");
        let beside = alone.with("scope", "openid files.read");
        let code = beside.code(&mut browser).await;
        beside.redeem_with(&code, &[("resource", FILES)]).await.refused(400, "invalid_target");
        let answer = beside.redeem(&code).await;
        assert_eq!(told(&world, &answer).await, (json!(world.issuer()), vec!["openid".to_owned()]));
        let both = world.flow(&app).with("scope", "notes.read files.read");
        let url = format!("{}&{}", both.url(), crate::harness::call::encode(&[("resource", NOTES), ("resource", FILES)]));
        let code = async |browser: &mut crate::harness::Browser| {
            let page = browser.get(&url).await;
            let page = both.go_on(browser, page).await;
            both.response(&page)["code"].clone()
        };
        let answer = both.redeem(&code(&mut browser).await).await;
        assert_eq!(told(&world, &answer).await, (json!(NOTES), vec!["notes.read".to_owned()]));
        world.join_group(ALICE.0, "staff").await;
        let tokens = Tokens(both.redeem(&code(&mut browser).await).await.status(200).json());
        assert_eq!(world.claims(tokens.access()).await["aud"], json!([NOTES, FILES]));
        // Narrowed, it stays for both: something of each was allowed.
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("scope", "notes.read")];
        let narrow = Tokens(app.token(&form).await.status(200).json());
        assert_eq!(world.claims(narrow.access()).await["aud"], json!([NOTES, FILES]));
        world.leave_groups(ALICE.0).await;
        let answer = app.refresh(narrow.refresh()).await;
        assert_eq!(told(&world, &answer).await, (json!(NOTES), vec!["notes.read".to_owned()]));
        let form = [("grant_type", "refresh_token"), ("refresh_token", &answer.text("refresh_token")), ("resource", FILES)];
        app.token(&form).await.refused(400, "invalid_target");
    }
}
