//! Details that are meant to do harm.

use serde_json::{Value, json};

use super::{ask, bank, may_pay, payment, shop, to_consent};
use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// What is too long, too much or nested too deeply is refused before anybody looks into it.
    async fn oversized_and_deep_details_are_refused(world: World) {
        let app = shop(&world).await;
        let deep = |levels: usize| format!(r#"[{{"type":"transfer","x":{}{}}}]"#, "[".repeat(levels), "]".repeat(levels));
        let many: Vec<Value> = (0..17).map(|number| payment(&number.to_string())).collect();
        for (case, text) in [
            ("long", json!([payment(&"a".repeat(5000))]).to_string()),
            ("many", Value::from(many).to_string()),
            ("deep", deep(9)),
            ("bottomless", deep(1500)),
            ("unfinished", "[".repeat(3000)),
        ] {
            let flow = world.flow(&app).with("authorization_details", &text);
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_authorization_details", "{case}");
            let form = [("grant_type", "client_credentials"), ("authorization_details", text.as_str())];
            let answer = app.token(&form).await;
            assert_eq!(answer.status, 400, "{case}");
        }
    }

    /// What people read is what is meant: no markup, no other direction, no invisible characters, and nothing that goes on as if we had said it.
    async fn nothing_can_be_smuggled_into_the_words(world: World) {
        let app = shop(&world).await;
        for payee in ["a\u{202e}b", "a\u{2066}b\u{2069}", "a\u{200b}", "a\nAllow", "\u{3164}", " ", "a\u{e0041}", &"long ".repeat(50)] {
            let flow = ask(&world, &app, &json!([payment(payee)]));
            assert_eq!(flow.error(&mut world.browser()).await, "invalid_authorization_details", "{payee:?}");
        }
        let payee = "</strong><script>alert(1)</script><button id=\"allow\">”. Your bank has checked this";
        let flow = ask(&world, &app, &json!([payment(payee)]));
        let page = to_consent(&mut world.browser(), &flow).await;
        assert!(!page.html().contains("<script>alert"), "{}", page.html());
        assert_eq!(page.html().matches("id=\"allow\"").count(), 1);
        let said = page.words();
        assert!(said.contains("to “</strong>") && said.contains("\". Your bank has checked this”"), "{said}");
    }

    /// What the page shows whole hides nothing either, not even in members that the words leave out.
    async fn what_is_shown_whole_hides_nothing(world: World) {
        bank(&world).await;
        world.person("bob", "correct-horse-battery").await;
        world.join_group("bob", "staff").await;
        let app = may_pay(world.client("app")).create().await;
        let flow = ask(&world, &app, &json!([{"type": "transfer", "amount": 5, "note": "a\u{202e}b"}]));
        let mut browser = world.browser();
        let page = browser.get(&flow.url()).await;
        let page = browser.press(&page, "sign-in", &[("username", "bob"), ("password", "correct-horse-battery")]).await;
        assert!(page.says("Transfer 5"), "{}", page.words());
        assert!(!page.html().contains('\u{202e}') && page.html().contains("u{202e}"), "{}", page.html());
    }

    /// A parameter twice is an error, so that no two parsers read different ones.
    async fn details_come_once(world: World) {
        let app = shop(&world).await;
        let flow = ask(&world, &app, &json!([payment("A")]));
        let url = format!("{}&authorization_details=%5B%5D", flow.url());
        let page = world.browser().get(&url).await;
        assert_eq!(flow.response(&page)["error"], "invalid_request");
    }

    /// A member twice is read once, and what was read is what everybody sees from then on.
    async fn what_was_read_is_what_is_granted(world: World) {
        let app = shop(&world).await;
        let text = r#"[{"type":"payment","amount":{"value":"10.00","currency":"EUR"},"payee":"A","payee":"B"}]"#;
        let flow = world.flow(&app).with("scope", "bank.read").with("authorization_details", text);
        let mut browser = world.browser();
        let page = to_consent(&mut browser, &flow).await;
        assert!(page.says("to B") && !page.says("to A"), "{}", page.words());
        let page = flow.go_on(&mut browser, page).await;
        let answer = flow.redeem(&flow.response(&page)["code"]).await;
        assert_eq!(answer.json()["authorization_details"], json!([payment("B")]));
    }

    /// The types of one tenant are unknown to another.
    async fn types_of_another_realm_do_not_exist(world: World) {
        shop(&world).await;
        world.add_realm("second").await;
        let document = world.get("/realms/second/.well-known/openid-configuration").send().await.json();
        assert_eq!(document.get("authorization_details_types_supported"), None);
    }

    /// A type belongs to one resource, and what could not be checked or said is not registered.
    async fn what_cannot_be_checked_is_not_registered(world: World) {
        bank(&world).await;
        let make = async |kind: Value| {
            let document = json!({"id": "urn:example:new", "name": "New", "scopes": [], "authorization_details_types": [kind]});
            let resource: realm::Resource = serde_json::from_value(document).unwrap();
            realm::resources::create(world.realm(), resource, "test").await
        };
        let open = json!({"type": "object"});
        for (case, kind) in [
            ("of another resource", json!({"type": "payment", "words": "Pay", "schema": open})),
            ("no words", json!({"type": "new", "words": " ", "schema": open})),
            ("words that do not end", json!({"type": "new", "words": "Pay {amount", "schema": open})),
            ("a blank in its name", json!({"type": "a b", "words": "Pay", "schema": open})),
            ("a schema elsewhere", json!({"type": "new", "words": "Pay", "schema": {"$ref": "https://evil.example/schema.json"}})),
            ("a schema of itself", json!({"type": "new", "words": "Pay", "schema": {"$ref": "#"}})),
            ("a rule that is none", json!({"type": "new", "words": "Pay", "schema": open, "grantable": {"expression": "person."}})),
        ] {
            assert!(make(kind).await.is_err(), "{case}");
        }
        make(json!({"type": "new", "words": "Pay", "schema": open})).await.unwrap();
    }
}
