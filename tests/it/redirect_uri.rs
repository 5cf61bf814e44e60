//! Redirect URIs: RFC 6749 §3.1.2, RFC 8252 §7 and §8.4, RFC 9700 §2.1 and §4.1.

use crate::harness::World;
use crate::on_each_engine;

on_each_engine! {
    /// RFC 9700 §2.1: exact string matching; anything else shows a page.
    async fn what_is_not_registered_never_gets_a_redirect(world: World) {
        let app = world.app_with(|client| client.redirects(&["https://app.example/callback"])).await;
        for uri in [
            "https://app.example/callback/",
            "https://app.example/callback?x=1",
            "https://app.example/callback#x",
            "https://app.example/Callback",
            "https://APP.example/callback",
            "https://app.example:443/callback",
            "https://app.example/x/../callback",
            "https://app.example/callback%2F",
            "https://user@app.example/callback",
            "https://app.example.evil.example/callback",
            "https://evil.example/callback",
            "http://app.example/callback",
            "//app.example/callback",
            "/callback",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://app.example/callback\r\nSet-Cookie: x=y",
            "not a uri",
        ] {
            let flow = world.flow(&app).with("redirect_uri", uri);
            let page = world.browser().get(&flow.url()).await;
            assert!(page.leaving.is_none(), "{uri} redirected to {:?}", page.leaving);
            assert_eq!(page.answer.status, 400, "{uri}");
        }
    }

    /// RFC 8252 §7.3: loopback redirect URIs differ in port, and in nothing else.
    async fn loopback_uris_may_differ_in_port(world: World) {
        let registered = ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"];
        let app = world.app_with(|client| client.public().redirects(&registered)).await;
        for uri in [
            "http://127.0.0.1:49152/callback",
            "http://[::1]:1/callback",
            "http://localhost:65535/callback",
            "http://127.0.0.1/callback",
        ] {
            let flow = world.flow(&app).with("redirect_uri", uri);
            let code = flow.fresh_code().await;
            flow.redeem(&code).await.status(200);
        }
        for uri in [
            "https://127.0.0.1:49152/callback",
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152/callback?x",
            "http://127.0.0.2:49152/callback",
            "http://127.0.0.1.evil.example:49152/callback",
            "http://127.0.0.1:49152@evil.example/callback",
            "http://localhost.evil.example/callback",
            "http://127.1:49152/callback",
            "http://127.0.0.1:99999/callback",
            "http://127.0.0.1:/callback#",
        ] {
            let flow = world.flow(&app).with("redirect_uri", uri);
            let page = world.browser().get(&flow.url()).await;
            assert!(page.leaving.is_none(), "{uri} redirected to {:?}", page.leaving);
        }
    }

    /// RFC 8252 §8.10 and RFC 6749 §4.1.3: the code is bound to the port too.
    async fn a_code_is_bound_to_the_port(world: World) {
        let app = world.app_with(|client| client.public().redirects(&["http://127.0.0.1/callback"])).await;
        let flow = world.flow(&app).with("redirect_uri", "http://127.0.0.1:5000/callback");
        let code = flow.fresh_code().await;
        let other = [("redirect_uri", "http://127.0.0.1:5001/callback")];
        flow.redeem_with(&code, &other).await.refused(400, "invalid_grant");
    }

    /// A port that differs is for loopback only.
    async fn other_hosts_may_not_differ_in_port(world: World) {
        let app = world.app_with(|client| client.redirects(&["https://app.example/callback"])).await;
        let flow = world.flow(&app).with("redirect_uri", "https://app.example:8443/callback");
        let page = world.browser().get(&flow.url()).await;
        assert!(page.leaving.is_none());
    }

    /// RFC 8252 §7.1: a private-use scheme of a native app.
    async fn a_private_use_scheme_is_redirected_to(world: World) {
        let app = world.app_with(|client| client.public().redirects(&["com.example.app:/callback"])).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
    }

    /// RFC 8252 §7.2: a native app claims an https address of its own; it is matched to the letter, port and path, as anybody's is.
    async fn a_claimed_https_address_is_redirected_to(world: World) {
        let claimed = "https://app.example/oauth2redirect/example-provider";
        let app = world.app_with(|client| client.public().set("application_type", serde_json::json!("native")).redirects(&[claimed, "com.example.app:/cb"])).await;
        let flow = world.flow(&app);
        let code = flow.fresh_code().await;
        // §8.1: with PKCE, because another app may have got hold of the code.
        flow.redeem_with(&code, &[("code_verifier", "")]).await.refused(400, "invalid_grant");
        let code = flow.fresh_code().await;
        flow.redeem(&code).await.status(200);
        for other in [
            "https://app.example/oauth2redirect/example-provider/",
            "https://app.example:8443/oauth2redirect/example-provider",
            "https://app.example/oauth2redirect/example-provider?x=y",
            "https://app.example/oauth2redirect",
            "https://APP.example/oauth2redirect/../oauth2redirect/example-provider",
            "http://app.example/oauth2redirect/example-provider",
            "https://app.example.evil.example/oauth2redirect/example-provider",
            "com.example.app:/oauth2redirect/example-provider",
        ] {
            let page = world.browser().get(&flow.clone().with("redirect_uri", other).url()).await;
            assert_eq!((page.answer.status, page.leaving.is_none()), (400, true), "{other}");
        }
        // It registers by itself too (RFC 7591).
        world.settings(|settings| settings.registration.mode = realm::Admission::Open).await;
        let metadata = serde_json::json!({"redirect_uris": [claimed], "application_type": "native", "token_endpoint_auth_method": "none"});
        let answer = world.post("/register").json(&metadata).send().await;
        assert_eq!(answer.status(201).json()["redirect_uris"], serde_json::json!([claimed]));
    }

    /// RFC 6749 §3.1.2.3: with one registered, it may be left out of a plain OAuth request; with several it may not.
    async fn it_may_be_left_out_when_there_is_one(world: World) {
        world.notes().await;
        let scope = "openid notes.read";
        let one = world.app_with(|client| client.scope(scope)).await;
        let flow = world.flow(&one).with("scope", "notes.read").without("redirect_uri");
        let page = flow.walk(&mut world.browser()).await;
        assert!(page.left().as_str().starts_with("https://app.example/callback?"), "{}", page.left());
        let several = world
            .client("several")
            .scope(scope)
            .redirects(&["https://app.example/a", "https://app.example/b"])
            .create()
            .await;
        let flow = world.flow(&several).with("scope", "notes.read").without("redirect_uri");
        let page = world.browser().get(&flow.url()).await;
        assert!(page.leaving.is_none());
        assert_eq!(page.answer.status, 400);
    }

    /// OpenID Connect Core §3.1.2.1: REQUIRED in an OpenID request.
    async fn an_openid_request_must_name_it(world: World) {
        let app = world.app().await;
        let flow = world.flow(&app).without("redirect_uri");
        let page = world.browser().get(&flow.url()).await;
        match &page.leaving {
            Some(url) => assert_eq!(crate::harness::query_of(url)["error"], "invalid_request"),
            None => assert_eq!(page.answer.status, 400),
        }
    }

    /// RFC 9700 §4.11: what cannot be a safe redirect URI cannot be registered.
    async fn an_unsafe_uri_cannot_be_registered(world: World) {
        for uri in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://app.example/callback",
            "https://app.example/callback#fragment",
            "/callback",
            "app:/callback",
            "",
        ] {
            let made = world.client("app").redirects(&[uri]).try_create().await;
            assert!(made.is_none(), "{uri} was registered");
        }
    }
}
