use std::time::Duration;

use grantor_client::{Credentials, Error, IdTokenError};
use serde_json::json;

use crate::provider::{NOW, Provider};

fn renewals(provider: &Provider) -> usize {
    let asked = provider.asked("/token");
    asked
        .iter()
        .filter(|asked| asked.form.get("grant_type") == Some("refresh_token"))
        .count()
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_not_earlier() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.ambient.clock.advance(239);
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-1");
    provider.ambient.clock.advance(1);
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-2");
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-2");
    assert_eq!(renewals(&provider), 1);
    provider.ambient.clock.advance(300);
    session.access_token().await.unwrap();
    let asked = provider.asked("/token");
    assert_eq!(
        asked[2].form.get("refresh_token"),
        Some("rt-2"),
        "the rotated one is used"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_renewal_serves_everybody_who_asks() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| inner.token_delay = Duration::from_millis(50));
    provider.ambient.clock.advance(300);
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(100));
    let askers: Vec<_> = (0..100)
        .map(|number| {
            let (session, start) = (session.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                match number % 2 {
                    0 => session.access_token().await,
                    _ => session.refresh().await,
                }
            })
        })
        .collect();
    for asker in askers {
        assert_eq!(asker.await.unwrap().unwrap().as_str(), "at-2");
    }
    assert_eq!(renewals(&provider), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_renewal_is_shared_too_and_tried_again_later() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| {
        inner.token_delay = Duration::from_millis(100);
        inner.token_answer = Some((503, json!({"error": "temporarily_unavailable"})));
    });
    provider.ambient.clock.advance(300);
    let askers: Vec<_> = (0..50)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.access_token().await })
        })
        .collect();
    for asker in askers {
        assert!(matches!(
            asker.await.unwrap(),
            Err(Error::Refused { status: 503, .. })
        ));
    }
    assert_eq!(renewals(&provider), 1);
    provider.with(|inner| inner.token_answer = None);
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-2");
}

#[tokio::test]
async fn a_token_that_still_lives_outlasts_a_failed_renewal() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| inner.token_answer = Some((500, json!({}))));
    provider.ambient.clock.advance(299);
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-1");
    provider.ambient.clock.advance(1);
    assert!(session.access_token().await.is_err());
}

/// RFC 6749 §5.2: a refused refresh token is not offered again.
#[tokio::test]
async fn after_invalid_grant_nothing_more_is_asked() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| inner.token_answer = Some((400, json!({"error": "invalid_grant"}))));
    provider.ambient.clock.advance(300);
    for _ in 0..3 {
        assert!(matches!(
            session.access_token().await,
            Err(Error::SignInAgain)
        ));
    }
    assert_eq!(renewals(&provider), 1);
}

/// The server may have rotated already: the answer must not be lost because whoever asked went away.
#[tokio::test]
async fn a_renewal_ends_even_when_its_asker_gives_up() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| inner.token_delay = Duration::from_millis(100));
    provider.ambient.clock.advance(300);
    let gave_up = tokio::time::timeout(Duration::from_millis(20), session.access_token()).await;
    assert!(gave_up.is_err());
    assert_eq!(session.access_token().await.unwrap().as_str(), "at-2");
    assert_eq!(renewals(&provider), 1);
}

/// RFC 6749 §6: without a new refresh token the old one stays good; without a scope it is the one before.
#[tokio::test]
async fn what_a_refresh_leaves_out_stays_as_it_was() {
    let provider = Provider::start().await;
    let session = provider.sign_in(&provider.client().await).await.unwrap();
    provider.with(|inner| {
        inner.change_tokens = Box::new(|tokens| {
            tokens.as_object_mut().unwrap().remove("refresh_token");
            tokens.as_object_mut().unwrap().remove("id_token");
        });
    });
    session.refresh().await.unwrap();
    let tokens = session.tokens().await.unwrap();
    assert_eq!(tokens.refresh_token(), Some("rt-1"));
    assert_eq!(
        tokens.scope().to_string(),
        "openid notes.read offline_access"
    );
    assert_eq!(tokens.claims().unwrap().sub, "alice");
    assert!(tokens.id_token().is_some());
}

/// OpenID Connect Core §12.2.
#[tokio::test]
async fn a_refresh_that_speaks_of_somebody_else_is_refused() {
    for (claim, value) in [
        ("sub", json!("mallory")),
        ("nonce", json!("other")),
        ("auth_time", json!(NOW - 1)),
    ] {
        let provider = Provider::start().await;
        let session = provider.sign_in(&provider.client().await).await.unwrap();
        provider.with(|inner| {
            inner.change_id_token = Box::new(move |claims| claims[claim] = value.clone())
        });
        let refused = session.refresh().await.unwrap_err();
        assert!(
            matches!(refused, Error::IdToken(IdTokenError::Changed)),
            "{claim}: {refused}"
        );
    }
}

/// RFC 6749 §4.4.
#[tokio::test]
async fn a_service_keeps_its_token_and_asks_again_when_it_ends() {
    let provider = Provider::start().await;
    let client = provider
        .builder(Credentials::basic("app", "secret"))
        .discover()
        .await
        .unwrap();
    let tokens = client
        .service()
        .scope("notes.read")
        .resource("urn:demo:notes")
        .tokens()
        .unwrap();
    assert!(provider.asked("/token").is_empty());
    assert_eq!(
        tokens.access_token().await.unwrap().authorization(),
        "Bearer at-1"
    );
    assert_eq!(tokens.access_token().await.unwrap().as_str(), "at-1");
    provider.ambient.clock.advance(300);
    assert_eq!(tokens.access_token().await.unwrap().as_str(), "at-2");
    let form = &provider.asked("/token")[0].form;
    assert_eq!(form.get("grant_type"), Some("client_credentials"));
    assert_eq!(form.get("scope"), Some("notes.read"));
    assert_eq!(form.get("resource"), Some("urn:demo:notes"));
    assert!(matches!(
        client.service().scope("\"").tokens(),
        Err(Error::Scope(_))
    ));
}
