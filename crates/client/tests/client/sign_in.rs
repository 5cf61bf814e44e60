use std::sync::{Arc, Mutex};

use grantor_client::{CallbackError, Credentials, Error, IdTokenError, Pending, Step};
use oauth::{ErrorCode, Params};
use serde_json::json;

use crate::provider::{Asked, Provider};

/// RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1.
#[tokio::test]
async fn the_request_carries_state_nonce_and_an_s256_challenge() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let ask = || {
        client
            .authorize()
            .scope("openid")
            .redirect_uri("https://app.example/cb?x=1")
            .resource("urn:a")
            .resource("urn:b")
    };
    let (first, second) = (
        ask().start().await.unwrap(),
        ask().prompt("login").start().await.unwrap(),
    );
    let params = |pending: &Pending| Params::parse(pending.url().split_once('?').unwrap().1);
    let (one, two) = (params(&first), params(&second));
    assert_eq!(one.get("response_type"), Some("code"));
    assert_eq!(one.get("code_challenge_method"), Some("S256"));
    assert_eq!(one.get("redirect_uri"), Some("https://app.example/cb?x=1"));
    assert_eq!(one.all("resource").collect::<Vec<_>>(), ["urn:a", "urn:b"]);
    assert_eq!(two.get("prompt"), Some("login"));
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(one.get(name).unwrap().len(), 43, "{name}");
        assert_ne!(one.get(name), two.get(name), "{name}");
    }
}

#[tokio::test]
async fn a_request_without_a_redirect_uri_is_incomplete() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let started = client.authorize().scope("openid").start().await;
    assert!(matches!(started, Err(Error::Incomplete(_))));
    let started = client
        .authorize()
        .scope("a  b")
        .redirect_uri("https://a.example/")
        .start()
        .await;
    assert!(matches!(started, Err(Error::Scope(_))));
}

#[tokio::test]
async fn a_person_signs_in_and_an_api_is_called() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let pending = provider.begin(&client).await;
    // A web application keeps it between two requests.
    let kept: Pending = serde_json::from_str(&serde_json::to_string(&pending).unwrap()).unwrap();
    let session = client
        .finish(&kept, &provider.consent(pending.url()))
        .await
        .unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    let tokens = session.tokens().await.unwrap();
    assert_eq!(
        tokens.scope().to_string(),
        "openid notes.read offline_access"
    );
    session
        .get(&format!("{}/userinfo", provider.issuer))
        .await
        .unwrap();
    let asked = provider.asked("/userinfo");
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer at-1"));
    let resumed =
        client.resume(serde_json::from_str(&serde_json::to_string(&tokens).unwrap()).unwrap());
    assert_eq!(resumed.access_token().await.unwrap().as_str(), "at-1");
}

/// RFC 6749 §10.12, RFC 9207 §2.4, RFC 9700 §4.4: what is not the answer to this request redeems nothing.
#[tokio::test]
async fn an_answer_that_does_not_fit_is_refused_before_the_code_is_sent() {
    use CallbackError as E;
    let provider = Provider::start().await;
    let client = provider.client().await;
    let pending = provider.begin(&client).await;
    let good = provider.consent(pending.url());
    let state = pending.state();
    let iss = good.split('&').next().unwrap();
    for (query, why) in [
        (good.replace(state, "other"), E::State),
        (good.replace(&format!("state={state}"), "state="), E::State),
        (format!("?error=access_denied&{}", &iss[1..]), E::State),
        (
            good.replace(iss, "?iss=https%3A%2F%2Fevil.example"),
            E::Issuer,
        ),
        (good.replace(iss, &format!("{iss}%2F")), E::Issuer),
        (good.replace(iss, "?x=1"), E::IssuerMissing),
        (format!("{good}&code=other"), E::Repeated),
        (format!("{good}&state={state}"), E::Repeated),
        (good.replace("code=", "cod="), E::Empty),
        (String::new(), E::State),
    ] {
        let refused = client.finish(&pending, &query).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Callback(found) if *found == why),
            "{query}: {refused}"
        );
    }
    let other = provider
        .builder(Credentials::public("other"))
        .discover()
        .await
        .unwrap();
    let refused = other.finish(&pending, &good).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(E::OtherClient)));
    assert!(provider.asked("/token").is_empty());
}

/// RFC 9207 §2.4: a server that does not promise `iss` may leave it out, but not send another's.
#[tokio::test]
async fn iss_may_be_absent_only_where_it_is_not_promised() {
    let provider = Provider::start().await;
    provider.with(|inner| {
        inner.change_metadata = Box::new(|metadata| {
            metadata["authorization_response_iss_parameter_supported"] = json!(false);
        });
    });
    let client = provider.client().await;
    let pending = provider.begin(&client).await;
    let good = provider.consent(pending.url());
    let iss = good.split('&').next().unwrap();
    let wrong = client.finish(&pending, &good.replace(iss, "?iss=x")).await;
    assert!(matches!(wrong, Err(Error::Callback(CallbackError::Issuer))));
    assert!(
        client
            .finish(&pending, &good.replace(iss, "?x=1"))
            .await
            .is_ok()
    );
}

/// RFC 6749 §4.1.2.1.
#[tokio::test]
async fn a_refusal_by_the_person_is_told_apart() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let pending = provider.begin(&client).await;
    let iss = provider
        .consent(pending.url())
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let query = format!(
        "{iss}&error=access_denied&error_description=No.&state={}",
        pending.state()
    );
    let refused = client.finish(&pending, &query).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::AccessDenied));
    assert!(matches!(refused, Error::Authorization(_)));
}

/// RFC 6749 §2.3.1 and §3.2.1.
#[tokio::test]
async fn each_way_of_authenticating_sends_its_own() {
    let provider = Provider::start().await;
    let of = |asked: &Asked| {
        (
            asked.authorization.clone(),
            asked.form.owned("client_id"),
            asked.form.owned("client_secret"),
        )
    };
    for credentials in [
        Credentials::public("app"),
        Credentials::basic("app", "s+ :"),
        Credentials::post("app", "s+ :"),
    ] {
        let client = provider.builder(credentials).discover().await.unwrap();
        provider.sign_in(&client).await.unwrap();
    }
    let asked = provider.asked("/token");
    let (app, secret) = (Some("app".to_owned()), Some("s+ :".to_owned()));
    assert_eq!(of(&asked[0]), (None, app.clone(), None));
    assert_eq!(
        of(&asked[1]),
        (Some(oauth::client_auth::basic("app", "s+ :")), None, None)
    );
    assert_eq!(of(&asked[2]), (None, app, secret));
}

/// RFC 6749 §5.2: the error of the server comes through; what is no OAuth answer is told apart.
#[tokio::test]
async fn an_error_of_the_token_endpoint_comes_through() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    provider.with(|inner| inner.token_answer = Some((400, json!({"error": "invalid_grant"}))));
    let refused = provider.sign_in(&client).await.unwrap_err();
    assert_eq!(refused.code(), Some(ErrorCode::InvalidGrant));
    for (status, body) in [
        (502, json!("bad gateway")),
        (200, json!({"access_token": 1})),
        (200, json!({"access_token": "a", "token_type": "mac"})),
    ] {
        provider.with(|inner| inner.token_answer = Some((status, body)));
        let refused = provider.sign_in(&client).await.unwrap_err();
        assert!(matches!(refused, Error::Response { .. }), "{refused}");
    }
}

/// OpenID Connect Core §5.3.2.
#[tokio::test]
async fn userinfo_about_another_person_is_refused() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| inner.userinfo = json!({"sub": "alice", "email": "a@example.com"}));
    assert_eq!(
        session.userinfo().await.unwrap().person.email.as_deref(),
        Some("a@example.com")
    );
    provider.with(|inner| inner.userinfo = json!({"sub": "mallory"}));
    assert!(matches!(
        session.userinfo().await,
        Err(Error::Response {
            endpoint: "userinfo",
            ..
        })
    ));
}

/// RFC 7009 §2.1, OpenID Connect RP-Initiated Logout §2.
#[tokio::test]
async fn signing_out_revokes_the_refresh_token_and_leads_to_the_server() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    let url = session
        .end_session_url(Some("https://app.example/"))
        .await
        .unwrap();
    let params = Params::parse(url.split_once('?').unwrap().1);
    assert_eq!(
        params.get("post_logout_redirect_uri"),
        Some("https://app.example/")
    );
    assert!(params.get("id_token_hint").unwrap().starts_with("ey"));
    session.revoke().await.unwrap();
    assert_eq!(provider.asked("/revoke")[0].form.get("token"), Some("rt-1"));
    assert!(matches!(
        session.access_token().await,
        Err(Error::SignInAgain)
    ));
    assert_eq!(
        provider.asked("/token").len(),
        1,
        "nothing is asked after the end"
    );
}

#[tokio::test]
async fn the_observer_sees_every_step_with_its_secrets_marked() {
    let provider = Provider::start().await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let client = provider
        .builder(Credentials::post("app", "hush"))
        .observer(Arc::new(move |step| seen.lock().unwrap().push(step)))
        .discover()
        .await
        .unwrap();
    let session = provider.sign_in(&client).await.unwrap();
    session.userinfo().await.unwrap();
    let steps = steps.lock().unwrap();
    let names: Vec<_> = steps
        .iter()
        .map(|step| match step {
            Step::Redirect { .. } => "redirect",
            Step::Return { .. } => "return",
            Step::Exchange(exchange) => exchange.endpoint,
        })
        .collect();
    assert_eq!(
        names,
        [
            "discovery",
            "redirect",
            "return",
            "token",
            "jwks",
            "userinfo"
        ]
    );
    let Step::Exchange(token) = &steps[3] else {
        panic!("not the token request");
    };
    let secret = |name: &str| {
        token
            .form
            .iter()
            .chain(&token.response)
            .find(|p| p.name == name)
            .unwrap()
            .secret
    };
    for (name, expected) in [
        ("code", true),
        ("code_verifier", true),
        ("client_secret", true),
        ("access_token", true),
        ("id_token", true),
        ("grant_type", false),
        ("expires_in", false),
    ] {
        assert_eq!(secret(name), expected, "{name}");
    }
    assert_eq!(token.status, Some(200));
    let shown = format!("{steps:?} {session:?} {client:?}");
    for secret in ["hush", "code-0", "at-1", "rt-1", "eyJ"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// OpenID Connect Core §3.1.3.3: an OpenID answer has an ID token.
#[tokio::test]
async fn an_openid_answer_without_an_id_token_is_refused() {
    let provider = Provider::start().await;
    provider.with(|inner| {
        inner.change_tokens = Box::new(|tokens| {
            tokens.as_object_mut().unwrap().remove("id_token");
        });
    });
    let refused = provider
        .sign_in(&provider.client().await)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::IdToken(IdTokenError::Missing)));
}
