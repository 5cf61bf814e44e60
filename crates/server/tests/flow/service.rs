use axum::body::Body;
use http::{Request, header};

use crate::House;
use crate::browser::{get_with, introspect, post, send};

#[tokio::test]
async fn a_service_gets_a_token_of_its_own_and_introspects_it() {
    let house = House::new().await;
    let form = [("grant_type", "client_credentials")];
    let seen = post(&house, "/token", Some("service"), &form).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
    assert_eq!(seen.header("cache-control"), "no-store");
    let tokens = seen.json();
    assert_eq!(tokens["scope"], "notes.read");
    assert!(tokens.get("refresh_token").is_none());
    let told = introspect(&house, "service", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(told["active"], true);
    assert_eq!(told["aud"], "urn:demo:notes");
    assert_eq!(told["sub"], "service");
    house.wait(301);
    let told = introspect(&house, "service", tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(told, serde_json::json!({ "active": false }));
}

#[tokio::test]
async fn a_service_names_its_resource_when_its_scopes_have_two() {
    let house = House::new().await;
    let ask = async |pairs: &[(&str, &str)]| {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(pairs);
        post(&house, "/token", Some("service"), &form).await.json()
    };
    assert_eq!(
        ask(&[("scope", "notes.read vault.open")]).await["error"],
        "invalid_scope"
    );
    assert_eq!(
        ask(&[("scope", "unheard.of")]).await["error"],
        "invalid_scope"
    );
    assert_eq!(ask(&[("scope", "openid")]).await["error"], "invalid_scope");
    assert_eq!(
        ask(&[("resource", "https://nobody.example")]).await["error"],
        "invalid_target"
    );
    assert_eq!(
        ask(&[("scope", "notes.write")]).await["error"],
        "invalid_scope"
    );
    let opaque = ask(&[("scope", "vault.open")]).await;
    let token = opaque["access_token"].as_str().unwrap();
    assert!(token.starts_with("gat_"), "{opaque}");
    let told = introspect(&house, "service", token).await;
    assert_eq!(told["aud"], "https://vault.example");
    // Its own token, so it may know; another client is told nothing.
    let told = introspect(&house, "web", token).await;
    assert_eq!(told, serde_json::json!({ "active": false }));
}

#[tokio::test]
async fn client_authentication_fails_in_the_registered_way() {
    let house = House::new().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "service"),
        ("client_secret", "wrong"),
    ];
    let seen = post(&house, "/token", None, &form).await;
    assert_eq!(seen.status, 401);
    assert_eq!(seen.json()["error"], "invalid_client");
    assert!(seen.header("www-authenticate").starts_with("Basic "));
    for _ in 0..29 {
        post(&house, "/token", None, &form).await;
    }
    let seen = post(&house, "/token", None, &form).await;
    assert_eq!(seen.status, 429);
    assert!(seen.header("retry-after").parse::<u32>().unwrap() > 0);
    house.wait(60);
    let right = [("grant_type", "client_credentials")];
    assert_eq!(
        post(&house, "/token", Some("service"), &right).await.status,
        200
    );
}

#[tokio::test]
async fn malformed_requests_get_registered_errors() {
    let house = House::new().await;
    let seen = post(
        &house,
        "/token",
        Some("service"),
        &[("grant_type", "password")],
    )
    .await;
    assert_eq!(seen.json()["error"], "unsupported_grant_type");
    let code = [("grant_type", "authorization_code"), ("code", "x")];
    let seen = post(&house, "/token", Some("service"), &code).await;
    assert_eq!(seen.json()["error"], "unauthorized_client");
    let twice = [("grant_type", "client_credentials"), ("grant_type", "x")];
    let seen = post(&house, "/token", Some("service"), &twice).await;
    assert_eq!(
        (seen.status.as_u16(), &seen.json()["error"]),
        (400, &"invalid_request".into())
    );
    let seen = post(
        &house,
        "/introspect",
        None,
        &[("client_id", "cli"), ("token", "x")],
    )
    .await;
    assert_eq!(
        (seen.status.as_u16(), &seen.json()["error"]),
        (401, &"invalid_client".into())
    );
    let request = Request::get("/token").body(Body::empty()).unwrap();
    let seen = send(&house, request).await;
    assert_eq!(
        (seen.status.as_u16(), seen.header("allow")),
        (405, "POST,OPTIONS")
    );
    let seen = get_with(&house, "/userinfo", "nonsense").await;
    assert_eq!(seen.status, 401);
    assert!(
        seen.header("www-authenticate")
            .contains("error=\"invalid_token\"")
    );
    let request = Request::get("/userinfo").body(Body::empty()).unwrap();
    let seen = send(&house, request).await;
    assert!(!seen.header("www-authenticate").contains("error="));
    let json = Request::post("/token")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap();
    let seen = send(&house, json).await;
    assert_eq!(
        (seen.status.as_u16(), &seen.json()["error"]),
        (400, &"invalid_request".into())
    );
}

#[tokio::test]
async fn a_service_revokes_one_token_and_keeps_the_other() {
    let house = House::new().await;
    let form = [("grant_type", "client_credentials")];
    let mut issued = Vec::new();
    for _ in 0..2 {
        let tokens = post(&house, "/token", Some("service"), &form).await.json();
        issued.push(tokens["access_token"].as_str().unwrap().to_owned());
    }
    let foreign = post(&house, "/revoke", Some("web"), &[("token", &issued[0])]).await;
    assert_eq!(foreign.json()["error"], "invalid_grant");
    let seen = post(&house, "/revoke", Some("service"), &[("token", &issued[0])]).await;
    assert_eq!((seen.status.as_u16(), seen.text.as_str()), (200, ""));
    assert_eq!(
        introspect(&house, "service", &issued[0]).await["active"],
        false
    );
    assert_eq!(
        introspect(&house, "service", &issued[1]).await["active"],
        true
    );
    let seen = post(&house, "/revoke", Some("service"), &[("token", "unknown")]).await;
    assert_eq!(seen.status, 200);
}

#[tokio::test]
async fn discovery_says_where_everything_is_and_may_be_cached() {
    let house = House::new().await;
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let seen = send(&house, request).await;
        let document = seen.json();
        assert_eq!(document["issuer"], crate::ISSUER);
        assert_eq!(
            document["code_challenge_methods_supported"],
            serde_json::json!(["S256"])
        );
        assert_eq!(seen.header("access-control-allow-origin"), "*");
        let again = Request::get(path)
            .header(header::IF_NONE_MATCH, seen.header("etag"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(send(&house, again).await.status, 304);
    }
    let request = Request::get("/jwks").body(Body::empty()).unwrap();
    let seen = send(&house, request).await;
    assert_eq!(seen.json()["keys"][0]["alg"], "ES256");
    assert!(seen.json()["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn only_registered_origins_read_answers() {
    let house = House::new().await;
    let ask = async |origin: &str| {
        let basic = oauth::client_auth::basic("web", crate::SECRET);
        let request = Request::post("/revoke")
            .header(header::ORIGIN, origin)
            .header(header::AUTHORIZATION, basic)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from("token=x"))
            .unwrap();
        let seen = send(&house, request).await;
        seen.headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    };
    assert!(ask("https://app.example").await);
    assert!(!ask("https://evil.example").await);
}
