//! CIBA Core §10.3.1 from the client's side: what a thief of the notification's token, or of another answer, could push.

use grantor_client::{Client, Error, Notification, PendingApproval};
use jose::{Algorithm, SigningKey, jwt};
use oauth::id_token::at_hash;
use serde_json::{Value, json};

use crate::provider::Provider;

async fn ask(client: &Client) -> PendingApproval {
    let approval = client.approval("alice").scope("openid notes.read");
    let approval = approval.notification_token("0123456789012345678901");
    approval.start().await.unwrap()
}

/// A push whose ID token and body are changed.
fn push(provider: &Provider, change: impl Fn(&mut Value, &mut Value)) -> Notification {
    let hash = |token: &str| at_hash(Algorithm::Es256, token);
    let now = provider.ambient.now();
    let mut claims = json!({
        "iss": provider.issuer, "sub": "alice", "aud": "app", "exp": now + 300, "iat": now, "at_hash": hash("at"),
        "urn:openid:params:jwt:claim:rt_hash": hash("rt"), "urn:openid:params:jwt:claim:auth_req_id": "the-request",
    });
    let mut body = json!({
        "auth_req_id": "the-request", "access_token": "at", "token_type": "Bearer", "expires_in": 60, "refresh_token": "rt",
    });
    change(&mut claims, &mut body);
    let signed = provider.with(|inner| jwt::sign(&inner.key, "JWT", &claims).unwrap());
    if body.get("id_token").is_none() {
        body["id_token"] = json!(signed);
    }
    let body = body.to_string();
    Notification::read(Some("bearer 0123456789012345678901"), body.as_bytes()).unwrap()
}

#[tokio::test]
async fn tokens_are_taken_with_the_id_token_that_binds_them() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let call = push(&provider, |_, _| ());
    assert!(!format!("{call:?}").contains("the-request"));
    let session = ask(&client).await.pushed(&call).await.unwrap();
    assert_eq!(session.access_token().await.unwrap().as_str(), "at");
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let foreign = jwt::sign(&stranger, "JWT", &json!({"sub": "mallory"})).unwrap();
    type Change = Box<dyn Fn(&mut Value, &mut Value)>;
    let claim = |name: &'static str, value: Value| -> Change {
        Box::new(move |claims, _| claims[name] = value.clone())
    };
    let member = |name: &'static str, value: Value| -> Change {
        Box::new(move |_, body| body[name] = value.clone())
    };
    for (case, change) in [
        (
            "another request",
            claim("urn:openid:params:jwt:claim:auth_req_id", json!("other")),
        ),
        (
            "no request",
            claim("urn:openid:params:jwt:claim:auth_req_id", Value::Null),
        ),
        ("no hash", claim("at_hash", Value::Null)),
        (
            "no hash of the refresh token",
            claim("urn:openid:params:jwt:claim:rt_hash", Value::Null),
        ),
        (
            "another issuer",
            claim("iss", json!("https://other.example")),
        ),
        ("another audience", claim("aud", json!("other"))),
        ("expired", claim("exp", json!(1))),
        ("another token", member("access_token", json!("stolen"))),
        (
            "another refresh token",
            member("refresh_token", json!("stolen")),
        ),
        ("no token", member("access_token", Value::Null)),
        ("another type", member("token_type", json!("DPoP"))),
        (
            "an ID token of a stranger",
            member("id_token", json!(foreign)),
        ),
        (
            "another request at all",
            member("auth_req_id", json!("other")),
        ),
    ] {
        let outcome = ask(&client).await.pushed(&push(&provider, change)).await;
        assert!(outcome.is_err(), "{case}");
    }
}

#[tokio::test]
async fn an_error_is_believed_of_the_server_alone() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let body = r#"{"auth_req_id":"the-request","error":"access_denied"}"#;
    let call = |token: &str| Notification::read(Some(token), body.as_bytes()).unwrap();
    let forged = ask(&client).await.pushed(&call("Bearer x")).await;
    assert!(matches!(forged, Err(Error::Response { .. })), "{forged:?}");
    let denied = ask(&client).await;
    let denied = denied.pushed(&call("Bearer 0123456789012345678901")).await;
    assert!(matches!(denied, Err(Error::Authorization(_))), "{denied:?}");
    // Without a token nobody was to call.
    let unasked = client.approval("alice").start().await.unwrap();
    assert!(!unasked.is_told_by(&call("Bearer ")));
    let long = format!("{{\"auth_req_id\":\"{}\"}}", "x".repeat(70_000));
    assert!(Notification::read(Some("Bearer x"), long.as_bytes()).is_none());
}
