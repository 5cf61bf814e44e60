//! Access tokens: RFC 9068, and opaque ones for APIs that want them.

use serde_json::{Value, json};

use crate::harness::{START, World};
use crate::on_each_engine;

fn header(token: &str) -> Value {
    let header = jsonwebtoken::decode_header(token).expect("a JWT");
    serde_json::to_value(header).expect("JSON")
}

on_each_engine! {
    /// RFC 9068 §2.1 and §2.2.
    async fn a_jwt_has_the_claims_of_rfc_9068(world: World) {
        let app = world.app().await;
        let tokens = world.flow(&app).with("scope", "openid email").tokens().await;
        let header = header(tokens.access());
        assert_eq!(header["typ"], json!("at+jwt"));
        assert_eq!(header["alg"], json!("ES256"));
        let claims = world.claims(tokens.access()).await;
        assert_eq!(claims["iss"], json!(world.issuer()));
        assert_eq!(claims["client_id"], json!("app"));
        assert_eq!(claims["scope"], json!("openid email"));
        assert_eq!(claims["iat"], json!(START));
        assert_eq!(claims["exp"], json!(START + 300));
        assert_eq!(claims["auth_time"], json!(START));
        assert_eq!(claims["sub"], world.claims(tokens.id()).await["sub"]);
        assert!(claims["jti"].is_string() && claims["aud"].is_string(), "{claims}");
    }

    /// RFC 9068 §2.2.3 and RFC 8707: with scopes of an API, the audience is the API; with `openid` the issuer's userinfo is one too.
    async fn the_audience_is_where_the_token_may_go(world: World) {
        world.notes().await;
        let app = world.app_with(|client| client.scope("openid notes.read")).await;
        let api = world.flow(&app).with("scope", "notes.read").tokens().await;
        assert_eq!(world.claims(api.access()).await["aud"], json!("urn:example:notes"));
        let both = world.flow(&app).with("scope", "openid notes.read").tokens().await;
        let aud = world.claims(both.access()).await["aud"].clone();
        let aud: Vec<&str> = aud.as_array().expect("two").iter().filter_map(Value::as_str).collect();
        assert!(aud.contains(&"urn:example:notes") && aud.contains(&world.issuer()), "{aud:?}");
    }

    /// An API may choose its lifetime and its algorithm.
    async fn an_api_chooses_lifetime_and_algorithm(world: World) {
        for (index, algorithm) in ["ES256", "EdDSA", "RS256", "PS256"].into_iter().enumerate() {
            let (id, scope) = (format!("urn:example:{algorithm}"), format!("read{index}"));
            let document = json!({
                "id": id, "name": algorithm, "token_lifetime": 77, "signing_alg": algorithm,
                "scopes": [{"name": scope, "description": "Read"}],
            });
            world.resource_document(document).await;
            let service = world.client(algorithm).grants(&["client_credentials"]).scope(&scope).create().await;
            let answer = service.client_credentials(&scope).await;
            answer.status(200);
            assert_eq!(answer.json()["expires_in"], json!(77));
            let token = answer.text("access_token");
            assert_eq!(header(&token)["alg"], json!(algorithm));
            let claims = world.claims(&token).await;
            assert_eq!(claims["exp"], json!(START + 77));
        }
    }

    /// RFC 9964: an API that lists algorithms gets the first, a post-quantum one too, and its key is published.
    async fn an_api_lists_what_it_can_verify_the_best_first(world: World) {
        for (index, algorithm) in ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"].into_iter().enumerate() {
            let (id, scope) = (format!("urn:example:{algorithm}"), format!("pq{index}"));
            let scopes = json!([{"name": scope, "description": "Read"}]);
            world.resource_document(json!({"id": id, "name": id, "signing_alg": [algorithm, "ES256"], "scopes": scopes})).await;
            let keys = world.get("/jwks").send().await.json();
            let published = keys["keys"].as_array().unwrap().iter().any(|key| key["alg"] == *algorithm && key["kty"] == "AKP");
            assert!(published, "{algorithm}: {keys}");
            let service = world.client(algorithm).grants(&["client_credentials"]).scope(&scope).create().await;
            let token = service.client_credentials(&scope).await.text("access_token");
            let (signed_by, claims) = world.verified(&token).await;
            assert_eq!(signed_by.as_str(), algorithm);
            assert_eq!(claims["aud"], json!(id));
        }
    }

    /// One token for two APIs is signed with the first algorithm of one that the other has too; where there is none, there is no such token.
    async fn two_apis_meet_at_an_algorithm_that_both_have(world: World) {
        for (name, algorithms) in [("new", json!(["ML-DSA-65", "EdDSA", "ES256"])), ("old", json!(["PS256", "ES256"])), ("alone", json!("RS256"))] {
            let scopes = json!([{"name": format!("{name}.read"), "description": "Read"}]);
            world.resource_document(json!({"id": format!("urn:example:{name}"), "name": name, "signing_alg": algorithms, "scopes": scopes})).await;
        }
        let service = world.client("service").grants(&["client_credentials"]).scope("new.read old.read alone.read").create().await;
        for (apis, expected) in [(&["new"][..], "ML-DSA-65"), (&["old"], "PS256"), (&["old", "new"], "ES256"), (&["new", "old"], "ES256"), (&["new", "alone"], "")] {
            let scope: Vec<String> = apis.iter().map(|name| format!("{name}.read")).collect();
            let (scope, ids): (String, Vec<String>) = (scope.join(" "), apis.iter().map(|name| format!("urn:example:{name}")).collect());
            let mut form = vec![("grant_type", "client_credentials"), ("scope", scope.as_str())];
            form.extend(ids.iter().map(|id| ("resource", id.as_str())));
            let answer = service.token(&form).await;
            if expected.is_empty() {
                answer.refused(400, "invalid_target");
            } else {
                let (signed_by, claims) = world.verified(&answer.text("access_token")).await;
                assert_eq!((signed_by.as_str(), claims["aud"].as_array().map_or(1, Vec::len)), (expected, apis.len()));
            }
        }
    }

    /// An opaque token tells its holder nothing, and works at introspection.
    async fn an_api_may_want_opaque_tokens(world: World) {
        let document = json!({
            "id": "urn:example:opaque", "name": "Opaque", "token_format": "opaque",
            "scopes": [{"name": "opaque.read", "description": "Read"}],
        });
        world.resource_document(document).await;
        let service = world.client("service").grants(&["client_credentials"]).scope("opaque.read").create().await;
        let token = service.client_credentials("opaque.read").await.text("access_token");
        assert!(!token.contains('.') && !token.starts_with("ey"), "{token}");
        let api = world.api("urn:example:opaque").await;
        let seen = api.introspect(&token).await;
        assert_eq!((&seen["active"], &seen["scope"]), (&json!(true), &json!("opaque.read")));
        assert_eq!(seen["client_id"], json!("service"));
        world.advance(301);
        assert!(!api.sees_active(&token).await);
    }
}
