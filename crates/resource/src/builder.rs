use std::sync::Arc;

use ambient::{Ambient, Clock, Entropy};
use fetch::{Fetch, FetchOptions};
use jose::{Algorithm, Jwk};
use oauth::dpop::Nonces;

use crate::dpop::Proofs;
use crate::introspection::{Answers, Introspection, Introspector};
use crate::issuer::Issuer;
use crate::{Caller, Verifier};

/// What a [`Verifier`] is made of. Every default is stated at its method.
pub struct Builder {
    issuer: String,
    pub(crate) audience: String,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: i64,
    pub(crate) clock: Clock,
    pub(crate) resource_metadata: Option<String>,
    dpop: Option<String>,
    nonces: Option<Nonces>,
    proofs_remembered: usize,
    refresh_interval: i64,
    fetch: FetchOptions,
    introspection: Option<Introspection>,
    signed_answers: Option<Vec<Algorithm>>,
    answer_key: Option<Jwk>,
}

/// Why a verifier cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The issuer is not an https URL (or loopback http), or carries a query or fragment (RFC 8414 §2).
    #[error("the issuer must be an https URL without query and fragment, http only on loopback")]
    Issuer,
    /// The address of the API is not an http or https URL without query and fragment.
    #[error("the address of the API must be an http or https URL without query and fragment")]
    Address,
    /// The key of [`Caller`] is not a private key to sign with.
    #[error("the key of this API must be a private key to sign with")]
    Key,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Fetch(#[from] fetch::Error),
}

impl Builder {
    pub(crate) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            algorithms: Algorithm::ALL
                .into_iter()
                .filter(|algorithm| !algorithm.is_symmetric())
                .collect(),
            leeway: 10,
            clock: Clock::System,
            resource_metadata: None,
            dpop: None,
            nonces: None,
            proofs_remembered: 1_000_000,
            refresh_interval: 30,
            fetch: FetchOptions::default(),
            introspection: None,
            signed_answers: None,
            answer_key: None,
        }
    }

    /// The signature algorithms that are accepted. By default every asymmetric one that the issuer publishes keys for.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.to_vec();
        self
    }

    /// How far clocks may differ, in seconds (10).
    #[must_use]
    pub fn leeway(mut self, seconds: i64) -> Self {
        self.leeway = seconds;
        self
    }

    /// The clock (the system's).
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The address of this API's metadata, named in challenges (RFC 9728 §5.1; none).
    #[must_use]
    pub fn resource_metadata(mut self, url: &str) -> Self {
        self.resource_metadata = Some(url.to_owned());
        self
    }

    /// The least time between two requests for the issuer's keys, in seconds (30).
    #[must_use]
    pub fn refresh_interval(mut self, seconds: i64) -> Self {
        self.refresh_interval = seconds.max(1);
        self
    }

    /// Limits of the HTTP requests to the issuer (https only, public addresses only).
    #[must_use]
    pub fn fetch(mut self, options: FetchOptions) -> Self {
        self.fetch = options;
        self
    }

    /// Asks the issuer about opaque tokens, as this client (RFC 7662). Answers are kept for `seconds` at most (and never beyond the token's end): that long
    /// a revoked token may still be accepted here. Without this, opaque tokens are refused.
    #[must_use]
    pub fn introspect_as(self, client_id: &str, client_secret: &str, seconds: i64) -> Self {
        self.introspect_by(Caller::basic(client_id, client_secret), seconds)
    }

    /// The same for a client that authenticates in another way.
    #[must_use]
    pub fn introspect_by(mut self, caller: Caller, seconds: i64) -> Self {
        self.introspection = Some(Introspection { caller, seconds });
        self
    }

    /// Takes answers about tokens only if the issuer signed them for this API (RFC 9701), by one of these algorithms: so it can show later what it was told,
    /// and nobody between them can say anything else. By default signed answers are verified and plain ones are taken too.
    #[must_use]
    pub fn signed_introspection(mut self, algorithms: &[Algorithm]) -> Self {
        self.signed_answers = Some(algorithms.to_vec());
        self
    }

    /// The private key to whose public part answers about tokens are encrypted, for a client that registered `introspection_encrypted_response_alg`. With it,
    /// one that is not encrypted is refused, and so is one that is not signed.
    #[must_use]
    pub fn introspection_key(mut self, key: Jwk) -> Self {
        self.answer_key = Some(key);
        self
    }

    /// Accepts tokens that are bound to a key, with a proof beside them (RFC 9449 §7). `address` is what comes before the path when clients call this API:
    /// `https://api.example`, or with the path that a proxy takes away. Neither `Host` nor a forwarded header is believed, as whoever steals a token and
    /// a proof that was made for somebody else could send any.
    #[must_use]
    pub fn dpop(mut self, address: &str) -> Self {
        self.dpop = Some(address.to_owned());
        self
    }

    /// Demands a nonce in each proof (RFC 9449 §9), so that none is older than some minutes and none was made in advance. All processes of an API are
    /// given the same random key: each then takes the nonces of the others, and nothing is stored.
    #[must_use]
    pub fn dpop_nonces(mut self, key: &[u8; 32]) -> Self {
        self.nonces = Some(Nonces::new(key));
        self
    }

    /// How many proofs this process remembers within some minutes, to let each pass once (1 000 000, of 40 bytes each). When there are more, requests with
    /// proofs get 503.
    #[must_use]
    pub fn proofs_remembered(mut self, proofs: usize) -> Self {
        self.proofs_remembered = proofs;
        self
    }

    /// Makes the verifier. Nothing is requested until the first token comes.
    pub fn build(self) -> Result<Verifier, BuildError> {
        let url = url::Url::parse(&self.issuer).map_err(|_| BuildError::Issuer)?;
        let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback);
        if !scheme || url.query().is_some() || url.fragment().is_some() {
            return Err(BuildError::Issuer);
        }
        let fetch = Fetch::new(self.fetch.clone())?;
        let issuer = Arc::new(Issuer::new(
            self.issuer.clone(),
            fetch,
            self.clock.clone(),
            self.refresh_interval,
        ));
        let ambient = Ambient {
            clock: self.clock.clone(),
            entropy: Entropy::System,
        };
        let answers = Answers {
            algorithms: self
                .signed_answers
                .as_ref()
                .unwrap_or(&self.algorithms)
                .clone(),
            is_signed: self.signed_answers.is_some() || self.answer_key.is_some(),
            key: self.answer_key.clone(),
            leeway: self.leeway,
        };
        let introspector = self
            .introspection
            .clone()
            .map(|settings| Introspector::new(settings, answers, (Arc::clone(&issuer), ambient)));
        let proofs = match &self.dpop {
            None => None,
            Some(address) => {
                let proofs = Proofs::new(address, self.nonces.clone(), self.proofs_remembered);
                Some(proofs.ok_or(BuildError::Address)?)
            }
        };
        Ok(Verifier::from_parts(self, issuer, introspector, proofs))
    }
}
