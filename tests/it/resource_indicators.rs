//! Resource indicators (RFC 8707): several APIs in one request, and tokens for some of them.

use serde_json::{Value, json};

use crate::harness::call::encode;
use crate::harness::{ALICE, Answer, Browser, Client, Flow, Tokens, World, set};
use crate::on_each_engine;

const NOTES: &str = "urn:example:notes";
const FILES: &str = "urn:example:files";
/// There, and never asked for.
const MAIL: &str = "urn:example:mail";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What is named, and whom the token is then for with which scope; no audience for what is refused.
type Row = (
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

/// Of a grant for notes and files: what each token request gets.
const NARROWED: &[Row] = &[
    (&[], &[NOTES, FILES], "notes.read files.read"),
    (&[NOTES], &[NOTES], "notes.read"),
    (&[FILES], &[FILES], "files.read"),
    (&[FILES, NOTES], &[FILES, NOTES], "notes.read files.read"),
    (&[NOTES, NOTES], &[NOTES], "notes.read"),
    (&[MAIL], &[], ""),
    (&[NOTES, MAIL], &[], ""),
    (&["urn:example:nothing"], &[], ""),
    (&["notes"], &[], ""),
];

async fn apis(world: &World) -> Client {
    world.notes().await;
    world.resource(FILES, &[("files.read", "Read files")]).await;
    world.resource(MAIL, &[("mail.read", "Read mail")]).await;
    let grants = ["authorization_code", "refresh_token", DEVICE, EXCHANGE];
    let scope = "openid offline_access notes.read files.read mail.read";
    world
        .app_with(|client| client.grants(&grants).scope(scope))
        .await
}

/// A request for both APIs.
fn flow(world: &World, app: &Client) -> Flow {
    world.flow(app).with("scope", "notes.read files.read")
}

/// The code that alice allows when these are named at /authorize.
async fn code(flow: &Flow, browser: &mut Browser, resources: &[&str]) -> String {
    let named: Vec<(&str, &str)> = resources.iter().map(|id| ("resource", *id)).collect();
    let url = format!("{}&{}", flow.url(), encode(&named));
    let page = browser.get(&url).await;
    let page = flow.go_on(browser, page).await;
    flow.response(&page)["code"].clone()
}

fn with<'a>(form: &[(&'a str, &'a str)], resources: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let named = resources.iter().map(|id| ("resource", *id));
    form.iter().copied().chain(named).collect()
}

/// Whom a token is for: in JSON a text or a list.
async fn audience(world: &World, token: &str) -> Value {
    world.claims(token).await["aud"].clone()
}

/// Checks an answer against its row; whether there was a token.
async fn fits(world: &World, answer: &Answer, (named, audiences, scope): &Row) -> bool {
    if audiences.is_empty() {
        answer.refused(400, "invalid_target");
        return false;
    }
    assert_eq!(answer.status, 200, "{named:?}: {answer:?}");
    let expected = match audiences {
        [one] => json!(one),
        several => json!(several),
    };
    let found = audience(world, &answer.text("access_token")).await;
    assert_eq!(found, expected, "{named:?}");
    let found = answer.text("scope");
    let expected = set(scope.split(' '));
    assert_eq!(set(found.split(' ')), expected, "{named:?}");
    true
}

on_each_engine! {
    /// §2.2: the code is for all that was granted; each token for what the token request names of that, and its scope is what is left there.
    async fn a_code_for_several_apis_gives_a_token_for_some(world: World) {
        let app = apis(&world).await;
        let flow = flow(&world, &app);
        let mut browser = world.browser();
        for row in NARROWED {
            let code = code(&flow, &mut browser, &[NOTES, FILES]).await;
            let form = flow.redemption(&code);
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = app.token(&with(&form, row.0)).await;
            if !fits(&world, &answer, row).await {
                // What was refused is not spent.
                app.token(&with(&form, &[FILES])).await.status(200);
            }
        }
    }

    /// §2.2: "the refresh token is bound to all": a token for one API takes nothing from the others, in whatever order they are asked for.
    async fn a_refresh_narrows_one_token_and_never_the_grant(world: World) {
        let app = apis(&world).await;
        let flow = flow(&world, &app);
        let mut browser = world.browser();
        let code = code(&flow, &mut browser, &[NOTES, FILES]).await;
        let first = flow.redeem_with(&code, &[("resource", NOTES)]).await;
        assert_eq!(audience(&world, &first.text("access_token")).await, json!(NOTES));
        let mut refresh = first.text("refresh_token");
        for row in NARROWED.iter().chain(NARROWED.iter().rev()) {
            let answer = app.token(&with(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)], row.0)).await;
            if fits(&world, &answer, row).await {
                refresh = answer.text("refresh_token");
            }
        }
        // A scope of an API that is not named is not in the token, asked for or not.
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "files.read notes.read"), ("resource", FILES)];
        assert_eq!(app.token(&form).await.status(200).text("scope"), "files.read");
    }

    /// §2.1: at the authorization endpoint an API that is not there, or that nobody may ask for, goes back as invalid_target; several without a name are told apart by
    /// nobody.
    async fn what_is_named_at_the_authorization_endpoint_is_known(world: World) {
        let app = apis(&world).await;
        let mut browser = world.browser();
        for (scope, resources, expected) in [
            ("notes.read", &["urn:example:nothing"][..], "invalid_target"),
            ("notes.read", &[NOTES, "urn:example:nothing"], "invalid_target"),
            ("notes.read", &["/notes"], "invalid_target"),
            ("notes.read", &["urn:example:notes#x"], "invalid_target"),
            // A scope of an API that is not named belongs to nothing.
            ("notes.read files.read", &[NOTES], "invalid_scope"),
            // RFC 9068 §3: whom would the token be for?
            ("notes.read files.read", &[], "invalid_scope"),
        ] {
            let flow = world.flow(&app).with("scope", scope);
            let named: Vec<(&str, &str)> = resources.iter().map(|id| ("resource", *id)).collect();
            let page = browser.get(&format!("{}&{}", flow.url(), encode(&named))).await;
            assert_eq!(flow.response(&page)["error"], expected, "{scope} {resources:?}");
        }
        // Pushed as well (RFC 9126 §2.1).
        let parameters = flow(&world, &app).parameters;
        let form: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = app.post("/par", &with(&form, &[NOTES, FILES])).await;
        let pushed = answer.status(201).text("request_uri");
        let url = format!("/authorize?{}", encode(&[("client_id", "app"), ("request_uri", &pushed)]));
        let page = browser.get(&url).await;
        let flow = flow(&world, &app);
        let page = flow.go_on(&mut browser, page).await;
        let tokens = flow.redeem(&flow.response(&page)["code"]).await;
        assert_eq!(audience(&world, &tokens.text("access_token")).await, json!([NOTES, FILES]));
        app.post("/par", &with(&form, &[NOTES, "urn:example:nothing"])).await.refused(400, "invalid_target");
    }

    /// RFC 8628 §3.1, §3.4: the same for a device.
    async fn a_device_narrows_what_was_allowed(world: World) {
        let app = apis(&world).await;
        let mut browser = world.browser();
        for row in NARROWED {
            let asked = app.post("/device_authorization", &with(&[("scope", "notes.read files.read")], &[NOTES, FILES])).await;
            let address = asked.status(200).text("verification_uri_complete");
            let path = address.strip_prefix(world.issuer()).unwrap();
            let mut page = browser.get(path).await;
            if page.has("password") {
                page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
            }
            if page.has("continue") {
                page = browser.press(&page, "continue", &[]).await;
            }
            if page.has("password") {
                page = browser.press(&page, "sign-in", &[("username", ALICE.0), ("password", ALICE.1)]).await;
            }
            browser.press(&page, "allow", &[]).await;
            let device_code = asked.text("device_code");
            let form = [("grant_type", DEVICE), ("device_code", device_code.as_str())];
            let answer = app.token(&with(&form, row.0)).await;
            if !fits(&world, &answer, row).await {
                world.advance(5);
                app.token(&with(&form, &[FILES])).await.status(200);
            }
        }
    }

    /// RFC 8693 §2.1: in exchange a token is narrowed, and reaches no API that it did not reach.
    async fn an_exchange_narrows_and_reaches_no_further(world: World) {
        let app = apis(&world).await;
        let flow = flow(&world, &app);
        let mut browser = world.browser();
        let code = code(&flow, &mut browser, &[NOTES, FILES]).await;
        let tokens = Tokens(flow.redeem(&code).await.json());
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token", tokens.access()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        for row in NARROWED {
            fits(&world, &app.token(&with(&form, row.0)).await, row).await;
        }
        // What was narrowed stays so.
        let narrow = app.token(&with(&form, &[NOTES])).await.text("access_token");
        let again = [form[0], ("subject_token", narrow.as_str()), form[2]];
        app.token(&with(&again, &[FILES])).await.refused(400, "invalid_target");
        let all = app.token(&again).await;
        assert_eq!(audience(&world, &all.text("access_token")).await, json!(NOTES));
    }

    /// RFC 9068 §3: one token for APIs that cannot read the same is none; with `openid` it is for the issuer's own endpoints too.
    async fn one_token_suits_all_that_it_is_for(world: World) {
        let app = apis(&world).await;
        let opaque = json!({"id": "urn:example:opaque", "name": "Opaque", "token_format": "opaque", "token_lifetime": 77,
            "scopes": [{"name": "opaque.read", "description": "Read"}]});
        world.resource_document(opaque).await;
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).scope("notes.read files.read opaque.read").create().await;
        let form = [("grant_type", "client_credentials"), ("scope", "notes.read files.read")];
        let both = service.token(&with(&form, &[NOTES, FILES])).await;
        assert_eq!(audience(&world, &both.text("access_token")).await, json!([NOTES, FILES]));
        let form = [("grant_type", "client_credentials"), ("scope", "notes.read opaque.read")];
        service.token(&with(&form, &[NOTES, "urn:example:opaque"])).await.refused(400, "invalid_target");
        let mut browser = world.browser();
        let flow = world.flow(&app).with("scope", "openid offline_access notes.read files.read").with("prompt", "consent");
        let code = code(&flow, &mut browser, &[NOTES, FILES]).await;
        let tokens = Tokens(flow.redeem(&code).await.json());
        assert_eq!(audience(&world, tokens.access()).await, json!([NOTES, FILES, world.issuer()]));
        world.userinfo(tokens.access()).await.status(200);
    }
}
