use oauth::challenge::Bearer;
use oauth::{Error, Scope};

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
    /// The token is bound to a key and was presented as a bearer token.
    #[error("the token is bound to a key")]
    Bound,
    /// The token is valid and does not carry this scope.
    #[error("the token lacks the scope {0}")]
    Scope(Scope),
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
            Self::Unavailable => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed => http::StatusCode::BAD_REQUEST,
            Self::Scope(_) => http::StatusCode::FORBIDDEN,
            _ => http::StatusCode::UNAUTHORIZED,
        }
    }

    /// What the caller is told (RFC 6750 §3). Why a token is not valid is not told: it would help only a forger.
    pub fn challenge(&self) -> Bearer {
        match self {
            Self::Missing | Self::Unavailable => Bearer::unauthenticated(),
            Self::Malformed => Bearer::refusing(&Error::invalid_request(
                "the Authorization header cannot be read",
            )),
            Self::Token(jose::Error::Expired) => {
                Bearer::refusing(&Error::invalid_token("the access token has expired"))
            }
            Self::Scope(scope) => Bearer::refusing(&Error::insufficient_scope(
                "the access token does not permit this",
            ))
            .with_scope(scope.clone()),
            _ => Bearer::refusing(&Error::invalid_token("the access token is not valid here")),
        }
    }
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        let challenge = self.challenge().to_string();
        (self.status(), [(http::header::WWW_AUTHENTICATE, challenge)]).into_response()
    }
}
