use std::sync::Arc;

use jose::jwt;
use oauth::Scope;
use oauth::challenge::Bearer;
use oauth::claims::Confirmation;
use oauth::dpop::{self, Proof};

use crate::dpop::{Arrival, Proofs, Scheme};
use crate::introspection::Introspector;
use crate::issuer::Issuer;
use crate::{AccessToken, Builder, Claims, Protect, Refusal, StepUp};

/// Verifies the access tokens of one issuer for one audience. Clones share keys and cache.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    settings: Builder,
    issuer: Arc<Issuer>,
    introspector: Option<Introspector>,
    proofs: Option<Proofs>,
}

/// What became of a request.
#[derive(Debug)]
pub struct Admission {
    /// The token, or why the request is not let through.
    pub outcome: Result<AccessToken, Refusal>,
    /// How the token was presented, if one was.
    pub scheme: Option<Scheme>,
    /// The nonce to send in the `DPoP-Nonce` header of the answer, whatever it is (RFC 9449 §9).
    pub nonce: Option<String>,
}

impl Admission {
    fn refused(scheme: Option<Scheme>, refusal: Refusal) -> Self {
        Self {
            outcome: Err(refusal),
            scheme,
            nonce: None,
        }
    }
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
        proofs: Option<Proofs>,
    ) -> Self {
        Self(Arc::new(Inner {
            settings,
            issuer,
            introspector,
            proofs,
        }))
    }

    /// A tower layer that lets requests through whose token carries every scope-token of `scope` (separated by spaces; none demands only a
    /// valid token). A `scope` that is not one lets nothing through.
    pub fn require(&self, scope: &str) -> Protect {
        Protect::new(self.clone(), scope)
    }

    /// Refuses a token whose sign-in is not as strong and as recent as this (RFC 9470): for handlers that ask more than their layer.
    ///
    /// # Errors
    /// [`Refusal::StepUp`].
    pub fn step_up(&self, token: &AccessToken, asked: &StepUp) -> Result<(), Refusal> {
        let settings = &self.0.settings;
        asked.judge(token, settings.clock.now(), settings.leeway)
    }

    /// Verifies a bearer token as RFC 9068 §4 says, or by asking the issuer where it cannot be read here. One that is bound to a key is refused: see
    /// [`verify_request`](Self::verify_request).
    pub async fn verify(&self, token: &str) -> Result<AccessToken, Refusal> {
        let claims = self.claims(token).await?;
        if claims.cnf.is_some() {
            return Err(Refusal::Bound);
        }
        Ok(AccessToken::new(claims))
    }

    /// Verifies the token of a request, and that whoever sends it is the one it was issued to (RFC 9449 §7.1).
    pub async fn verify_request(&self, arrival: &Arrival<'_>) -> Admission {
        let (scheme, token) = match arrival.token() {
            Ok(presented) => presented,
            Err(refusal) => return Admission::refused(None, refusal),
        };
        let now = self.0.settings.clock.now();
        let proofs = self.0.proofs.as_ref().filter(|_| scheme == Scheme::Dpop);
        let (proof, outcome) = match self.claims(token).await {
            Ok(claims) => self.check_holder(arrival, (scheme, token), claims, now),
            Err(refusal) => (None, Err(refusal)),
        };
        let used = proof.as_ref().and_then(Proof::nonce);
        Admission {
            nonce: proofs.and_then(|proofs| proofs.offer(used, now)),
            scheme: Some(scheme),
            outcome,
        }
    }

    fn check_holder(
        &self,
        arrival: &Arrival<'_>,
        (scheme, token): (Scheme, &str),
        claims: Arc<Claims>,
        now: i64,
    ) -> (Option<Proof>, Result<AccessToken, Refusal>) {
        let bound = match (&claims.cnf, scheme) {
            (None, Scheme::Bearer) => return (None, Ok(AccessToken::new(claims))),
            (None, Scheme::Dpop) => return (None, Err(Refusal::NotBound)),
            (Some(bound), Scheme::Dpop) if bound.jkt.is_none() => {
                return (None, Err(Refusal::NotBound));
            }
            (Some(bound), Scheme::Bearer) => {
                let met = bound.is_met_by(
                    arrival
                        .certificate
                        .map(Confirmation::of_certificate)
                        .as_ref(),
                );
                let token = met.then(|| AccessToken::new(Arc::clone(&claims)));
                return (None, token.ok_or(Refusal::Bound));
            }
            (Some(bound), Scheme::Dpop) => bound,
        };
        let Some(proofs) = &self.0.proofs else {
            return (None, Err(Refusal::Bound));
        };
        let proof = match proofs.judge(arrival, token, now) {
            Ok(proof) => proof,
            Err(refusal) => return (None, Err(refusal)),
        };
        let proven = Confirmation {
            jkt: Some(proof.jkt().to_owned()),
            ..arrival
                .certificate
                .map(Confirmation::of_certificate)
                .unwrap_or_default()
        };
        if !bound.is_met_by(Some(&proven)) {
            return (Some(proof), Err(Refusal::Bound));
        }
        let remembered = proofs.remember(&proof, now);
        (Some(proof), remembered.map(|()| AccessToken::new(claims)))
    }

    async fn claims(&self, token: &str) -> Result<Arc<Claims>, Refusal> {
        let claims = if token.split('.').count() == 3 {
            Arc::new(self.verify_jwt(token).await?)
        } else {
            match &self.0.introspector {
                Some(introspector) => introspector.ask(token, &self.0.settings.audience).await?,
                None => return Err(Refusal::Opaque),
            }
        };
        Ok(claims)
    }

    async fn verify_jwt(&self, token: &str) -> Result<Claims, Refusal> {
        let verified = self
            .0
            .issuer
            .verified(|keys| self.check(token, keys))
            .await?;
        verified.map_err(Refusal::Token)
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

    /// The values of `WWW-Authenticate` that answer `refusal`, naming `scope` as what is needed: in the scheme in which the token came, and in each that
    /// is possible here when none came.
    pub fn challenges(
        &self,
        scheme: Option<Scheme>,
        refusal: &Refusal,
        scope: Option<&Scope>,
    ) -> Vec<String> {
        let challenge = self.challenged(refusal, scope);
        let bound = matches!(refusal, Refusal::Bound) && self.0.proofs.is_some();
        let bearer = scheme != Some(Scheme::Dpop) && !bound;
        let dpop = scheme != Some(Scheme::Bearer) && self.0.proofs.is_some() || bound;
        let bearer = bearer.then(|| challenge.to_string());
        let dpop = dpop.then(|| challenge.dpop(dpop::ALGORITHMS));
        bearer.into_iter().chain(dpop).collect()
    }

    /// The value of `WWW-Authenticate` that answers `refusal` of a bearer token, naming `scope` as what is needed.
    pub fn challenge(&self, refusal: &Refusal, scope: Option<&Scope>) -> String {
        self.challenged(refusal, scope).to_string()
    }

    fn challenged(&self, refusal: &Refusal, scope: Option<&Scope>) -> Bearer {
        let mut challenge = refusal.challenge();
        if let Some(scope) = scope.filter(|scope| !scope.is_empty()) {
            challenge = challenge.with_scope(scope.clone());
        }
        if let Some(url) = &self.0.settings.resource_metadata {
            challenge = challenge.with_resource_metadata(url);
        }
        challenge
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
