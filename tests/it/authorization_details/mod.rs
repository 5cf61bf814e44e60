//! `authorization_details`: RFC 9396.

mod exchange;
mod hostile;
mod tokens;

use serde_json::{Value, json};

use crate::harness::{Browser, Client, Flow, NewClient, Page, World, query_of};
use crate::on_each_engine;

/// The API `urn:example:bank`: payments that everybody may be asked about, and transfers of the staff.
async fn bank(world: &World) {
    let amount = json!({"type": "object", "required": ["value", "currency"], "additionalProperties": false, "properties": {
        "value": {"type": "string", "pattern": "^[0-9]{1,9}\\.[0-9]{2}$"}, "currency": {"enum": ["EUR", "CHF"]},
    }});
    let payment = json!({
        "type": "object", "required": ["type", "amount", "payee"], "additionalProperties": false,
        "properties": {
            "type": {"const": "payment"}, "amount": {"$ref": "#/$defs/amount"}, "payee": {"type": "string"},
            "actions": {"type": "array", "items": {"enum": ["prepare", "execute"]}}, "purpose": {"type": "string"},
        },
        "$defs": {"amount": amount},
    });
    let words = "Pay {amount.value} {amount.currency} to {payee}[ for {purpose}][ ({actions})]";
    world
        .resource_document(json!({
            "id": "urn:example:bank", "name": "The bank",
            "scopes": [{"name": "bank.read", "description": "See your accounts"}],
            "authorization_details_types": [
                {"type": "payment", "words": words, "schema": payment},
                {"type": "transfer", "words": "Transfer {amount}", "schema": {"type": "object"}, "grantable": {"group": "staff"}},
            ],
        }))
        .await;
}

/// The API `urn:example:archive` with details of its own.
async fn archive(world: &World) {
    world
        .resource_document(json!({
            "id": "urn:example:archive", "name": "The archive", "scopes": [],
            "authorization_details_types": [{"type": "document", "words": "Read {id}", "schema": {"type": "object"}}],
        }))
        .await;
}

/// A payment of ten euros to this payee.
fn payment(payee: &str) -> Value {
    json!({"type": "payment", "amount": {"value": "10.00", "currency": "EUR"}, "payee": payee})
}

fn may_pay(client: NewClient) -> NewClient {
    client.scope("openid offline_access bank.read").set(
        "authorization_details_types",
        json!(["payment", "transfer"]),
    )
}

/// The bank, alice, and the client `app` that may ask for payments.
async fn shop(world: &World) -> Client {
    bank(world).await;
    world.app_with(may_pay).await
}

/// A request for these details and nothing else.
fn ask(world: &World, client: &Client, details: &Value) -> Flow {
    let flow = world.flow(client).with("scope", "offline_access");
    flow.with("authorization_details", &details.to_string())
}

/// The consent page of a request.
async fn to_consent(browser: &mut Browser, flow: &Flow) -> Page {
    let mut page = browser.get(&flow.url()).await;
    if page.has("password") {
        let alice = crate::harness::ALICE;
        let fields = [("username", alice.0), ("password", alice.1)];
        page = browser.press(&page, "sign-in", &fields).await;
    }
    page
}

on_each_engine! {
    /// §2, §3, §7, §9: from the request by the consent in words to the token, its answer and introspection.
    async fn what_is_asked_for_is_said_in_words_and_granted(world: World) {
        let app = shop(&world).await;
        let details = json!([payment("Merchant A & Sons")]);
        let flow = ask(&world, &app, &details);
        let mut browser = world.browser();
        let page = to_consent(&mut browser, &flow).await;
        assert!(page.says("Pay 10.00 EUR to “Merchant A & Sons”"), "{}", page.words());
        assert!(page.says("The bank") && page.has("details"), "{}", page.words());
        let page = browser.press(&page, "allow", &[]).await;
        let code = query_of(page.left())["code"].clone();
        let answer = flow.redeem(&code).await;
        assert_eq!(answer.status(200).json()["authorization_details"], details);
        let token = answer.text("access_token");
        let claims = world.claims(&token).await;
        assert_eq!((&claims["authorization_details"], &claims["aud"]), (&details, &json!("urn:example:bank")));
        assert_eq!(claims["scope"], json!("offline_access"));
        let api = world.api("urn:example:bank").await;
        assert_eq!(api.introspect(&token).await["authorization_details"], details);
    }

    /// §4 (what is remembered): what was allowed once was one act. The next one is asked about, and cannot be had without a page.
    async fn a_remembered_consent_covers_no_details(world: World) {
        let app = shop(&world).await;
        let mut browser = world.browser();
        let plain = world.flow(&app).with("scope", "openid offline_access bank.read");
        plain.tokens_in(&mut browser).await;
        for details in [json!([payment("A")]), json!([payment("A")]), json!([payment("B")])] {
            let flow = ask(&world, &app, &details).with("scope", "bank.read");
            let silent = flow.clone().with("prompt", "none");
            assert_eq!(silent.error(&mut browser).await, "consent_required");
            let page = browser.get(&flow.url()).await;
            assert!(page.has("allow"), "{}", page.words());
            flow.go_on(&mut browser, page).await;
        }
        let page = browser.get(&plain.url()).await;
        assert!(plain.response(&page).contains_key("code"), "what was remembered still holds");
    }

    /// A denial grants nothing.
    async fn denied_details_are_not_granted(world: World) {
        let app = shop(&world).await;
        let flow = ask(&world, &app, &json!([payment("A")]));
        let mut browser = world.browser();
        let page = to_consent(&mut browser, &flow).await;
        let page = browser.press(&page, "deny", &[]).await;
        assert_eq!(flow.response(&page)["error"], "access_denied");
    }

    /// §5: each of these is `invalid_authorization_details`, at once and by redirect.
    async fn details_that_are_not_as_they_should_be_are_refused(world: World) {
        let app = shop(&world).await;
        archive(&world).await;
        let mut much = payment("A");
        much["more"] = json!(1);
        let mut dear = payment("A");
        dear["amount"]["value"] = json!("ten");
        for (case, text) in [
            ("no JSON", "pay".to_owned()),
            ("no list", payment("A").to_string()),
            ("an empty list", "[]".to_owned()),
            ("no object", "[\"payment\"]".to_owned()),
            ("no type", json!([{"payee": "A"}]).to_string()),
            ("an unknown type", json!([{"type": "coffee"}]).to_string()),
            ("a type of others", json!([{"type": "document", "id": "1"}]).to_string()),
            ("an unknown member", json!([much]).to_string()),
            ("a wrong value", json!([dear]).to_string()),
            ("a good one and a bad one", json!([payment("A"), {"type": "payment"}]).to_string()),
        ] {
            let flow = world.flow(&app).with("authorization_details", &text);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_authorization_details", "{case}");
        }
    }

    /// §5: who may be granted a type is the type's own rule; less than was asked for would be something else.
    async fn details_that_a_person_may_not_be_granted_are_refused(world: World) {
        let app = shop(&world).await;
        let details = json!([payment("A"), {"type": "transfer", "amount": 5}]);
        let flow = ask(&world, &app, &details);
        let mut browser = world.browser();
        let page = to_consent(&mut browser, &flow).await;
        assert_eq!(flow.response(&page)["error"], "access_denied");
        world.join_group("alice", "staff").await;
        let page = browser.get(&flow.url()).await;
        assert!(page.says("Transfer 5") && page.says("Pay 10.00 EUR to A"), "{}", page.words());
    }

    /// §10: a client registers the types it uses; the server says which there are.
    async fn types_are_registered_and_announced(world: World) {
        bank(&world).await;
        let document = world.get("/.well-known/oauth-authorization-server").send().await.json();
        assert_eq!(document["authorization_details_types_supported"], json!(["payment", "transfer"]));
        let stranger = world.client("stranger").set("authorization_details_types", json!(["coffee"]));
        assert!(stranger.try_create().await.is_none());
        let none = world.app().await;
        let flow = world.flow(&none).with("authorization_details", &json!([payment("A")]).to_string());
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_authorization_details");
    }

    /// RFC 9126 §2: what would be refused at /authorize is refused where it is pushed; what is pushed is asked about.
    async fn details_can_be_pushed(world: World) {
        let app = shop(&world).await;
        let push = async |details: &str| {
            let flow = world.flow(&app).with("authorization_details", details).with("scope", "bank.read");
            let form: Vec<(&str, &str)> = flow.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            app.post("/par", &form).await
        };
        push("[]").await.refused(400, "invalid_authorization_details");
        push(&json!([{"type": "coffee"}]).to_string()).await.refused(400, "invalid_authorization_details");
        let pushed = push(&json!([payment("Pushed")]).to_string()).await;
        let uri = pushed.status(201).text("request_uri");
        let mut flow = world.flow(&app);
        flow.parameters.retain(|name, _| name == "client_id");
        let page = to_consent(&mut world.browser(), &flow.with("request_uri", &uri)).await;
        assert!(page.says("Pay 10.00 EUR to Pushed"), "{}", page.words());
    }
}
