//! Scopes and claims of the operator's own: OpenID Connect Core §5.1.2, §5.4, §5.6.2.

use serde_json::{Value, json};

use crate::harness::{Client, NewClient, Tokens, World};
use crate::on_each_engine;

/// The scope `department`, with these claims.
async fn offer(world: &World, claims: Value) {
    let scope =
        json!({"name": "department", "description": "See where you work", "claims": claims});
    let document = json!({"id": "urn:example:directory", "name": "Directory", "scopes": [scope]});
    world.resource_document(document).await;
}

fn claim(name: &str, value: &str, places: &[&str]) -> Value {
    json!({"name": name, "value": value, "in": places})
}

const DEPARTMENTS: &str = "person.groups.filter(g, g.startsWith('dept-'))";

async fn app_with(world: &World, change: impl FnOnce(NewClient) -> NewClient) -> Client {
    world
        .app_with(|client| change(client.scope("openid email offline_access department")))
        .await
}

async fn tokens(world: &World, app: &Client, scope: &str) -> Tokens {
    let flow = world
        .flow(app)
        .with("scope", scope)
        .with("prompt", "consent");
    flow.tokens().await
}

async fn told(world: &World, tokens: &Tokens) -> [Value; 3] {
    [
        world.claims(tokens.id()).await,
        world.userinfo(tokens.access()).await.status(200).json(),
        world.claims(tokens.access()).await,
    ]
}

/// The claims of an ID token without an access token beside it.
async fn id_token_alone(world: &World) -> Value {
    let app = app_with(world, |client| {
        client
            .trusted()
            .set("allow_retired_grants", json!(true))
            .set("grant_types", json!(["implicit"]))
            .set("response_types", json!(["id_token"]))
    })
    .await;
    let flow = world
        .flow(&app)
        .without_pkce()
        .with("response_type", "id_token")
        .with("scope", "openid department");
    let page = flow.walk(&mut world.browser()).await;
    world.claims(&flow.response(&page)["id_token"]).await
}

on_each_engine! {
    /// A scope of the operator's own tells what the operator says, where the operator says, and nobody else anything.
    async fn a_scope_tells_the_claims_that_its_operator_added(world: World) {
        let claims = json!([
            claim("department", DEPARTMENTS, &["id_token"]),
            claim("greeting", "profile.name + ' <' + person.email + '>'", &["userinfo"]),
            claim("staff", "'staff' in person.groups && !client.self_made", &["access_token", "userinfo"]),
            claim("nickname_or_none", "profile.nickname", &["id_token", "userinfo", "access_token"]),
        ]);
        offer(&world, claims).await;
        let app = app_with(&world, |client| client).await;
        world.join_group("alice", "dept-sales").await;
        world.join_group("alice", "staff").await;
        let granted = tokens(&world, &app, "openid offline_access department").await;
        let again = app.refreshed(granted.refresh()).await;
        for tokens in [&granted, &again] {
            let [id, info, access] = told(&world, tokens).await;
            assert_eq!(id["department"], json!(["dept-sales"]));
            assert_eq!((id.get("greeting"), id.get("staff")), (None, None), "{id}");
            assert_eq!((&info["greeting"], &info["staff"]), (&json!("Alice Example <alice@example.com>"), &json!(true)));
            assert_eq!((info.get("department"), info.get("email")), (None, None), "{info}");
            assert_eq!(access["staff"], json!(true));
            assert_eq!((access.get("department"), access.get("greeting")), (None, None), "{access}");
            for claims in [&id, &info, &access] {
                assert_eq!(claims.get("nickname_or_none"), None, "{claims}");
            }
        }
        for claims in told(&world, &tokens(&world, &app, "openid").await).await {
            for name in ["department", "greeting", "staff"] {
                assert_eq!(claims.get(name), None, "{claims}");
            }
        }
        // What changes is told when it is asked for next.
        world.join_group("alice", "dept-research").await;
        let [id, ..] = told(&world, &app.refreshed(again.refresh()).await).await;
        assert_eq!(id["department"].as_array().unwrap().len(), 2, "{id}");
    }

    /// A person agrees to it in the operator's words, and the metadata name scope and claims.
    async fn people_are_asked_for_it_in_words(world: World) {
        offer(&world, json!([claim("department", DEPARTMENTS, &["userinfo"])])).await;
        let app = app_with(&world, |client| client).await;
        let page = world.flow(&app).with("scope", "openid department").consent_in(&mut world.browser()).await;
        assert!(page.says("See where you work"), "{}", page.words());
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        for (list, name) in [("scopes_supported", "department"), ("claims_supported", "department")] {
            assert!(document[list].as_array().unwrap().contains(&json!(name)), "{list}");
        }
        assert_eq!(document["claim_types_supported"], json!(["normal"]));
    }

    /// Core §5.6.2: a claim that is to be had elsewhere is named with its source, and the metadata say that there are such.
    async fn a_claim_that_is_elsewhere_is_named_with_its_source(world: World) {
        let elsewhere = |name: &str| json!({"name": name, "elsewhere": true,
            "value": "{'endpoint': 'https://bank.example/people/' + person.username, 'access_token': 'for-' + client.id}"});
        let wrong = json!({"name": "wrong", "elsewhere": true, "value": "{'endpoint': 'http://' + person.username}"});
        offer(&world, json!([elsewhere("credit_score"), elsewhere("iban"), wrong])).await;
        let app = app_with(&world, |client| client).await;
        let [id, info, _] = told(&world, &tokens(&world, &app, "openid department").await).await;
        assert_eq!(info["_claim_names"], json!({"credit_score": "src1", "iban": "src1"}));
        let source = json!({"endpoint": "https://bank.example/people/alice", "access_token": "for-app"});
        assert_eq!(info["_claim_sources"], json!({"src1": source}));
        assert_eq!(id.get("_claim_names"), None);
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(document["claim_types_supported"], json!(["normal", "aggregated", "distributed"]));
    }

    /// An expression sees a person as the client does, and what it gives stands for nothing that tokens say themselves.
    async fn an_expression_gives_no_hidden_person_away(world: World) {
        offer(&world, json!([claim("badge", "'badge-' + person.id", &["id_token", "userinfo", "access_token"])])).await;
        let open = app_with(&world, |client| client).await;
        let hidden = world.client("hidden").scope("openid department").set("subject_type", json!("pairwise")).create().await;
        let mut badges = Vec::new();
        for app in [&open, &hidden] {
            for claims in told(&world, &tokens(&world, app, "openid department").await).await {
                assert_eq!(claims["badge"], json!(format!("badge-{}", claims["sub"].as_str().unwrap())), "{claims}");
                badges.push(claims["badge"].clone());
            }
        }
        assert_ne!(badges[0], badges[3]);
    }

    /// Core §5.4: where there is no access token to ask with, the ID token says all of it.
    async fn an_id_token_alone_says_all_of_it(world: World) {
        world.profile("openid").await;
        offer(&world, json!([claim("here", "1", &["id_token"]), claim("there", "2", &["userinfo"]), claim("never", "3", &["access_token"])])).await;
        let claims = id_token_alone(&world).await;
        assert_eq!((&claims["here"], &claims["there"], claims.get("never")), (&json!(1), &json!(2), None));
    }

    /// Core §5.5: a claim of the operator's own is asked for by itself as well, at either place, by whoever may have a scope that tells it.
    async fn a_claim_of_the_operators_own_is_asked_for_by_itself(world: World) {
        let claims = json!([claim("department", DEPARTMENTS, &["userinfo"]), claim("badge", "'b'", &["access_token"])]);
        offer(&world, claims).await;
        let app = app_with(&world, |client| client).await;
        let other = world.client("other").scope("openid email").create().await;
        world.join_group("alice", "dept-sales").await;
        let wish = json!({"id_token": {"department": null, "badge": null}, "userinfo": {"department": {"essential": true}, "badge": null}}).to_string();
        let flow = world.flow(&app).with("scope", "openid offline_access").with("claims", &wish);
        let page = flow.consent_in(&mut world.browser()).await;
        assert!(page.says("See where you work"), "{}", page.words());
        let granted = flow.tokens().await;
        let again = app.refreshed(granted.refresh()).await;
        for tokens in [&granted, &again] {
            let [id, info, access] = told(&world, tokens).await;
            for claims in [&id, &info] {
                assert_eq!((&claims["department"], claims.get("badge")), (&json!(["dept-sales"]), None), "{claims}");
            }
            assert_eq!((access.get("department"), access.get("badge"), &access["scope"]), (None, None, &json!("openid offline_access")));
        }
        let tokens = world.flow(&other).with("claims", &wish).tokens().await;
        let [id, info, _] = told(&world, &tokens).await;
        assert_eq!((id.get("department"), info.get("department")), (None, None), "it may not ask for the scope");
        // Told to nobody whom the scope's own rule leaves out.
        let scope = json!({"name": "salary", "description": "See what you earn", "claims": [claim("salary", "'much'", &["id_token"])],
            "grantable": {"group": "dept-board"}});
        world.resource_document(json!({"id": "urn:example:payroll", "name": "Payroll", "scopes": [scope]})).await;
        let open = world.client("open").scope("openid salary").create().await;
        let flow = world.flow(&open).with("claims", &json!({"id_token": {"salary": null}}).to_string());
        assert_eq!(world.claims(flow.tokens().await.id()).await.get("salary"), None);
        world.join_group("alice", "dept-board").await;
        assert_eq!(world.claims(flow.tokens().await.id()).await["salary"], json!("much"));
    }

    /// Core §5.6.2: where one ID token says what belongs to both places, each claim keeps its source.
    async fn claims_of_both_places_keep_their_sources(world: World) {
        world.profile("openid").await;
        let elsewhere = |name: &str, place: &str| json!({"name": name, "elsewhere": true, "in": [place],
            "value": format!("{{'endpoint': 'https://{name}.example/'}}")});
        offer(&world, json!([elsewhere("iban", "id_token"), elsewhere("score", "userinfo")])).await;
        let claims = id_token_alone(&world).await;
        for name in ["iban", "score"] {
            let source = claims["_claim_names"][name].as_str().unwrap_or_else(|| panic!("no {name}: {claims}"));
            assert_eq!(claims["_claim_sources"][source], json!({"endpoint": format!("https://{name}.example/")}), "{claims}");
        }
    }
}
