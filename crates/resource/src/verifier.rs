use std::sync::Arc;

use jose::jwt;
use oauth::Scope;

use crate::introspection::Introspector;
use crate::issuer::Issuer;
use crate::{AccessToken, Builder, Claims, Protect, Refusal};

/// Verifies the access tokens of one issuer for one audience. Clones share keys and cache.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    settings: Builder,
    issuer: Arc<Issuer>,
    introspector: Option<Introspector>,
}

impl Verifier {
    /// A verifier of tokens that `issuer` (its exact identifier) issued for `audience` (this API's identifier).
    pub fn builder(issuer: &str, audience: &str) -> Builder {
        Builder::new(issuer, audience)
    }

    pub(crate) fn from_parts(
        settings: Builder,
        issuer: Arc<Issuer>,
        introspector: Option<Introspector>,
    ) -> Self {
        Self(Arc::new(Inner {
            settings,
            issuer,
            introspector,
        }))
    }

    /// A tower layer that lets requests through whose token carries every scope-token of `scope` (separated by spaces; none demands only a
    /// valid token). A `scope` that is not one lets nothing through.
    pub fn require(&self, scope: &str) -> Protect {
        Protect::new(self.clone(), scope)
    }

    /// Verifies a token as RFC 9068 §4 says, or by asking the issuer where it cannot be read here.
    pub async fn verify(&self, token: &str) -> Result<AccessToken, Refusal> {
        let claims = if token.split('.').count() == 3 {
            Arc::new(self.verify_jwt(token).await?)
        } else {
            match &self.0.introspector {
                Some(introspector) => introspector.ask(token, &self.0.settings.audience).await?,
                None => return Err(Refusal::Opaque),
            }
        };
        Ok(AccessToken::new(claims))
    }

    async fn verify_jwt(&self, token: &str) -> Result<Claims, Refusal> {
        let known = self.0.issuer.known().await?;
        let verified = match self.check(token, &known.keys) {
            Err(jose::Error::UnknownKey) => match self.0.issuer.newer_than(&known).await {
                Some(newer) => self.check(token, &newer.keys),
                None => Err(jose::Error::UnknownKey),
            },
            other => other,
        };
        let claims = verified.map_err(Refusal::Token)?;
        if claims.cnf.is_some() {
            return Err(Refusal::Bound);
        }
        Ok(claims)
    }

    fn check(&self, token: &str, keys: &jose::KeySet) -> Result<Claims, jose::Error> {
        let settings = &self.0.settings;
        let policy = jwt::Policy {
            issuer: jwt::Issuer::Is(self.0.issuer.name()),
            audience: jwt::Audience::Includes(&settings.audience),
            algorithms: &settings.algorithms,
            typ: jwt::Type::Is("at+jwt"),
            lifetime: jwt::Lifetime::Expires,
            now: settings.clock.now(),
            leeway: settings.leeway,
        };
        jwt::verify::<Claims>(token, keys, &policy).map(jwt::Verified::into_claims)
    }

    /// The value of `WWW-Authenticate` that answers `refusal`, naming `scope` as what is needed.
    pub fn challenge(&self, refusal: &Refusal, scope: Option<&Scope>) -> String {
        let mut challenge = refusal.challenge();
        if let Some(scope) = scope.filter(|scope| !scope.is_empty()) {
            challenge = challenge.with_scope(scope.clone());
        }
        if let Some(url) = &self.0.settings.resource_metadata {
            challenge = challenge.with_resource_metadata(url);
        }
        challenge.to_string()
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.0.issuer.name())
            .field("audience", &self.0.settings.audience)
            .finish_non_exhaustive()
    }
}
