//! Discovery: RFC 8414 and OpenID Connect Discovery, and the keys (RFC 7517).

mod truth;

use serde_json::{Value, json};

use crate::harness::{World, set};
use crate::on_each_engine;

/// The texts of an array.
fn texts(value: &Value) -> std::collections::BTreeSet<&str> {
    set(value
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(Value::as_str))
}

on_each_engine! {
    /// OpenID Connect Discovery §3, RFC 8414 §2: what the operator says for those who develop applications, and nothing where nothing is said.
    async fn pages_for_developers_are_named_where_there_are_some(world: World) {
        let names = ["service_documentation", "op_policy_uri", "op_tos_uri"];
        let document = async || world.get("/.well-known/openid-configuration").send().await.json();
        let before = document().await;
        assert!(names.iter().all(|name| before.get(name).is_none()), "{before}");
        world.settings(|settings| {
            settings.service_documentation = "https://docs.example/".to_owned();
            settings.op_policy_uri = "https://docs.example/policy".to_owned();
            settings.op_tos_uri = "https://docs.example/terms".to_owned();
        }).await;
        let after = document().await;
        let said = names.map(|name| after[name].as_str().unwrap_or_default());
        assert_eq!(said, ["https://docs.example/", "https://docs.example/policy", "https://docs.example/terms"]);
        for name in names {
            let text = format!("{{\"{name}\": \"javascript:alert(1)\"}}");
            assert_eq!(realm::Settings::from_json(&text).unwrap_err().field, name);
        }
    }

    /// RFC 8414 §2 and §3, OpenID Connect Discovery §3 and §4: the same document at every place.
    async fn the_document_says_where_everything_is(world: World) {
        let oauth = world.get("/.well-known/oauth-authorization-server").send().await;
        let openid = world.get("/.well-known/openid-configuration").send().await;
        oauth.status(200);
        openid.status(200);
        let document = openid.json();
        assert_eq!(document["issuer"], json!(world.issuer()));
        for (member, path) in [
            ("authorization_endpoint", "/authorize"),
            ("token_endpoint", "/token"),
            ("userinfo_endpoint", "/userinfo"),
            ("introspection_endpoint", "/introspect"),
            ("revocation_endpoint", "/revoke"),
            ("end_session_endpoint", "/logout"),
            ("jwks_uri", "/jwks"),
        ] {
            assert_eq!(document[member], json!(format!("{}{path}", world.issuer())), "{member}");
            assert_eq!(oauth.json()[member], document[member], "{member}");
        }
    }

    /// What is announced works, and what works is announced.
    async fn the_document_says_what_is_supported(world: World) {
        let document = world.get("/.well-known/openid-configuration").send().await.json();
        assert_eq!(texts(&document["response_types_supported"]), set(["code"]));
        assert_eq!(texts(&document["code_challenge_methods_supported"]), set(["S256"]));
        let grants = texts(&document["grant_types_supported"]);
        assert!(grants.is_superset(&set(["authorization_code", "refresh_token", "client_credentials"])), "{grants:?}");
        assert!(!grants.contains("password") && !grants.contains("implicit"), "{grants:?}");
        let methods = texts(&document["token_endpoint_auth_methods_supported"]);
        assert!(methods.is_superset(&set(["client_secret_basic", "client_secret_post", "none"])), "{methods:?}");
        let scopes = texts(&document["scopes_supported"]);
        assert!(scopes.is_superset(&set(["openid", "profile", "email", "address", "phone", "offline_access"])), "{scopes:?}");
        assert!(texts(&document["id_token_signing_alg_values_supported"]).contains("RS256"));
        assert_eq!(texts(&document["subject_types_supported"]), set(["pairwise", "public"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true), "RFC 9207 §3");
        assert_eq!(document["require_request_uri_registration"], json!(true));
        assert_ne!(document["claims_supported"], json!(null));
    }

    /// Public documents may be cached, and are readable from every origin.
    async fn public_documents_can_be_cached_and_read_from_anywhere(world: World) {
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"] {
            let answer = world.get(path).header("origin", "https://any.example").send().await;
            answer.status(200);
            assert!(answer.header("cache-control").contains("max-age"), "{path}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
            let tag = answer.header("etag").to_owned();
            assert!(!tag.is_empty(), "{path}");
            let again = world.get(path).header("if-none-match", &tag).send().await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{path}");
        }
    }

    /// RFC 7517: public keys only, each with kid, use and alg; both algorithms that tokens need from the start.
    async fn the_key_set_is_public(world: World) {
        let keys = world.get("/jwks").send().await.json();
        let keys = keys["keys"].as_array().expect("keys").clone();
        assert!(!keys.is_empty());
        let mut ids = std::collections::BTreeSet::new();
        for key in &keys {
            for private in ["d", "p", "q", "dp", "dq", "qi", "k", "priv"] {
                assert_eq!(key.get(private), None, "{private}");
            }
            let encrypts = key["use"] == json!("enc");
            assert!(encrypts || (key["use"] == json!("sig") && key["alg"].is_string()), "{key}");
            assert!(ids.insert(key["kid"].as_str().expect("a kid").to_owned()), "a kid twice");
        }
        assert!(keys.iter().any(|key| key["alg"] == json!("ES256")));
    }

    /// RFC 8414 §3.1: an issuer with a path has its document at the inserted place, and OpenID Connect's at the appended one too.
    async fn an_issuer_with_a_path_is_found_in_all_three_forms(world: World) {
        let issuer = world.add_realm("second").await;
        for path in [
            "/.well-known/oauth-authorization-server/realms/second",
            "/.well-known/openid-configuration/realms/second",
            "/realms/second/.well-known/openid-configuration",
        ] {
            let answer = world.get(path).send().await;
            answer.status(200);
            assert_eq!(answer.json()["issuer"], json!(issuer), "{path}");
            assert_eq!(answer.json()["token_endpoint"], json!(format!("{issuer}/token")), "{path}");
        }
        let missing = world.get("/realms/nobody/.well-known/openid-configuration").send().await;
        assert_eq!(missing.status, 404);
    }

    /// Realms share nothing: keys, clients and tokens of one are unknown to another.
    async fn realms_share_nothing(world: World) {
        world.add_realm("second").await;
        let first = world.get("/jwks").send().await.json();
        let second = world.get("/realms/second/jwks").send().await.json();
        assert_ne!(first, second);
        let service = world.service().await;
        let token = service.client_credentials("notes.read").await.text("access_token");
        let answer = service.post("/realms/second/token", &[("grant_type", "client_credentials")]).await;
        answer.refused(401, "invalid_client");
        world.get("/realms/second/userinfo").bearer(&token).send().await.status(401);
    }

    /// Liveness and readiness.
    async fn health_is_told(world: World) {
        world.get("/healthz").send().await.status(200);
        world.get("/readyz").send().await.status(200);
    }
}
