//! An API for the plans that call one: `GET API/accounts`, protected by `grantor-resource`, so that the suite judges that library too.

use axum::extract::Request;
use axum::http::HeaderName;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use fetch::FetchOptions;
use grantor_resource::{AccessToken, PeerCertificate, Verifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use web::client_certificate::ClientCertificate;
use web::serve::{Listener, ServeOptions, Tls, serve};

use crate::Failure;
use crate::authority;
use crate::grantor::Grantor;

/// The scope that it asks for.
const SCOPE: &str = "accounts";

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
    pub(crate) fn serve(self, grantor: &Grantor) -> Result<DropGuard, Failure> {
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
        let own = authority::localhost()?;
        let tls = Tls::asking_from_pem(own.certificate.as_bytes(), own.key.as_bytes())?;
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

/// Hands the certificate of the connection to `grantor-resource`.
async fn certificate(mut request: Request, next: Next) -> Response {
    if let Some(ClientCertificate(der)) = request.extensions().get().cloned() {
        request.extensions_mut().insert(PeerCertificate(der));
    }
    next.run(request).await
}

/// Sends back the identifier by which FAPI's clients and APIs find a call again.
async fn interaction(request: Request, next: Next) -> Response {
    const NAME: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
    let id = request.headers().get(NAME).cloned();
    let mut response = next.run(request).await;
    if let Some(id) = id {
        response.headers_mut().insert(NAME, id);
    }
    response
}
