//! The tower layer. It is generic over bodies, so that one serves axum, hyper and tonic.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::OriginalUri;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response};
use oauth::Scope;
use tower::{Layer, Service};

use crate::dpop::NONCE;
use crate::{Admission, Arrival, PeerCertificate, Refusal, Scheme, StepUp, Verifier};

/// The layer that [`Verifier::require`] makes.
#[derive(Clone, Debug)]
pub struct Protect {
    verifier: Verifier,
    /// `None` when what was asked for is not a scope: then nothing passes.
    scope: Arc<Option<Scope>>,
    step_up: Arc<StepUp>,
}

impl Protect {
    pub(crate) fn new(verifier: Verifier, scope: &str) -> Self {
        let scope = if scope.is_empty() {
            Some(Scope::empty())
        } else {
            scope.parse().ok()
        };
        if scope.is_none() {
            tracing::error!("a layer that requires an unreadable scope refuses every request");
        }
        Self {
            verifier,
            scope: Arc::new(scope),
            step_up: Arc::default(),
        }
    }

    /// Asks for a sign-in as strong and as recent as this too (RFC 9470).
    #[must_use]
    pub fn step_up(mut self, asked: StepUp) -> Self {
        self.step_up = Arc::new(asked);
        self
    }

    async fn admit(&self, arrival: &Arrival<'_>) -> Admission {
        let mut admission = self.verifier.verify_request(arrival).await;
        if let Ok(token) = &admission.outcome {
            let permitted = match &*self.scope {
                Some(scope) => token.require(scope),
                None => Err(Refusal::Scope(Scope::empty())),
            };
            let permitted = permitted.and_then(|()| self.verifier.step_up(token, &self.step_up));
            if let Err(refusal) = permitted {
                admission.outcome = Err(refusal);
            }
        }
        admission
    }
}

impl<S> Layer<S> for Protect {
    type Service = Protected<S>;

    fn layer(&self, inner: S) -> Protected<S> {
        Protected {
            inner,
            protect: self.clone(),
        }
    }
}

/// A service behind [`Protect`].
#[derive(Clone, Debug)]
pub struct Protected<S> {
    inner: S,
    protect: Protect,
}

impl<S, B, R> Service<Request<B>> for Protected<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call; its clone takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let protect = self.protect.clone();
        Box::pin(async move {
            // Taken out for the time of the check, so that the future does not need a body that can be shared.
            let headers = std::mem::take(request.headers_mut());
            // A router that nests others takes the beginning of the path away.
            let original = request.extensions().get::<OriginalUri>();
            let uri = original
                .map_or_else(|| request.uri(), |original| &original.0)
                .clone();
            let method = request.method().clone();
            let certificate = request.extensions().get::<PeerCertificate>().cloned();
            let arrival = Arrival {
                method: &method,
                uri: &uri,
                headers: &headers,
                certificate: certificate.as_ref().map(|PeerCertificate(der)| &**der),
            };
            let admission = protect.admit(&arrival).await;
            *request.headers_mut() = headers;
            let mut response = match admission.outcome {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    inner.call(request).await?
                }
                Err(refusal) => refuse(&protect, admission.scheme, &refusal),
            };
            let nonce = admission.nonce.and_then(|nonce| nonce.parse().ok());
            if let Some(nonce) = nonce {
                response.headers_mut().insert(NONCE, nonce);
            }
            Ok(response)
        })
    }
}

fn refuse<R: Default>(protect: &Protect, scheme: Option<Scheme>, refusal: &Refusal) -> Response<R> {
    tracing::debug!(why = %refusal, "a request is refused");
    let mut response = Response::new(R::default());
    *response.status_mut() = refusal.status();
    let scope = Option::as_ref(&protect.scope);
    for challenge in protect.verifier.challenges(scheme, refusal, scope) {
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().append(WWW_AUTHENTICATE, value);
        }
    }
    response
}
