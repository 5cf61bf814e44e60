//! /logout (OpenID Connect RP-Initiated Logout §2, §4): a person is in front of it, so what is wrong becomes a page with its error, and nobody is sent anywhere.

use serde_json::json;

use super::row::FORM;
use crate::harness::{World, altered, call};
use crate::on_each_engine;

const AFTER: &str = "https://app.example/signed-out";

on_each_engine! {
    /// §2, §3, §4: a page with `invalid_request`, no redirect, and the session stays.
    async fn a_wrong_logout_is_a_page_with_its_error(world: World) {
        let app = world.app_with(|client| client.set("post_logout_redirect_uris", json!([AFTER]))).await;
        world.client("other").set("post_logout_redirect_uris", json!(["https://other.example/bye"])).create().await;
        world.client("off").set("disabled", json!(true)).set("post_logout_redirect_uris", json!(["https://off.example/bye"])).create().await;
        let mut browser = world.browser();
        let tokens = world.flow(&app).tokens_in(&mut browser).await;
        let hint = ("id_token_hint", tokens.id());
        let forged = altered(tokens.id(), tokens.id().len() - 9);
        let long = format!("{AFTER}?{}", "x".repeat(9000));
        for (case, pairs) in [
            ("an address and no client", &[("post_logout_redirect_uri", AFTER)][..]),
            ("an address of another client", &[hint, ("post_logout_redirect_uri", "https://other.example/bye")]),
            ("an address that nobody registered", &[hint, ("post_logout_redirect_uri", "https://evil.example/")]),
            ("an address below a registered one", &[hint, ("post_logout_redirect_uri", "https://app.example/signed-out/x")]),
            ("an address with a query", &[hint, ("post_logout_redirect_uri", "https://app.example/signed-out?x")]),
            ("a script", &[hint, ("post_logout_redirect_uri", "javascript:alert(1)")]),
            ("no address", &[hint, ("post_logout_redirect_uri", "\u{7}")]),
            ("a huge address", &[hint, ("post_logout_redirect_uri", &long)]),
            ("a redirect URI", &[hint, ("post_logout_redirect_uri", "https://app.example/callback")]),
            ("another client than the token's", &[hint, ("client_id", "other")]),
            ("another client than the token's, with its address", &[hint, ("client_id", "other"), ("post_logout_redirect_uri", "https://other.example/bye")]),
            ("an unknown client", &[("client_id", "nobody"), ("post_logout_redirect_uri", AFTER)]),
            ("a client that is switched off", &[("client_id", "off"), ("post_logout_redirect_uri", "https://off.example/bye")]),
            ("a forged token and an address", &[("id_token_hint", &forged), ("post_logout_redirect_uri", AFTER)]),
            ("an access token and an address", &[("id_token_hint", tokens.access()), ("post_logout_redirect_uri", AFTER)]),
            ("the address twice", &[hint, ("post_logout_redirect_uri", AFTER), ("post_logout_redirect_uri", AFTER)]),
            ("the token twice", &[hint, hint]),
            ("the client twice", &[("client_id", "app"), ("client_id", "app")]),
            ("state twice", &[hint, ("state", "a"), ("state", "b")]),
            ("U+0000", &[hint, ("state", "\u{0}")]),
        ] {
            let query = call::encode(pairs);
            let page = browser.get(&format!("/logout?{query}")).await;
            assert_eq!(page.answer.status, 400, "{case}: {}", page.words());
            assert!(page.leaving.is_none(), "{case}: {:?}", page.leaving);
            assert!(page.answer.header("content-type").starts_with("text/html"), "{case}");
            assert!(page.says("invalid_request"), "{case}: {}", page.words());
            // By POST the same: it comes back as a GET of our own.
            let page = browser.cross_site_post("/logout", pairs).await;
            assert_eq!((page.answer.status, page.leaving.is_none()), (400, true), "POST {case}: {}", page.words());
        }
        let silent = world.flow(&app).with("prompt", "none");
        let page = browser.get(&silent.url()).await;
        assert!(silent.response(&page).contains_key("code"), "signed out by one of them");
    }

    /// What is no form, no query, or another method.
    async fn a_logout_that_is_no_request_is_refused(world: World) {
        world.app().await;
        let hint = "id_token_hint=x";
        for (case, kind, body) in [
            ("JSON", "application/json", "{}".to_owned()),
            ("no type", "", hint.to_owned()),
            ("no UTF-8", FORM, "state=%FF".to_owned()),
            ("U+0000", FORM, "state=%00".to_owned()),
            ("too long for an address", FORM, format!("{hint}&state={}", "x".repeat(40_000))),
            ("too long", FORM, format!("{hint}&state={}", "x".repeat(70_000))),
        ] {
            for path in ["/logout", "/logout/confirm"] {
                if path == "/logout/confirm" && case == "too long for an address" {
                    continue;
                }
                let answer = world.post(path).header("origin", world.issuer()).header("sec-fetch-site", "same-origin")
                    .body(kind, body.as_bytes()).send().await;
                assert_eq!(answer.status, 400, "{path} {case}: {answer:?}");
                assert!(answer.body.contains("invalid_request"), "{path} {case}");
            }
        }
        for query in ["state=%FF", "state=%00", "%00=x", "state=%", "client_id=a&client_id=b"] {
            let answer = world.get(&format!("/logout?{query}")).send().await;
            if query != "state=%" {
                assert_eq!(answer.status, 400, "{query}: {answer:?}");
            }
            assert!(answer.header("location").is_empty(), "{query}");
        }
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = world.call(method, "/logout").send().await;
            assert_eq!(answer.status, 405, "{method}");
            assert!(answer.header("allow").contains("POST"), "{answer:?}");
        }
        world.get("/logout/confirm").send().await.status(405);
        // Nobody else's page may press the button.
        for origin in ["https://evil.example", "null"] {
            let answer = world.post("/logout/confirm").header("origin", origin).header("sec-fetch-site", "cross-site").form(&[]).send().await;
            assert_eq!(answer.status, 403, "{origin}: {answer:?}");
        }
    }
}
