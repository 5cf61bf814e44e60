//! Scripts of other origins: open for public documents, for a client's registered origins at the endpoints that scripts need, closed elsewhere.

use serde_json::json;

use crate::harness::World;
use crate::on_each_engine;

const ORIGIN: &str = "https://app.example";

on_each_engine! {
    /// A browser application of a registered origin redeems its code and reads the answer.
    async fn a_registered_origin_may_use_the_token_endpoint(world: World) {
        let app = world.app_with(|client| client.public().set("allowed_origins", json!([ORIGIN]))).await;
        let flow = world.flow(&app);
        for (origin, allowed) in [(ORIGIN, ORIGIN), ("https://evil.example", ""), ("null", "")] {
            let code = flow.fresh_code().await;
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", "app"),
                ("code", &code),
                ("code_verifier", &flow.verifier),
                ("redirect_uri", &app.redirect_uri),
            ];
            let answer = world.post("/token").header("origin", origin).form(&form).send().await;
            answer.status(200);
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin}");
            let exposed = answer.header("access-control-expose-headers").to_lowercase();
            assert_eq!(exposed.contains("oauth-client-attestation-challenge") && exposed.contains("dpop-nonce"), !allowed.is_empty(), "{exposed}");
            assert_eq!(answer.header("access-control-allow-credentials"), "", "cookies never go along");
            assert!(answer.header("vary").to_lowercase().contains("origin"), "{answer:?}");
        }
    }

    /// Fetch §4.8: the question that browsers ask first.
    async fn a_preflight_is_answered(world: World) {
        world.app_with(|client| client.set("allowed_origins", json!([ORIGIN]))).await;
        for (path, header) in [("/token", "content-type"), ("/userinfo", "authorization"), ("/revoke", "content-type"), ("/token", "dpop"), ("/token", "oauth-client-attestation,"), ("/token", "oauth-client-attestation-pop")] {
            let answer = world
                .call("OPTIONS", path)
                .header("origin", ORIGIN)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", header)
                .send()
                .await;
            assert!(matches!(answer.status, 200 | 204), "{path}: {answer:?}");
            assert!(answer.header("access-control-allow-headers").to_lowercase().contains(header), "{path}: {answer:?}");
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            let plain = world.call("OPTIONS", path).send().await;
            assert_eq!(plain.status, 204, "{path}: {plain:?}");
            assert!(plain.header("allow").contains("POST"), "{path}: {plain:?}");
            assert_eq!(plain.header("access-control-allow-origin"), "", "{path}");
        }
    }

    /// Pages and what servers call among themselves are for nobody's scripts.
    async fn pages_are_closed(world: World) {
        let app = world.app_with(|client| client.set("allowed_origins", json!([ORIGIN]))).await;
        let authorize = world.flow(&app).url();
        for path in [authorize.as_str(), "/login", "/logout", "/consent/applications"] {
            let answer = world.get(path).header("origin", ORIGIN).send().await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        }
        let answer = world.post("/introspect").header("origin", ORIGIN).form(&[("token", "x")]).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}
