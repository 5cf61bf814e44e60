//! The FAPI 2.0 Message Signing profile, as far as requests go (§5.3).

use jose::jws::{self, Header};
use serde_json::{Value, json};

use super::REFUSED;
use crate::fapi2::{Fapi, named, names};
use crate::harness::{Answer, World, query_of};
use crate::on_each_engine;
use crate::pushed_authorization_request::address;

const PROFILE: &str = "fapi2-message-signing";

fn claims(fapi: &Fapi, changes: &Value) -> Value {
    let (world, now) = (&fapi.world, fapi.world.now());
    let flow = fapi.flow().with("response_mode", "jwt");
    let mut claims: serde_json::Map<String, Value> = flow
        .parameters
        .into_iter()
        .map(|(n, v)| (n, v.into()))
        .collect();
    let own = json!({"iss": "app", "aud": world.issuer(), "nbf": now, "exp": now + 300});
    for object in [&own, changes] {
        for (name, value) in object.as_object().unwrap() {
            match value {
                Value::Null => claims.remove(name),
                value => claims.insert(name.clone(), value.clone()),
            };
        }
    }
    claims.into()
}

async fn push(fapi: &Fapi, changes: Value) -> Answer {
    let text = claims(fapi, &changes).to_string();
    let header = Header::typed("oauth-authz-req+jwt", &fapi.key);
    let object = jws::sign(&fapi.key, &header, text.as_bytes()).unwrap();
    fapi.post(
        "/par",
        &[("request", &object)],
        &fapi.assertion(&json!({})),
        &[],
    )
    .await
}

on_each_engine! {
    /// §5.3.1: requests are signed and pushed; for the issuer, among others at most; with times of an hour.
    async fn requests_are_signed_and_of_their_hour(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let (now, issuer) = (world.now(), world.issuer().to_owned());
        for good in [
            json!({}), json!({"aud": [issuer, "https://other.example"]}), json!({"nbf": now + 8}), json!({"nbf": now - 3500, "exp": now + 60}), json!({"nbf": now, "exp": now + 3600}),
        ] {
            push(&fapi, good).await.status(201);
        }
        for bad in [json!({"aud": null}), json!({"exp": null}), json!({"nbf": null}), json!({"nbf": now - 4000, "exp": now + 60}), json!({"exp": now + 4000})] {
            names(push(&fapi, bad).await.refused(400, REFUSED), "Message Signing section 5.3.1");
        }
        for bad in [
            json!({"aud": "https://other.example"}), json!({"aud": format!("{issuer}/par")}), json!({"exp": now - 300}), json!({"nbf": now + 61}), json!({"client_id": "other"}), json!({"iss": "other"}),
        ] {
            push(&fapi, bad).await.refused(400, REFUSED);
        }
        let unsigned = fapi.push(&fapi.flow().with("response_mode", "jwt")).await;
        names(unsigned.refused(400, "invalid_request"), "Message Signing section 5.3.1");
    }

    /// §5.4.1: the response is signed, or there is none.
    async fn responses_are_signed(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        for mode in [Value::Null, json!("query")] {
            let answer = push(&fapi, json!({"response_mode": mode})).await;
            names(answer.refused(400, "invalid_request"), "Message Signing section 5.4.1");
        }
        let page = world.browser().get(&fapi.flow().url()).await;
        let query = query_of(page.left());
        assert_eq!(query.keys().collect::<Vec<_>>(), ["response"]);
        let claims = world.claims(&query["response"]).await;
        assert_eq!(claims["error"], json!("invalid_request"));
        named(claims["error_description"].as_str().unwrap(), "Security Profile section 5.3.2.2");
        let answer = push(&fapi, json!({})).await;
        let mut browser = world.browser();
        let page = browser.get(&address("app", &answer.text("request_uri"))).await;
        let page = fapi.flow().go_on(&mut browser, page).await;
        let query = query_of(page.left());
        assert_eq!(query.keys().collect::<Vec<_>>(), ["response"]);
        let claims = world.claims(&query["response"]).await;
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(world.issuer()), &json!("app")));
        assert_eq!(jws::peek(&query["response"]).unwrap().algorithm, jose::Algorithm::Es256);
        fapi.redeem(&fapi.flow(), claims["code"].as_str().unwrap()).await.status(200);
    }

    /// §5.5.1: what is said about a token is signed, whatever the caller accepts.
    async fn answers_about_tokens_are_signed(world: World) {
        let fapi = Fapi::new(&world, PROFILE).await;
        let answer = fapi.post("/introspect", &[("token", "unknown")], &fapi.assertion(&json!({})), &[]).await;
        answer.status(200);
        assert_eq!(answer.header("content-type"), "application/token-introspection+jwt");
        let claims = world.claims(&answer.body).await;
        assert_eq!(claims["token_introspection"], json!({"active": false}));
        assert_eq!(jws::peek(&answer.body).unwrap().algorithm, jose::Algorithm::Es256);
    }

    /// The algorithms of the Security Profile.
    async fn requests_are_signed_by_the_profiles_algorithms(world: World) {
        let mut fapi = Fapi::new(&world, PROFILE).await;
        let good = std::mem::replace(&mut fapi.key, jose::SigningKey::generate(jose::Algorithm::Es384).unwrap());
        let text = claims(&fapi, &json!({})).to_string();
        let object = jws::sign(&fapi.key, &Header::typed("JWT", &fapi.key), text.as_bytes()).unwrap();
        fapi.key = good;
        let answer = fapi.post("/par", &[("request", &object)], &fapi.assertion(&json!({})), &[]).await;
        names(answer.refused(400, REFUSED), "Security Profile section 5.4.1");
    }
}
