use std::sync::{Arc, Mutex};
use std::time::Duration;

use grantor_client::{Credentials, DeviceSignIn, Error, Session};
use oauth::ErrorCode;
use serde_json::{Value, json};

use crate::provider::{NOW, Provider};

async fn begin(provider: &Provider, bend: impl Fn(&mut Value) + Send + 'static) -> DeviceSignIn {
    try_begin(provider, bend).await.unwrap()
}

async fn try_begin(
    provider: &Provider,
    bend: impl Fn(&mut Value) + Send + 'static,
) -> Result<DeviceSignIn, Error> {
    provider.with(|inner| inner.change_device = Box::new(bend));
    let client = provider.client().await;
    let device = client.device().scope("openid notes.read");
    device.resource("urn:example:notes").start().await
}

async fn answered(
    provider: &Provider,
    sign_in: &mut DeviceSignIn,
    status: u16,
    error: &str,
) -> Result<Option<Session>, Error> {
    let body = json!({"error": error});
    provider.with(|inner| inner.token_answer = Some((status, body)));
    sign_in.poll().await
}

/// RFC 8628 §3.1 to §3.5.
#[tokio::test]
async fn a_device_signs_in_when_the_person_allows_it() {
    let provider = Provider::start().await;
    let mut sign_in = begin(&provider, |_| ()).await;
    assert_eq!(sign_in.user_code(), "WDJB-MJHT");
    assert_eq!(
        sign_in.verification_uri(),
        format!("{}/device", provider.issuer)
    );
    assert!(
        sign_in
            .verification_uri_complete()
            .unwrap()
            .ends_with("?user_code=WDJB-MJHT")
    );
    assert_eq!(sign_in.expires_at(), NOW + 600);
    let asked = provider.asked("/device_authorization").remove(0).form;
    assert_eq!(asked.get("scope"), Some("openid notes.read"));
    assert_eq!(asked.get("resource"), Some("urn:example:notes"));
    assert_eq!(asked.get("client_id"), Some("app"));
    let pending = answered(&provider, &mut sign_in, 400, "authorization_pending").await;
    assert!(pending.unwrap().is_none());
    provider.with(|inner| inner.token_answer = None);
    let session = sign_in.poll().await.unwrap().unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    let polled = provider.asked("/token").pop().unwrap().form;
    assert_eq!(
        polled.get("grant_type"),
        Some("urn:ietf:params:oauth:grant-type:device_code")
    );
    assert_eq!(polled.get("device_code"), Some("the-device-code"));
}

/// RFC 8628 §3.5: five seconds more each time; a server that cannot be reached is asked half as often.
#[tokio::test]
async fn the_interval_grows_as_the_server_says() {
    let provider = Provider::start().await;
    let mut sign_in = begin(&provider, |_| ()).await;
    assert_eq!(sign_in.wait(), Duration::from_secs(5));
    for (status, error, wait) in [
        (400, "authorization_pending", 5),
        (400, "slow_down", 10),
        (400, "slow_down", 15),
        (400, "authorization_pending", 15),
        (503, "temporarily_unavailable", 30),
        (429, "temporarily_unavailable", 60),
        (500, "server_error", 120),
        (502, "x", 240),
        (502, "x", 300),
        (502, "x", 300),
    ] {
        let outcome = answered(&provider, &mut sign_in, status, error).await;
        assert!(outcome.unwrap().is_none(), "{error}");
        assert_eq!(sign_in.wait(), Duration::from_secs(wait), "{error}");
    }
}

/// RFC 8628 §3.5.
#[tokio::test]
async fn other_errors_end_the_wait() {
    let provider = Provider::start().await;
    let mut sign_in = begin(&provider, |_| ()).await;
    let denied = answered(&provider, &mut sign_in, 400, "access_denied").await;
    assert!(matches!(denied, Err(Error::Authorization(_))), "{denied:?}");
    let expired = answered(&provider, &mut sign_in, 400, "expired_token").await;
    assert!(matches!(expired, Err(Error::TimedOut)), "{expired:?}");
    let refused = answered(&provider, &mut sign_in, 400, "invalid_grant").await;
    assert_eq!(refused.unwrap_err().code(), Some(ErrorCode::InvalidGrant));
}

/// RFC 8628 §3.3: the client stops by itself, without asking once more.
#[tokio::test]
async fn nobody_asks_after_the_expiry() {
    let provider = Provider::start().await;
    let mut sign_in = begin(&provider, |_| ()).await;
    provider.ambient.clock.advance(600);
    assert!(matches!(sign_in.poll().await, Err(Error::TimedOut)));
    assert!(matches!(sign_in.finish().await, Err(Error::TimedOut)));
    assert!(provider.asked("/token").is_empty());
}

/// The whole of it, with the waiting.
#[tokio::test]
async fn finishing_waits_and_polls() {
    let provider = Provider::start().await;
    let sign_in = begin(&provider, |answer| answer["interval"] = json!(1)).await;
    let session = sign_in.finish().await.unwrap();
    assert_eq!(session.claims().unwrap().sub, "alice");
    assert_eq!(provider.asked("/token").len(), 1);
}

/// RFC 8628 §3.2: `interval` and `verification_uri_complete` are optional; an interval of nothing is no leave to flood.
#[tokio::test]
async fn what_is_optional_may_be_absent() {
    let provider = Provider::start().await;
    let sign_in = begin(&provider, |answer| {
        let members = answer.as_object_mut().unwrap();
        members.remove("interval");
        members.remove("verification_uri_complete");
    })
    .await;
    assert_eq!(sign_in.wait(), Duration::from_secs(5));
    assert_eq!(sign_in.verification_uri_complete(), None);
    for interval in [0, -5] {
        let bend = move |answer: &mut Value| answer["interval"] = json!(interval);
        assert_eq!(
            begin(&provider, bend).await.wait(),
            Duration::from_secs(1),
            "{interval}"
        );
    }
}

/// What is shown in a terminal or drawn as a picture must not be whatever the server likes.
#[tokio::test]
async fn a_code_or_address_that_cannot_be_shown_is_refused() {
    let provider = Provider::start().await;
    for (member, value) in [
        ("user_code", "\u{1b}[2J"),
        ("user_code", ""),
        ("verification_uri", "javascript:alert(1)"),
        ("verification_uri", "http://id.example.com/device"),
        ("verification_uri", "file:///etc/passwd"),
    ] {
        let outcome = try_begin(&provider, move |answer| answer[member] = json!(value)).await;
        assert!(outcome.is_err(), "{value}");
    }
    let bend = |answer: &mut Value| answer["verification_uri_complete"] = json!("javascript:x");
    let sign_in = begin(&provider, bend).await;
    assert_eq!(sign_in.verification_uri_complete(), None);
}

/// RFC 8414 §2.
#[tokio::test]
async fn a_server_without_the_endpoint_says_so() {
    let provider = Provider::start().await;
    provider.with(|inner| {
        inner.change_metadata = Box::new(|metadata| {
            metadata
                .as_object_mut()
                .unwrap()
                .remove("device_authorization_endpoint");
        });
    });
    let outcome = try_begin(&provider, |_| ()).await;
    assert!(matches!(outcome, Err(Error::Unsupported(_))), "{outcome:?}");
}

/// The codes are secrets.
#[tokio::test]
async fn the_debug_output_hides_the_codes() {
    let provider = Provider::start().await;
    let shown = format!("{:?}", begin(&provider, |_| ()).await);
    assert!(
        !shown.contains("the-device-code") && !shown.contains("WDJB"),
        "{shown}"
    );
}

/// And so they are to whoever watches the steps, in the answer and in each poll.
#[tokio::test]
async fn the_observer_is_told_that_the_codes_are_secrets() {
    let provider = Provider::start().await;
    let steps = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&steps);
    let client = provider
        .builder(Credentials::public("app"))
        .observer(Arc::new(move |step| seen.lock().unwrap().push(step)))
        .discover()
        .await
        .unwrap();
    let mut sign_in = client.device().scope("openid").start().await.unwrap();
    let pending = answered(&provider, &mut sign_in, 400, "authorization_pending").await;
    assert!(pending.unwrap().is_none());
    let shown = format!("{:?}", steps.lock().unwrap());
    assert!(shown.contains("device_code"), "{shown}");
    for code in ["the-device-code", "WDJB"] {
        assert!(!shown.contains(code), "{code}: {shown}");
    }
}
