//! What an application that keeps nothing in memory stores between two requests, and goes on with in another process.

use std::time::Duration;

use grantor_client::{Client, Credentials, Error, KeptApproval, KeptDevice, Notification};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::provider::{NOW, Provider};

/// As it comes back from where it was stored; what it holds is not in its `Debug` text.
fn stored<T: Serialize + DeserializeOwned + std::fmt::Debug>(kept: &T, secrets: &[&str]) -> T {
    let text = serde_json::to_string(kept).unwrap();
    for secret in secrets {
        assert!(text.contains(secret), "{text}");
        assert!(!format!("{kept:?}").contains(secret), "{kept:?}");
    }
    serde_json::from_str(&text).unwrap()
}

fn answer(provider: &Provider, error: Option<&str>) {
    let answer = error.map(|error| (400, json!({"error": error})));
    provider.with(|inner| inner.token_answer = answer);
}

/// Whoever else it is given to has nothing of it: its code must not go to another server, nor by another client.
async fn strangers(provider: &Provider) -> [Client; 2] {
    let other = provider.builder(Credentials::public("other"));
    [
        other.discover().await.unwrap(),
        Provider::start().await.client().await,
    ]
}

/// OpenID Connect CIBA Core §11: with the pace that the server has asked for meanwhile.
#[tokio::test]
async fn an_approval_goes_on_in_another_process() {
    let provider = Provider::start().await;
    let approval = provider.client().await;
    let approval = approval.approval("alice").scope("openid notes.write");
    let mut pending = approval.start().await.unwrap();
    answer(&provider, Some("slow_down"));
    assert!(pending.poll().await.unwrap().is_none());
    let kept: KeptApproval = stored(&pending.kept(), &["the-request"]);
    assert_eq!(
        (kept.auth_req_id(), kept.expires_at()),
        ("the-request", NOW + 300)
    );
    for stranger in strangers(&provider).await {
        let refused = stranger.resume_approval(kept.clone());
        assert!(matches!(refused, Err(Error::Incomplete(_))));
    }
    let mut again = provider.client().await.resume_approval(kept).unwrap();
    assert_eq!(again.wait(), Duration::from_secs(10));
    assert_eq!(again.expires_at(), NOW + 300);
    answer(&provider, None);
    let session = again.poll().await.unwrap().unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    let tokens = session.tokens().await.unwrap();
    assert_eq!(tokens.scope().to_string(), "openid notes.write");
    let polled = provider.asked("/token").pop().unwrap().form;
    assert_eq!(polled.get("auth_req_id"), Some("the-request"));
}

/// CIBA Core §10.2: the process that is called knows the token of the call from what was stored.
#[tokio::test]
async fn a_call_is_known_in_another_process() {
    const TOKEN: &str = "0123456789012345678901";
    let provider = Provider::start().await;
    let client = provider.client().await;
    let approval = client.approval("alice").notification_token(TOKEN);
    let pending = approval.start().await.unwrap();
    let kept: KeptApproval = stored(&pending.kept(), &["the-request", TOKEN]);
    let again = provider.client().await.resume_approval(kept).unwrap();
    let body = br#"{"auth_req_id":"the-request"}"#;
    let call = |token: &str| Notification::read(Some(&format!("Bearer {token}")), body).unwrap();
    assert!(again.is_told_by(&call(TOKEN)));
    assert!(!again.is_told_by(&call("0123456789012345678902")));
}

/// RFC 8628 §3.5.
#[tokio::test]
async fn a_device_goes_on_after_it_was_switched_off() {
    let provider = Provider::start().await;
    let client = provider.client().await;
    let sign_in = client.device().scope("openid").start().await.unwrap();
    let kept: KeptDevice = stored(&sign_in.kept(), &["the-device-code", "WDJB-MJHT"]);
    for stranger in strangers(&provider).await {
        assert!(matches!(
            stranger.resume_device(kept.clone()),
            Err(Error::Incomplete(_))
        ));
    }
    let mut again = provider.client().await.resume_device(kept).unwrap();
    assert_eq!(again.user_code(), sign_in.user_code());
    assert_eq!(again.verification_uri(), sign_in.verification_uri());
    assert_eq!(
        again.verification_uri_complete(),
        sign_in.verification_uri_complete()
    );
    let session = again.poll().await.unwrap().unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    let polled = provider.asked("/token").pop().unwrap().form;
    assert_eq!(polled.get("device_code"), Some("the-device-code"));
    // Switched off for too long.
    provider.ambient.clock.advance(600);
    let late = provider.client().await.resume_device(sign_in.kept());
    assert!(matches!(late.unwrap().poll().await, Err(Error::TimedOut)));
}
