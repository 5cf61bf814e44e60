//! ML-DSA (RFC 9964) wherever a client may choose an algorithm: responses, answers about tokens, requests; and what the realm signs by itself. Access tokens and
//! ID tokens are where those are tested.

use jose::jws::{self, Header};
use jose::{Algorithm, JwkSet, SigningKey};
use serde_json::{Map, Value, json};

use crate::harness::call::encode;
use crate::harness::{World, altered, query_of};
use crate::on_each_engine;

const ALL: [Algorithm; 3] = [Algorithm::MlDsa44, Algorithm::MlDsa65, Algorithm::MlDsa87];

on_each_engine! {
    /// JARM §3 `authorization_signed_response_alg`: the whole response, large as its signature is, through the query.
    async fn responses_are_signed_with_ml_dsa(world: World) {
        world.app().await;
        let mut browser = world.browser();
        for algorithm in ALL {
            let client = world.client(algorithm.as_str()).trusted().set("authorization_signed_response_alg", json!(algorithm.as_str()));
            let client = client.create().await;
            let flow = world.flow(&client).with("response_mode", "query.jwt");
            let page = flow.walk(&mut browser).await;
            let response = &query_of(page.left())["response"];
            let (signed_by, claims) = world.verified(response).await;
            assert_eq!(signed_by, algorithm);
            assert_eq!((&claims["aud"], &claims["iss"]), (&json!(client.id), &json!(world.issuer())));
            flow.redeem(claims["code"].as_str().unwrap()).await.status(200);
        }
    }

    /// RFC 9701 §6 `introspection_signed_response_alg`.
    async fn answers_about_tokens_are_signed_with_ml_dsa(world: World) {
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        for algorithm in ALL {
            let api = world.client(algorithm.as_str()).grants(&["client_credentials"]).redirects(&[]).scope("");
            let api = api.set("introspects", json!(["urn:example:notes"])).set("introspection_signed_response_alg", json!(algorithm.as_str())).create().await;
            let call = world.post("/introspect").form(&[("token", &token)]).basic(&api.id, api.secret.as_deref().unwrap());
            let answer = call.header("accept", "application/token-introspection+jwt").send().await;
            let (signed_by, claims) = world.verified(&answer.status(200).body).await;
            assert_eq!((signed_by, &claims["aud"]), (algorithm, &json!(api.id)));
            assert_eq!(claims["token_introspection"]["active"], json!(true));
        }
    }

    /// RFC 9101 §6.2 `request_object_signing_alg`: at the authorization endpoint itself, and not with any other key, algorithm or signature.
    async fn requests_are_signed_with_ml_dsa(world: World) {
        world.app().await;
        let mut browser = world.browser();
        for algorithm in ALL {
            let id = algorithm.as_str();
            let key = SigningKey::generate(algorithm).unwrap();
            let keys = JwkSet { keys: vec![key.public_jwk().unwrap()] };
            let client = world.client(id).trusted().set("jwks", serde_json::to_value(keys).unwrap()).set("request_object_signing_alg", json!(id));
            let client = client.create().await;
            let flow = world.flow(&client);
            let mut claims: Map<String, Value> = flow.parameters.clone().into_iter().map(|(name, value)| (name, value.into())).collect();
            let now = world.now();
            for (name, value) in [("iss", json!(id)), ("aud", json!(world.issuer())), ("nbf", json!(now)), ("exp", json!(now + 60))] {
                claims.insert(name.to_owned(), value);
            }
            let claims = Value::from(claims).to_string();
            let signed = |key: &SigningKey| jws::sign(key, &Header::typed("oauth-authz-req+jwt", key), claims.as_bytes()).unwrap();
            let object = signed(&key);
            let at = |object: &str| format!("/authorize?{}", encode(&[("client_id", id), ("request", object)]));
            let page = browser.get(&at(&object)).await;
            let page = flow.go_on(&mut browser, page).await;
            flow.redeem(&flow.response(&page)["code"]).await.status(200);
            let other = ALL.into_iter().find(|other| *other != algorithm).unwrap();
            for wrong in [
                altered(&object, object.len() - 9),
                signed(&SigningKey::generate(algorithm).unwrap()),
                signed(&SigningKey::generate(other).unwrap()),
                signed(&SigningKey::generate(Algorithm::Es256).unwrap()),
            ] {
                let page = browser.get(&at(&wrong)).await;
                assert_eq!(query_of(page.left())["error"], "invalid_request_object");
            }
        }
    }

    /// RFC 8414 §2.1, RFC 9728 §2.2 and ID-JAG leave the algorithm to the issuer: it is the realm's setting, and the next document follows a change.
    async fn what_the_realm_says_by_itself_is_signed_as_it_is_set(world: World) {
        world.notes().await;
        const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
        let policy = json!({"identity_assertions": [{"audience": "https://chat.example", "client_id": "wiki"}]});
        let wiki = world.app_with(|client| client.grants(&["authorization_code", "refresh_token", EXCHANGE]).set("token_exchange", policy)).await;
        let tokens = world.flow(&wiki).tokens().await;
        for algorithm in [Algorithm::Es256, Algorithm::MlDsa44, Algorithm::MlDsa87, Algorithm::EdDsa] {
            world.settings(|settings| settings.signing_alg = algorithm).await;
            for path in ["/.well-known/openid-configuration", "/.well-known/oauth-protected-resource?resource=urn:example:notes"] {
                let document = world.get(path).send().await.json();
                let (signed_by, claims) = world.verified(document["signed_metadata"].as_str().unwrap()).await;
                assert_eq!((signed_by, &claims["iss"]), (algorithm, &json!(world.issuer())), "{path}");
            }
            let form = [
                ("grant_type", EXCHANGE),
                ("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"),
                ("subject_token", tokens.id()),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
                ("audience", "https://chat.example"),
            ];
            let assertion = wiki.token(&form).await.status(200).text("access_token");
            assert_eq!(world.verified(&assertion).await.0, algorithm);
        }
    }
}
