//! One layer for axum, hyper and tonic: it is generic over bodies. axum is in `verifier.rs`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::convert::Infallible;

use grantor_resource::Verifier;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};

async fn refused_before<R: Default + Send + 'static>(
    answer: fn() -> R,
) -> (StatusCode, Option<String>) {
    let verifier = Verifier::builder("https://id.example", "https://api.example")
        .build()
        .unwrap();
    let inner =
        service_fn(
            move |_: Request<R>| async move { Ok::<_, Infallible>(Response::new(answer())) },
        );
    let service = verifier.require("notes.read").layer(inner);
    let response = service.oneshot(Request::new(answer())).await.unwrap();
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (response.status(), challenge)
}

fn challenged() -> (StatusCode, Option<String>) {
    let challenge = "Bearer scope=\"notes.read\"".to_owned();
    (StatusCode::UNAUTHORIZED, Some(challenge))
}

#[tokio::test]
async fn a_service_of_hyper_is_protected() {
    let body = || http_body_util::Full::new(bytes::Bytes::new());
    assert_eq!(refused_before(body).await, challenged());
}

#[tokio::test]
async fn a_service_of_tonic_is_protected() {
    assert_eq!(refused_before(tonic::body::Body::empty).await, challenged());
}
