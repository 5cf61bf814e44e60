use axum::body::Body;
use http::{Request, header};

use crate::browser::{
    Browser, authorize_path, challenge, encode, get_with, introspect, post, redeem, send, tokens,
    web,
};
use crate::{CALLBACK, House, ISSUER, VERIFIER};

#[tokio::test]
async fn a_person_signs_in_consents_and_the_application_learns_who() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let seen = browser
        .authorize(
            &house,
            &web("openid profile email notes.read unknown", &challenge),
        )
        .await;
    assert!(seen.location().starts_with(CALLBACK));
    assert_eq!(seen.param("state").as_deref(), Some("the-state"));
    assert_eq!(seen.param("iss").as_deref(), Some(ISSUER));
    let seen = redeem(&house, &seen.param("code").unwrap()).await;
    let tokens = seen.json();
    assert_eq!(tokens["scope"], "openid profile email notes.read");
    assert!(
        tokens.get("refresh_token").is_none(),
        "offline_access was not asked for"
    );
    let id_token = oauth_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["sub"], house.alice);
    assert_eq!(id_token["aud"], "web");
    assert_eq!(id_token["nonce"], "the-nonce");
    assert_eq!(id_token["amr"], serde_json::json!(["pwd"]));
    assert!(id_token.get("at_hash").is_some() && id_token.get("email").is_none());
    let access_token = tokens["access_token"].as_str().unwrap();
    let told = introspect(&house, "web", access_token).await;
    assert_eq!(told["aud"], serde_json::json!(["urn:demo:notes", ISSUER]));
    let claims = get_with(&house, "/userinfo", access_token).await.json();
    assert_eq!(claims["sub"], house.alice);
    assert_eq!(claims["email"], "alice@example.com");
    assert_eq!(claims["name"], "Alice Liddell");
}

fn oauth_claims(token: &str) -> serde_json::Map<String, serde_json::Value> {
    jose::jws::peek(token).unwrap().claims().unwrap()
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_its_replay_revokes_what_it_gave() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let seen = browser
        .authorize(&house, &web("openid offline_access notes.read", &challenge))
        .await;
    let code = seen.param("code").unwrap();
    let first = redeem(&house, &code).await.json();
    let access_token = first["access_token"].as_str().unwrap();
    assert_eq!(
        introspect(&house, "web", access_token).await["active"],
        true
    );
    let second = redeem(&house, &code).await;
    assert_eq!(
        (second.status.as_u16(), &second.json()["error"]),
        (400, &"invalid_grant".into())
    );
    assert_eq!(
        introspect(&house, "web", access_token).await["active"],
        false
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first["refresh_token"].as_str().unwrap()),
    ];
    let seen = post(&house, "/token", Some("web"), &form).await;
    assert_eq!(seen.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn two_redemptions_at_once_give_one_answer() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let seen = browser
        .authorize(&house, &web("notes.read", &challenge))
        .await;
    let code = seen.param("code").unwrap();
    let (a, b) = tokio::join!(redeem(&house, &code), redeem(&house, &code));
    let good = [&a, &b].iter().filter(|seen| seen.status == 200).count();
    assert_eq!(good, 1);
}

#[tokio::test]
async fn a_code_is_bound_to_its_client_redirect_uri_and_verifier() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let seen = browser
        .authorize(&house, &web("notes.read", &challenge))
        .await;
    let code = seen.param("code").unwrap();
    let wrong = "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong";
    let redirected = [("redirect_uri", CALLBACK)];
    type Mistake<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>);
    let mistakes: [Mistake<'_>; 4] = [
        (&redirected, None),
        (&redirected, Some(wrong)),
        (&[], Some(VERIFIER)),
        (
            &[("redirect_uri", "https://app.example/other")],
            Some(VERIFIER),
        ),
    ];
    for (pairs, verifier) in mistakes {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
        ];
        form.extend(pairs);
        form.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        let seen = post(&house, "/token", Some("web"), &form).await;
        assert_eq!(seen.json()["error"], "invalid_grant", "{form:?}");
    }
    // None of the mistakes used it up.
    assert_eq!(redeem(&house, &code).await.status, 200);
    let seen = browser
        .authorize(&house, &web("notes.read", &challenge))
        .await;
    house.wait(60);
    let late = redeem(&house, &seen.param("code").unwrap()).await;
    assert_eq!(late.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn consent_is_remembered_and_only_what_is_new_is_asked() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    browser
        .authorize(&house, &web("openid notes.read", &challenge))
        .await;
    let again = browser
        .get(
            &house,
            &authorize_path(&web("notes.read openid", &challenge)),
        )
        .await;
    assert!(again.param("code").is_some());
    let more = browser
        .get(
            &house,
            &authorize_path(&web("openid notes.read notes.write", &challenge)),
        )
        .await;
    let page = browser.get(&house, more.location()).await;
    assert!(page.text.contains("Demo Web") && page.text.contains("app.example"));
    assert!(page.text.contains("data-scope=\"notes.write\">"));
    assert!(
        page.text
            .contains("data-scope=\"notes.read\" class=\"given\">"),
        "{}",
        page.text
    );
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' https://app.example"),
        "{policy}"
    );
    let denied = browser.decide(&house, &page, "deny").await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
    assert_eq!(denied.param("iss").as_deref(), Some(ISSUER));
    assert!(!denied.location().contains("notes.admin"));
}

#[tokio::test]
async fn a_scope_is_granted_only_as_its_rule_allows() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let issued = tokens(&house, &mut browser, "notes.read notes.write notes.admin").await;
    assert_eq!(issued["scope"], "notes.read notes.write");
    let challenge = challenge();
    let refused = browser
        .authorize(&house, &web("notes.admin", &challenge))
        .await;
    assert_eq!(refused.param("error").as_deref(), Some("access_denied"));
    let unknown = browser
        .authorize(&house, &web("notes.read unheard", &challenge))
        .await;
    assert_eq!(unknown.param("error").as_deref(), Some("invalid_scope"));
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    for (name, value) in [
        ("redirect_uri", "https://evil.example/"),
        ("client_id", "nobody"),
    ] {
        let mut request = web("openid", &challenge);
        request.retain(|(key, _)| *key != name);
        request.push((name, value));
        let seen = browser.get(&house, &authorize_path(&request)).await;
        assert_eq!(seen.status, 400);
        assert!(!seen.headers.contains_key(header::LOCATION));
    }
    let mut request = web("openid", &challenge);
    request.push(("state", "another"));
    let seen = browser.get(&house, &authorize_path(&request)).await;
    assert_eq!(seen.param("error").as_deref(), Some("invalid_request"));
    assert_eq!(seen.param("state"), None);
    let mut request = web("openid", &challenge);
    request.retain(|(key, _)| !key.starts_with("code_challenge"));
    let seen = browser.get(&house, &authorize_path(&request)).await;
    assert_eq!(seen.param("error").as_deref(), Some("invalid_request"));
    assert_eq!(seen.param("iss").as_deref(), Some(ISSUER));
}

#[tokio::test]
async fn a_request_by_post_goes_on_by_get() {
    let house = House::new().await;
    let challenge = challenge();
    let request = Request::post("/authorize")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://app.example")
        .body(Body::from(encode(&web("openid", &challenge))))
        .unwrap();
    let seen = send(&house, request).await;
    assert_eq!(seen.status, 303);
    assert!(seen.location().starts_with("/authorize?"));
}

#[tokio::test]
async fn prompt_none_answers_without_a_page() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let mut silent = web("openid", &challenge);
    silent.push(("prompt", "none"));
    let seen = browser.get(&house, &authorize_path(&silent)).await;
    assert_eq!(seen.param("error").as_deref(), Some("login_required"));
    browser
        .authorize(&house, &web("notes.read", &challenge))
        .await;
    let seen = browser.get(&house, &authorize_path(&silent)).await;
    assert_eq!(seen.param("error").as_deref(), Some("consent_required"));
    browser.authorize(&house, &web("openid", &challenge)).await;
    let seen = browser.get(&house, &authorize_path(&silent)).await;
    assert!(seen.param("code").is_some());
}

#[tokio::test]
async fn prompt_login_asks_once_more_and_neither_loops_nor_is_bypassed() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    browser.authorize(&house, &web("openid", &challenge)).await;
    house.wait(10);
    let mut again = web("openid", &challenge);
    again.push(("prompt", "login"));
    let seen = browser.get(&house, &authorize_path(&again)).await;
    let login = seen.location().to_owned();
    assert!(login.starts_with("/login?"), "{login}");
    let token = seen.param("interaction").unwrap();
    // Going to the end of the road without signing in leads back to the sign-in.
    let bypass = format!("/authorize/continue?interaction={token}");
    let seen = browser.get(&house, &bypass).await;
    assert!(seen.location().starts_with("/login?"));
    let seen = browser.authorize(&house, &again).await;
    let tokens = redeem(&house, &seen.param("code").unwrap()).await.json();
    let claims = oauth_claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(claims["auth_time"], crate::NOW + 10);
}

#[tokio::test]
async fn form_post_carries_the_answer_in_a_form() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let mut request = web("openid", &challenge);
    request.push(("response_mode", "form_post"));
    let seen = browser.authorize(&house, &request).await;
    assert_eq!(seen.status, 200);
    assert!(
        seen.text.contains(&format!("action=\"{CALLBACK}\"")),
        "{}",
        seen.text
    );
    assert_eq!(seen.field("state"), "the-state");
    assert_eq!(redeem(&house, &seen.field("code")).await.status, 200);
}

#[tokio::test]
async fn a_public_client_uses_any_loopback_port_and_its_default_scope() {
    let house = House::new().await;
    let mut browser = Browser::default();
    let challenge = challenge();
    let back = "http://127.0.0.1:49152/callback";
    let request = [
        ("response_type", "code"),
        ("client_id", "cli"),
        ("redirect_uri", back),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let seen = browser.authorize(&house, &request).await;
    assert!(seen.location().starts_with(back), "{}", seen.location());
    let code = seen.param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "cli"),
        ("code", code.as_str()),
        ("redirect_uri", back),
        ("code_verifier", VERIFIER),
    ];
    let tokens = post(&house, "/token", None, &form).await.json();
    assert_eq!(tokens["scope"], "notes.read");
    // Not an OpenID request, so the registration for the grant suffices.
    assert!(
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .starts_with("grt_")
    );
    assert!(tokens.get("id_token").is_none());
    let seen = get_with(
        &house,
        "/userinfo",
        tokens["access_token"].as_str().unwrap(),
    )
    .await;
    assert_eq!(seen.status, 403);
    assert!(
        seen.header("www-authenticate")
            .contains("insufficient_scope")
    );
}
