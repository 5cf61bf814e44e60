use std::time::Duration;

use grantor_client::Error;
use oauth::ErrorCode;
use serde_json::json;

use crate::provider::{NOW, Provider};

/// OpenID Connect CIBA Core §7.1, §10.1, §11.
#[tokio::test]
async fn an_application_asks_a_person_and_gets_tokens() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let approval = client.approval("alice").scope("openid notes.write");
    let approval = approval
        .resource("urn:example:notes")
        .binding_message("blue 6")
        .binding_message("blue 7")
        .user_code("zebra")
        .acr_values("high low")
        .expires_in(120);
    let mut pending = approval.start().await.unwrap();
    assert_eq!(pending.auth_req_id(), "the-request");
    assert_eq!(pending.expires_at(), NOW + 300);
    assert!(!format!("{pending:?}").contains("the-request"));
    let asked = provider.asked("/bc-authorize").remove(0).form;
    for (name, value) in [
        ("login_hint", "alice"),
        ("scope", "openid notes.write"),
        ("resource", "urn:example:notes"),
        ("binding_message", "blue 7"),
        ("user_code", "zebra"),
        ("acr_values", "high low"),
        ("requested_expiry", "120"),
        ("client_id", "app"),
    ] {
        assert_eq!(asked.get(name), Some(value), "{name}");
    }
    for (error, wait) in [("authorization_pending", 5), ("slow_down", 10)] {
        let body = json!({"error": error});
        provider.with(|inner| inner.token_answer = Some((400, body)));
        assert!(pending.poll().await.unwrap().is_none());
        assert_eq!(pending.wait(), Duration::from_secs(wait));
    }
    provider.with(|inner| inner.token_answer = None);
    let session = pending.poll().await.unwrap().unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    let polled = provider.asked("/token").pop().unwrap().form;
    assert_eq!(polled.get("auth_req_id"), Some("the-request"));
}

#[tokio::test]
async fn a_denial_ends_the_asking_and_bad_messages_are_not_sent() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let hinted = client.approval_by_id_token("an.id.token");
    let mut pending = hinted.start().await.unwrap();
    let asked = provider.asked("/bc-authorize").remove(0).form;
    assert_eq!(asked.get("id_token_hint"), Some("an.id.token"));
    assert_eq!(asked.get("scope"), Some("openid"));
    let body = json!({"error": "access_denied"});
    provider.with(|inner| inner.token_answer = Some((400, body)));
    let denied = pending.poll().await.unwrap_err();
    assert!(
        matches!(&denied, Error::Authorization(error) if error.code() == Some(ErrorCode::AccessDenied)),
        "{denied}"
    );
    let hidden = client.approval("alice").binding_message("a\u{202e}b");
    assert!(matches!(hidden.start().await, Err(Error::Incomplete(_))));
}
