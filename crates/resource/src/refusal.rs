use oauth::challenge::Bearer;
use oauth::{Error, ErrorCode, Scope, dpop};

use crate::StepUp;
use crate::issuer::Unavailable;

/// Why a request is not let through. What the caller is told is its [`challenge`](Self::challenge); the rest is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no token (RFC 6750 §3.1: no error code then).
    #[error("no access token")]
    Missing,
    /// The `Authorization` header is there more than once, or is not readable.
    #[error("unreadable Authorization header")]
    Malformed,
    /// The token was verified here and is not valid.
    #[error("{0}")]
    Token(jose::Error),
    /// The issuer says that the token is not active, or not for this API.
    #[error("the issuer says that the token is not active")]
    Inactive,
    /// The token is not a JWT and there is no client to introspect it with.
    #[error("opaque tokens are not accepted here")]
    Opaque,
    /// The token is bound to a key or a certificate that the request does not prove to have.
    #[error("the token is bound to something that the request does not prove to have")]
    Bound,
    /// The token is not bound to a key and was presented with the scheme `DPoP` (RFC 9449 §7.1).
    #[error("the token is not bound to a key")]
    NotBound,
    /// There is no DPoP proof beside the token.
    #[error("no DPoP proof")]
    ProofMissing,
    /// The DPoP proof is not acceptable.
    #[error("{0}")]
    Proof(#[from] dpop::Refused),
    /// More proofs come than can be remembered.
    #[error("more DPoP proofs at once than can be remembered")]
    Busy,
    /// The token is valid and does not carry this scope.
    #[error("the token lacks the scope {0}")]
    Scope(Scope),
    /// The token is valid, and the person did not sign in as strongly or as recently as is asked (RFC 9470 §3).
    #[error("the person did not sign in strongly or recently enough")]
    StepUp(StepUp),
    /// The issuer cannot be reached.
    #[error("the issuer cannot be reached")]
    Unavailable,
}

impl From<Unavailable> for Refusal {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::Unavailable | Self::Busy => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed => http::StatusCode::BAD_REQUEST,
            Self::Scope(_) => http::StatusCode::FORBIDDEN,
            _ => http::StatusCode::UNAUTHORIZED,
        }
    }

    /// What the caller is told (RFC 6750 §3). Why a token is not valid is not told: it would help only a forger.
    pub fn challenge(&self) -> Bearer {
        match self {
            Self::Missing | Self::Unavailable | Self::Busy => Bearer::unauthenticated(),
            Self::Malformed => Bearer::refusing(&Error::invalid_request(
                "the Authorization header cannot be read",
            )),
            Self::Token(jose::Error::Expired) => {
                Bearer::refusing(&Error::invalid_token("the access token has expired"))
            }
            Self::ProofMissing => Bearer::refusing(&Error::new(
                ErrorCode::InvalidDpopProof,
                "a DPoP proof is required",
            )),
            Self::Proof(refused) => Bearer::refusing(&proof_error(*refused)),
            Self::Scope(scope) => Bearer::refusing(&Error::insufficient_scope(
                "the access token does not permit this",
            ))
            .with_scope(scope.clone()),
            Self::StepUp(asked) => Bearer {
                acr_values: asked.acr(),
                max_age: asked.age(),
                ..Bearer::refusing(&Error::new(
                    ErrorCode::InsufficientUserAuthentication,
                    "another sign-in is needed",
                ))
            },
            _ => Bearer::refusing(&Error::invalid_token("the access token is not valid here")),
        }
    }
}

/// Whoever makes proofs may know what is wrong with one: it says nothing about the token.
fn proof_error(refused: dpop::Refused) -> Error {
    let code = if refused.wants_nonce() {
        ErrorCode::UseDpopNonce
    } else {
        ErrorCode::InvalidDpopProof
    };
    Error::new(code, refused.to_string())
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        let challenge = self.challenge().to_string();
        (self.status(), [(http::header::WWW_AUTHENTICATE, challenge)]).into_response()
    }
}
