use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use oauth::Scope;
use oauth::token_exchange::{Actors, Unreadable};

use crate::{Claims, Refusal};

/// A verified access token: derefs to its [`Claims`]. Only a [`Verifier`](crate::Verifier) makes one; a handler behind
/// [`Protect`](crate::Protect) takes it as an argument.
#[derive(Clone, Debug)]
pub struct AccessToken(Arc<Claims>);

impl AccessToken {
    pub(crate) fn new(claims: Arc<Claims>) -> Self {
        Self(claims)
    }

    /// Refuses unless every scope-token of `scope` was granted: for handlers that need more than their layer asks.
    pub fn require(&self, scope: &Scope) -> Result<(), Refusal> {
        let granted = |token: &str| self.0.has_scope(token);
        if scope.iter().all(granted) {
            Ok(())
        } else {
            Err(Refusal::Scope(scope.clone()))
        }
    }
}

impl AccessToken {
    /// Who acts for the subject, the present actor first (RFC 8693 §4.1); empty when the subject, or the application it uses, acts by itself.
    ///
    /// # Errors
    /// [`Unreadable`] when `act` is not what the specification has: do not take that for nobody.
    pub fn actors(&self) -> Result<Actors, Unreadable> {
        Actors::parse(self.0.act.as_ref())
    }
}

impl Deref for AccessToken {
    type Target = Claims;
    fn deref(&self) -> &Claims {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for AccessToken {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get().cloned().ok_or(Refusal::Missing)
    }
}
