//! Step-up: RFC 9470, with `acr_values` and `max_age` of OpenID Connect Core §3.1.2.1.

use fetch::FetchOptions;
use grantor_client::{Client as Library, Credentials, step_up_challenge};
use serde_json::{Value, json};

use crate::harness::{ALICE, World, query_of};
use crate::on_each_engine;

/// Names the strengths of a sign-in: a password is `1`; `2` takes what nobody has.
async fn name(world: &World, contexts: Value) {
    let info = realm::realms::find(world.node(), world.realm().name())
        .await
        .unwrap()
        .unwrap();
    let settings = realm::Settings {
        acr: serde_json::from_value(contexts).unwrap(),
        ..info.settings
    };
    realm::realms::update_settings(world.realm(), settings, info.version, "test")
        .await
        .unwrap();
}

fn two() -> Value {
    json!([{"value": "1", "amr": ["pwd"]}, {"value": "2", "amr": ["pwd", "hwk"]}])
}

on_each_engine! {
    /// RFC 9470 §6: `acr` and `auth_time` are in access tokens and at introspection, as in ID tokens; the realm's names count.
    async fn tokens_say_how_strongly_and_when_the_person_signed_in(world: World) {
        name(&world, two()).await;
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let tokens = world.flow(&app).with("scope", "openid notes.read").tokens().await;
        let access = world.claims(tokens.access()).await;
        let id = world.claims(tokens.id()).await;
        let api = world.api("urn:example:notes").await;
        let seen = api.introspect(tokens.access()).await;
        for said in [&access, &id, &seen] {
            assert_eq!((&said["acr"], &said["auth_time"]), (&json!("1"), &json!(world.now())), "{said}");
        }
    }

    /// §5: what a request asks for is binding where the realm names strengths: met at once, or refused when no sign-in here is so strong.
    async fn what_is_asked_for_is_reached_or_refused(world: World) {
        name(&world, two()).await;
        let app = world.app().await;
        let mut browser = world.browser();
        for unreachable in ["2", "unknown", "2 unknown"] {
            let flow = world.flow(&app).with("acr_values", unreachable);
            assert_eq!(flow.error(&mut browser).await, "unmet_authentication_requirements", "{unreachable}");
            let silent = flow.with("prompt", "none");
            assert_eq!(silent.error(&mut browser).await, "unmet_authentication_requirements", "{unreachable}");
        }
        for reachable in ["1", "2 1"] {
            let tokens = world.flow(&app).with("acr_values", reachable).tokens_in(&mut browser).await;
            assert_eq!(world.claims(tokens.id()).await["acr"], json!("1"), "{reachable}");
        }
    }

    /// §5: the preferred one of the strengths that a sign-in reaches is what tokens say.
    async fn the_preferred_strength_is_said(world: World) {
        name(&world, json!([{"value": "low", "amr": ["pwd"]}, {"value": "high", "amr": ["pwd"]}])).await;
        let app = world.app().await;
        let mut browser = world.browser();
        for (asked, said) in [(None, "high"), (Some("low"), "low"), (Some("high low"), "high")] {
            let flow = world.flow(&app);
            let flow = asked.map_or(flow.clone(), |asked| flow.with("acr_values", asked));
            let tokens = flow.tokens_in(&mut browser).await;
            assert_eq!(world.claims(tokens.id()).await["acr"], json!(said));
        }
    }

    /// Who is signed in by something weaker signs in once more, and a sign-in that is still too weak is refused, without a loop.
    async fn a_session_that_is_too_weak_does_not_do(world: World) {
        let app = world.app().await;
        let mut browser = world.browser();
        world.sign_in(&mut browser).await;
        // A session from before the realm asked for more: what it used no longer reaches anything.
        db_weaken(&world).await;
        name(&world, two()).await;
        let flow = world.flow(&app).with("acr_values", "1");
        assert_eq!(flow.clone().with("prompt", "none").error(&mut browser).await, "login_required");
        let page = browser.get(&flow.url()).await;
        assert!(page.has("password"), "{}", page.words());
        let page = browser.press(&page, "sign-in", &[("password", ALICE.1)]).await;
        let page = flow.go_on(&mut browser, page).await;
        assert!(query_of(page.left()).contains_key("code"), "{}", page.words());
    }

    /// OpenID Connect Core §5.5.1.1: what is essential stays so, whatever `acr_values` add to it.
    async fn an_essential_strength_is_not_softened_by_acr_values(world: World) {
        name(&world, two()).await;
        let app = world.app().await;
        let claims = json!({"id_token": {"acr": {"essential": true, "values": ["2"]}}}).to_string();
        let mut browser = world.browser();
        let asked = world.flow(&app).with("claims", &claims);
        assert_eq!(asked.clone().error(&mut browser).await, "unmet_authentication_requirements");
        assert_eq!(asked.with("acr_values", "1").error(&mut browser).await, "unmet_authentication_requirements");
        let wish = json!({"id_token": {"acr": {"values": ["2"]}}}).to_string();
        let tokens = world.flow(&app).with("claims", &wish).with("acr_values", "1").tokens().await;
        assert_eq!(world.claims(tokens.id()).await["acr"], json!("1"));
    }

    /// OpenID Connect Core §5.5.1.1: what is essential is met or refused also where the realm names no strengths.
    async fn an_essential_strength_that_nobody_names_is_refused(world: World) {
        let app = world.app().await;
        let own = "urn:grantor:acr:password";
        let claims = |acr: Value| json!({"id_token": {"acr": acr}}).to_string();
        let mut browser = world.browser();
        for acr in [json!({"essential": true, "value": "phr"}), json!({"essential": true, "values": ["phr", "phrh"]})] {
            for prompt in ["", "none"] {
                let flow = world.flow(&app).with("claims", &claims(acr.clone())).with("prompt", prompt);
                assert_eq!(flow.error(&mut browser).await, "unmet_authentication_requirements", "{acr} {prompt}");
            }
        }
        for acr in [json!({"essential": true, "values": ["phr", own]}), json!({"essential": true}), json!({"value": "phr"}), Value::Null] {
            let tokens = world.flow(&app).with("claims", &claims(acr.clone())).tokens_in(&mut browser).await;
            assert_eq!(world.claims(tokens.id()).await["acr"], json!(own), "{acr}");
        }
    }

    /// OpenID Connect Core §3.1.2.1: where the realm names nothing, `acr_values` are a wish.
    async fn without_names_it_is_a_wish(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).with("acr_values", "2").tokens().await;
        assert_eq!(world.claims(tokens.id()).await["acr"], json!("urn:grantor:acr:password"));
    }

    /// OpenID Connect Discovery §3: the metadata say which there are.
    async fn the_metadata_name_the_strengths(world: World) {
        let supported = async || world.get("/.well-known/openid-configuration").send().await.json()["acr_values_supported"].clone();
        assert_eq!(supported().await, json!(["urn:grantor:acr:password"]));
        name(&world, two()).await;
        assert_eq!(supported().await, json!(["1"]), "no way to sign in leads to the other one");
    }

    /// §3, §4: an API's challenge becomes a request for what it asks, by the library.
    async fn a_challenge_becomes_a_new_request(world: World) {
        let metadata = world.get("/.well-known/openid-configuration").send().await.json();
        let library = Library::builder(world.issuer(), Credentials::public("app"))
            .fetch(fetch::Fetch::new(FetchOptions::loopback()).unwrap())
            .with_metadata(serde_json::from_value(metadata).unwrap())
            .unwrap();
        let answer = |status: u16, challenge: &str| fetch::Response {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: http::HeaderMap::from_iter([(http::header::WWW_AUTHENTICATE, challenge.parse().unwrap())]),
            body: Default::default(),
        };
        for scheme in ["Bearer", "DPoP"] {
            let text = format!(r#"{scheme} error="insufficient_user_authentication", scope="notes.write", acr_values="2 1", max_age="60""#);
            let challenge = step_up_challenge(&answer(401, &text)).expect("a challenge");
            let pending = library.authorize().redirect_uri("https://app.example/callback").step_up(&challenge).start().await.unwrap();
            let query = query_of(&pending.url().parse().unwrap());
            for (name, value) in [("acr_values", "2 1"), ("max_age", "60"), ("scope", "notes.write")] {
                assert_eq!(query[name], value, "{scheme}");
            }
        }
        for (status, text) in [
            (403, r#"Bearer error="insufficient_user_authentication""#),
            (401, r#"Bearer error="invalid_token", acr_values="2""#),
            (401, r#"Basic error="insufficient_user_authentication""#),
            (401, "Bearer"),
        ] {
            assert!(step_up_challenge(&answer(status, text)).is_none(), "{status} {text}");
        }
    }

    /// What a strength is called, and what it takes, is as the realm says now: a session does not keep a name that it would not get any more.
    async fn a_session_does_not_keep_a_strength_that_takes_more_by_now(world: World) {
        name(&world, json!([{"value": "high", "amr": ["pwd"]}])).await;
        let app = world.app_with(|client| client.trusted()).await;
        let mut browser = world.browser();
        let acr = async |browser: &mut crate::harness::Browser| {
            let tokens = world.flow(&app).tokens_in(browser).await;
            [world.claims(tokens.id()).await, world.claims(tokens.access()).await].map(|claims| claims["acr"].clone())
        };
        assert_eq!(acr(&mut browser).await, ["high", "high"]);
        name(&world, json!([{"value": "high", "amr": ["pwd", "otp"]}])).await;
        assert_eq!(acr(&mut browser).await, [Value::Null, Value::Null]);
        assert_eq!(acr(&mut world.browser()).await, [Value::Null, Value::Null], "nor does a new one");
        name(&world, json!([])).await;
        let own = "urn:grantor:acr:password";
        assert_eq!(acr(&mut browser).await, [own, own]);
    }
}

db::statements! {
    WEAKEN = "UPDATE session SET amr = '[\"sms\"]', acr = NULL WHERE realm = $1";
}

/// Makes every session one by a text message.
async fn db_weaken(world: &World) {
    let mut batch = db::Batch::new();
    batch.run(&WEAKEN, db::params![world.realm().name()]);
    world.node().db().commit(batch).await.unwrap();
}
