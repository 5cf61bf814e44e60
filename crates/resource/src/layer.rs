//! The tower layer. It is generic over bodies, so that one serves axum, hyper and tonic.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response};
use oauth::Scope;
use tower::{Layer, Service};

use crate::{AccessToken, Refusal, Verifier};

/// The layer that [`Verifier::require`] makes.
#[derive(Clone, Debug)]
pub struct Protect {
    verifier: Verifier,
    /// `None` when what was asked for is not a scope: then nothing passes.
    scope: Arc<Option<Scope>>,
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
        }
    }

    async fn admit(&self, headers: &HeaderMap) -> Result<AccessToken, Refusal> {
        let token = bearer(headers)?;
        let token = self.verifier.verify(token).await?;
        match &*self.scope {
            Some(scope) => token.require(scope)?,
            None => return Err(Refusal::Scope(Scope::empty())),
        }
        Ok(token)
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
            let admitted = protect.admit(&headers).await;
            *request.headers_mut() = headers;
            match admitted {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refuse(&protect, &refusal)),
            }
        })
    }
}

fn refuse<R: Default>(protect: &Protect, refusal: &Refusal) -> Response<R> {
    tracing::debug!(why = %refusal, "a request is refused");
    let mut response = Response::new(R::default());
    *response.status_mut() = refusal.status();
    let scope = Option::as_ref(&protect.scope);
    let challenge = protect.verifier.challenge(refusal, scope);
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1), the only place it is taken from.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let text = value.to_str().map_err(|_| Refusal::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Missing);
    }
    let token = token.trim_matches(' ');
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(allowed) {
        return Err(Refusal::Malformed);
    }
    Ok(token)
}
