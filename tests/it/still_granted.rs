//! What is issued for an approval is what may be granted when it is issued: people leave groups, and clients lose scopes, in between.

use serde_json::{Value, json};

use crate::ciba;
use crate::device_code;
use crate::harness::{ALICE, Answer, Client, Tokens, World};
use crate::on_each_engine;

const PAY: &str = "urn:example:pay";

/// An API that only `finance` may use beyond looking, with an act of its own; alice, who is in it; and a client for every grant in which a person is asked.
async fn accountant(world: &World) -> Client {
    let group = json!({"group": "finance"});
    let scopes = json!([{"name": "pay.look", "description": "Look"}, {"name": "payroll", "description": "Pay people", "grantable": group}]);
    let act = json!({"type": "payment", "words": "Pay {amount}", "schema": {"type": "object"}, "grantable": group});
    world
        .resource_document(json!({"id": PAY, "name": "Pay", "scopes": scopes, "authorization_details_types": [act]}))
        .await;
    let grants = [
        "authorization_code",
        "refresh_token",
        device_code::GRANT,
        ciba::GRANT,
    ];
    let app = world.app_with(|app| {
        app.grants(&grants)
            .scope("openid offline_access pay.look payroll")
            .set("backchannel_token_delivery_mode", json!("poll"))
            .set("authorization_details_types", json!(["payment"]))
    });
    let app = app.await;
    world.join_group(ALICE.0, "finance").await;
    app
}

const ACT: &str = r#"[{"type":"payment","amount":"5"}]"#;

/// What a request for this scope gives by each grant, when `change` happens between the approval and the tokens.
async fn by_each_grant(
    world: &World,
    app: &Client,
    asked: &[(&str, &str)],
    change: impl AsyncFn(bool),
) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut flow = world.flow(app).with("prompt", "consent");
    for (name, value) in asked {
        flow = flow.with(name, value);
    }
    let code = flow.fresh_code().await;
    change(true).await;
    answers.push(flow.redeem(&code).await);
    change(false).await;
    let begun = app.post("/device_authorization", asked).await;
    let path = begun.status(200).text("verification_uri_complete");
    let mut browser = world.browser();
    world.sign_in(&mut browser).await;
    let page = browser
        .get(path.strip_prefix(world.issuer()).unwrap())
        .await;
    let page = if page.has("continue") {
        browser.press(&page, "continue", &[]).await
    } else {
        page
    };
    browser.press(&page, "allow", &[]).await;
    change(true).await;
    let form = [
        ("grant_type", device_code::GRANT),
        ("device_code", &begun.text("device_code")),
    ];
    answers.push(app.token(&form).await);
    change(false).await;
    let form = [asked, &[("login_hint", ALICE.0)]].concat();
    let begun = app.post("/bc-authorize", &form).await;
    begun.status(200);
    ciba::approve(world).await;
    change(true).await;
    let form = [
        ("grant_type", ciba::GRANT),
        ("auth_req_id", &begun.text("auth_req_id")),
    ];
    answers.push(app.token(&form).await);
    change(false).await;
    answers
}

fn sorted(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    words
}

/// Registers the client for this scope.
async fn register(world: &World, scope: &str) {
    let mut client = realm::clients::find(world.realm(), "app")
        .await
        .unwrap()
        .unwrap();
    client.scope = scope.parse().unwrap();
    realm::clients::update(
        world.realm(),
        client,
        realm::clients::SecretChange::Keep,
        "test",
    )
    .await
    .unwrap();
    world.sync().await;
}

on_each_engine! {
    /// Who leaves the group after they approved does not give what came with it; what everybody may have goes on.
    async fn what_a_person_lost_since_they_approved_is_not_issued(world: World) {
        let app = accountant(&world).await;
        let leave = async |leaves: bool| {
            if leaves { world.leave_groups(ALICE.0).await } else { world.join_group(ALICE.0, "finance").await }
        };
        let asked = [("scope", "openid offline_access pay.look payroll"), ("authorization_details", ACT)];
        for answer in by_each_grant(&world, &app, &asked, leave).await {
            let tokens = Tokens(answer.status(200).json());
            let claims = world.claims(tokens.access()).await;
            assert_eq!(sorted(claims["scope"].as_str().unwrap()), ["offline_access", "openid", "pay.look"]);
            assert_eq!(claims.get("authorization_details"), None, "{claims}");
            assert_eq!(answer.json().get("authorization_details"), None);
            // Nor by the refresh token, although the group is theirs again: it began without.
            let refreshed = app.refresh(tokens.refresh()).await.status(200).json();
            assert!(!refreshed["scope"].as_str().unwrap().contains("payroll"), "{refreshed}");
        }
        // Where nothing else of the API was approved, it is left out; and without the change all of it is issued.
        let alone = [("scope", "openid payroll"), ("resource", PAY)];
        for answer in by_each_grant(&world, &app, &alone, leave).await {
            assert_eq!(world.claims(&answer.status(200).text("access_token")).await["aud"], json!(world.issuer()));
        }
        for answer in by_each_grant(&world, &app, &asked, async |_| ()).await {
            let claims = world.claims(&answer.status(200).text("access_token")).await;
            assert!(claims["scope"].as_str().unwrap().contains("payroll"));
            assert_ne!(claims["authorization_details"], Value::Null);
        }
    }

    /// Nor what the client is not registered for any more.
    async fn what_a_client_lost_since_it_was_approved_is_not_issued(world: World) {
        let app = accountant(&world).await;
        let shrink = async |shrinks: bool| {
            register(&world, if shrinks { "openid pay.look" } else { "openid offline_access pay.look payroll" }).await;
        };
        let asked = [("scope", "openid offline_access pay.look payroll")];
        for answer in by_each_grant(&world, &app, &asked, shrink).await {
            assert_eq!(sorted(&answer.status(200).text("scope")), ["openid", "pay.look"]);
            assert_eq!(answer.json().get("refresh_token"), None, "{answer:?}");
        }
    }
}
