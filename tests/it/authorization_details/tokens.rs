//! Which details a token carries.

use serde_json::{Value, json};

use super::{archive, ask, bank, may_pay, payment, shop};
use crate::harness::{ALICE, Tokens, World};
use crate::on_each_engine;

fn details(answer: &crate::harness::Answer) -> Value {
    answer.status(200).json()["authorization_details"].clone()
}

on_each_engine! {
    /// §6.1: a token request may ask for less, and the next one for all of it again.
    async fn a_token_is_narrowed_and_the_grant_is_not(world: World) {
        let app = shop(&world).await;
        let mut both = payment("A");
        both["actions"] = json!(["prepare", "execute"]);
        let mut prepare = both.clone();
        prepare["actions"] = json!(["prepare"]);
        let all = json!([both, payment("B")]);
        let less = json!([prepare]);
        let flow = ask(&world, &app, &all);
        let code = flow.fresh_code().await;
        let answer = flow.redeem_with(&code, &[("authorization_details", &less.to_string())]).await;
        assert_eq!(details(&answer), less);
        assert_eq!(world.claims(&answer.text("access_token")).await["authorization_details"], less);
        let refresh = Tokens(answer.json()).refresh().to_owned();
        assert_eq!(app.introspect(&refresh).await["authorization_details"], all);
        let again = app.refresh(&refresh).await;
        assert_eq!(details(&again), all);
        let form = [("grant_type", "refresh_token"), ("refresh_token", Tokens(again.json()).refresh()), ("authorization_details", &less.to_string())]
            .map(|(name, value)| (name, value.to_owned()));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(details(&app.token(&form).await), less);
    }

    /// §6.1: and never more; a request that asks for more uses nothing up.
    async fn a_token_is_never_widened(world: World) {
        let app = shop(&world).await;
        let granted = json!([payment("A")]);
        let flow = ask(&world, &app, &granted);
        let code = flow.fresh_code().await;
        let mut dear = payment("A");
        dear["amount"]["value"] = json!("1000.00");
        let mut open = payment("A");
        open.as_object_mut().unwrap().remove("payee");
        let more = [json!([dear]), json!([open]), json!([payment("A"), payment("A")]), json!([payment("B")]), json!([]), json!("all"), json!([{"type": "transfer"}])];
        for asked in &more {
            let answer = flow.redeem_with(&code, &[("authorization_details", &asked.to_string())]).await;
            answer.refused(400, "invalid_authorization_details");
        }
        let tokens = Tokens(flow.redeem(&code).await.json());
        for asked in &more {
            let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh()), ("authorization_details", &asked.to_string())]
                .map(|(name, value)| (name, value.to_owned()));
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            app.token(&form).await.refused(400, "invalid_authorization_details");
        }
        assert_eq!(details(&app.refresh(tokens.refresh()).await), granted);
        // A grant without details gives none either.
        let plain = world.flow(&app).with("scope", "openid bank.read");
        let code = plain.fresh_code().await;
        let answer = plain.redeem_with(&code, &[("authorization_details", &granted.to_string())]).await;
        answer.refused(400, "invalid_authorization_details");
    }

    /// §6.2, RFC 8707 §2.2: a token for one API carries no details of another, and an API sees at introspection only its own.
    async fn a_token_carries_details_of_its_resources_only(world: World) {
        bank(&world).await;
        archive(&world).await;
        let types = json!(["payment", "document"]);
        let app = world.app_with(|client| may_pay(client).set("authorization_details_types", types)).await;
        let document = json!({"type": "document", "id": "7"});
        let all = json!([payment("A"), document]);
        let flow = ask(&world, &app, &all);
        assert_eq!(flow.error(&mut world.browser()).await, "invalid_authorization_details", "nobody can say whom the token is for");
        let one = flow.clone().with("resource", "urn:example:bank");
        assert_eq!(one.error(&mut world.browser()).await, "invalid_authorization_details", "smuggled past the named resource");
        let url = format!("{}&resource=urn:example:archive", one.url());
        let mut browser = world.browser();
        let page = browser.get(&url).await;
        let page = flow.go_on(&mut browser, page).await;
        let code = flow.response(&page)["code"].clone();
        let answer = flow.redeem(&code).await;
        assert_eq!(details(&answer), all);
        let token = answer.text("access_token");
        for (resource, own) in [("urn:example:bank", json!([payment("A")])), ("urn:example:archive", json!([document]))] {
            let api = world.api(resource).await;
            assert_eq!(api.introspect(&token).await["authorization_details"], own, "{resource}");
            let refresh = Tokens(answer.json()).refresh().to_owned();
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("resource", resource)];
            assert_eq!(details(&app.token(&form).await), own, "{resource}");
            world.advance(1);
        }
        assert_eq!(app.introspect(&token).await["authorization_details"], all);
    }

    /// What a person or a client may no longer be granted is not in the next token.
    async fn details_end_with_the_right_to_them(world: World) {
        let app = shop(&world).await;
        world.join_group("alice", "staff").await;
        let transfer = json!({"type": "transfer", "amount": 5});
        let flow = ask(&world, &app, &json!([payment("A"), transfer]));
        let tokens = flow.tokens().await;
        let mut client = realm::clients::find(world.realm(), "app").await.unwrap().unwrap();
        client.authorization_details_types = vec!["payment".to_owned()];
        realm::clients::update(world.realm(), client, realm::clients::SecretChange::Keep, "test").await.unwrap();
        assert_eq!(details(&app.refresh(tokens.refresh()).await), json!([payment("A")]));
    }

    /// §6: a client asks for itself, within what it is registered for and everybody may be granted.
    async fn a_client_asks_for_itself(world: World) {
        bank(&world).await;
        let service = world.client("service").grants(&["client_credentials"]).redirects(&[]).scope("bank.read");
        let service = service.set("authorization_details_types", json!(["payment", "transfer"])).create().await;
        let token = async |details: &Value| {
            service.token(&[("grant_type", "client_credentials"), ("authorization_details", &details.to_string())]).await
        };
        let answer = token(&json!([payment("A")])).await;
        assert_eq!(details(&answer), json!([payment("A")]));
        let claims = world.claims(&answer.text("access_token")).await;
        assert_eq!((&claims["authorization_details"], &claims["aud"]), (&json!([payment("A")]), &json!("urn:example:bank")));
        for refused in [json!([{"type": "transfer"}]), json!([{"type": "coffee"}]), json!([])] {
            token(&refused).await.refused(400, "invalid_authorization_details");
        }
    }

    /// RFC 9396 §4 with RFC 8628: a device asks, the page says it in words, the tokens carry it.
    async fn a_device_asks(world: World) {
        bank(&world).await;
        world.person(ALICE.0, ALICE.1).await;
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let tv = may_pay(world.client("tv").public()).grants(&[grant, "refresh_token"]).redirects(&[]).create().await;
        let asked = json!([payment("The cinema")]);
        let begin = async |details: &str| tv.post("/device_authorization", &[("scope", "bank.read"), ("authorization_details", details)]).await;
        begin("[{}]").await.refused(400, "invalid_authorization_details");
        begin(&json!([{"type": "coffee"}]).to_string()).await.refused(400, "invalid_authorization_details");
        let begun = begin(&asked.to_string()).await;
        begun.status(200);
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        let page = browser.get("/device").await;
        let page = browser.press(&page, "continue", &[("user_code", &begun.text("user_code"))]).await;
        assert!(page.says("Pay 10.00 EUR to “The cinema”"), "{}", page.words());
        browser.press(&page, "allow", &[]).await;
        let answer = tv.token(&[("grant_type", grant), ("device_code", &begun.text("device_code"))]).await;
        assert_eq!(details(&answer), asked);
    }
}
