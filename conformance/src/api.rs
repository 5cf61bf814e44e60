//! An API for the plans that call one: `GET API/accounts`, protected by `grantor-resource`, so that the suite judges that library too. Beside it
//! `POST API/answer?action=allow|deny`, by which the suite has a person answer what clients ask them (CIBA).

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use fetch::FetchOptions;
use grantor_resource::{AccessToken, PeerCertificate, Verifier};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::{CancellationToken, DropGuard};
use web::client_certificate::ClientCertificate;
use web::serve::{Listener, ServeOptions, Tls, TlsOptions, serve};

use crate::Failure;
use crate::anchor::Anchor;
use crate::authority;
use crate::device::Device;
use crate::grantor::Grantor;

/// The scope that it asks for.
const SCOPE: &str = "accounts";

/// The person's device, which the suite and the driver use.
pub(crate) type Shared = Arc<Mutex<Device>>;

/// An address that nothing is served at yet.
pub(crate) struct Api {
    listener: TcpListener,
    /// Its address, and the identifier of the resource.
    pub(crate) url: String,
}

impl Api {
    /// Takes a port.
    pub(crate) async fn bind() -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let url = format!("https://localhost:{port}");
        Ok(Self { listener, url })
    }

    /// Serves it with the tokens of this grantor until the guard is dropped.
    pub(crate) fn serve(
        self,
        grantor: &Grantor,
        device: Shared,
        anchor: Option<Anchor>,
    ) -> Result<DropGuard, Failure> {
        let trusting = FetchOptions {
            extra_roots: vec![grantor.certificate.clone()],
            ..FetchOptions::loopback()
        };
        let verifier = Verifier::builder(&grantor.issuer, &self.url)
            .fetch(trusting)
            .dpop(&self.url)
            .build()?;
        let router = Router::new()
            .route("/accounts", get(accounts))
            .layer(verifier.require(SCOPE))
            .layer(from_fn(certificate))
            .layer(from_fn(interaction));
        let router = router
            .route("/answer", post(answer).with_state(device))
            .merge(anchor.map(Anchor::router).unwrap_or_default());
        let own = authority::localhost()?;
        // FAPI 1.0 allows fewer cipher suites of TLS 1.2 (Advanced §8.5).
        let options = TlsOptions {
            asks: true,
            only_1_3: true,
        };
        let tls = Tls::with(own.certificate.as_bytes(), own.key.as_bytes(), options)?;
        let shutdown = CancellationToken::new();
        let options = ServeOptions {
            shutdown: shutdown.clone(),
            ..ServeOptions::default()
        };
        let listener = Listener::with_tls(self.listener, tls);
        tokio::spawn(serve(vec![listener], router, options));
        Ok(shutdown.drop_guard())
    }
}

async fn accounts(token: AccessToken) -> Json<Value> {
    Json(json!({"accounts": [], "client": token.client_id}))
}

/// What the person does.
#[derive(Deserialize)]
struct Answer {
    action: String,
}

async fn answer(
    State(device): State<Shared>,
    Query(Answer { action }): Query<Answer>,
) -> (StatusCode, String) {
    match device.lock().await.answer(action == "allow").await {
        Ok(answered) => (StatusCode::OK, answered.to_string()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// Hands the certificate of the connection to `grantor-resource`.
async fn certificate(mut request: Request, next: Next) -> Response {
    if let Some(ClientCertificate(der)) = request.extensions().get().cloned() {
        request.extensions_mut().insert(PeerCertificate(der));
    }
    next.run(request).await
}

/// Says the identifier by which FAPI's clients and APIs find a call again: the caller's, or a new one (FAPI 1.0 Baseline §6.2.1).
async fn interaction(request: Request, next: Next) -> Response {
    const NAME: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
    let id = request.headers().get(NAME).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id.or_else(|| uuid().and_then(|new| new.parse().ok())) {
        response.headers_mut().insert(NAME, id);
    }
    response
}

/// A random UUID (RFC 9562 §5.4).
fn uuid() -> Option<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    let random = u128::from_be_bytes(bytes);
    let fixed = 0xf000 << 64 | 0b11 << 62;
    let bits = random & !fixed | 0x4000 << 64 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Some(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_identifier_is_a_random_uuid() {
        let (one, other) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(one, other);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&one[14..15], "4");
        assert!(["8", "9", "a", "b"].contains(&&one[19..20]), "{one}");
    }
}
