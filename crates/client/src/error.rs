use oauth::{ErrorCode, ErrorResponse, ScopeError, id_token::Refusal, logout_token};

/// Why something could not be obtained. Names endpoints and reasons, never a code, token or secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request brought no response.
    #[error("the {endpoint} endpoint could not be asked: {source}")]
    Request {
        /// Which endpoint, by its metadata name without `_endpoint`.
        endpoint: &'static str,
        /// Why.
        source: fetch::Error,
    },
    /// The HTTP client cannot be set up.
    #[error("outbound HTTP cannot be set up: {0}")]
    Setup(fetch::Error),
    /// No well-known address of the issuer has metadata (RFC 8414 §3, OpenID Connect Discovery §4).
    #[error("{0} has no metadata at any of its well-known addresses")]
    NoMetadata(String),
    /// The metadata names another issuer (RFC 8414 §3.3).
    #[error("the metadata of {expected} says that it belongs to {found}")]
    IssuerMismatch {
        /// The issuer that was asked for.
        expected: String,
        /// The issuer that the document names.
        found: String,
    },
    /// The server does not have what is needed.
    #[error("the server's metadata has no usable {0}")]
    Unsupported(&'static str),
    /// The response is not what the specification says.
    #[error("the {endpoint} endpoint answered {status}: {reason}")]
    Response {
        /// Which endpoint.
        endpoint: &'static str,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The server refused, in the protocol's own words (RFC 6749 §5.2).
    #[error("the {endpoint} endpoint refused: {error}")]
    Refused {
        /// Which endpoint.
        endpoint: &'static str,
        /// The HTTP status.
        status: u16,
        /// What it said.
        error: ErrorResponse,
    },
    /// The authorization endpoint sent an error back (RFC 6749 §4.1.2.1): the person said no, for instance.
    #[error("the authorization was refused: {0}")]
    Authorization(ErrorResponse),
    /// The browser brought back something that is not the answer to this request.
    #[error("the answer that the browser brought is refused: {0}")]
    Callback(#[from] CallbackError),
    /// The ID token is not acceptable.
    #[error("the ID token is refused: {0}")]
    IdToken(#[from] IdTokenError),
    /// The logout token is not acceptable.
    #[error("the logout token is refused: {0}")]
    Logout(#[from] LogoutError),
    /// The scope that was asked for is malformed.
    #[error("the scope cannot be asked for: {0}")]
    Scope(#[from] ScopeError),
    /// The request is not complete: no redirect URI, or a secret where none may be.
    #[error("the request cannot be made: {0}")]
    Incomplete(&'static str),
    /// There is no refresh token, or the server no longer accepts it: the person has to sign in again.
    #[error("the session has ended; sign in again")]
    SignInAgain,
    /// The loopback listener failed.
    #[error("the loopback listener failed: {0}")]
    Loopback(std::io::ErrorKind),
    /// Nobody came back from the browser in time.
    #[error("nobody came back from the browser in time")]
    TimedOut,
    /// The task that renewed the token was stopped.
    #[error("the renewal was interrupted")]
    Interrupted,
}

impl Error {
    /// The registered error code, when the server sent one that is known.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { error, .. } | Self::Authorization(error) => error.code(),
            _ => None,
        }
    }
}

/// Why an authorization response is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// A parameter occurs twice (RFC 6749 §3.1).
    #[error("a parameter occurs more than once")]
    Repeated,
    /// `state` is absent or another: not an answer to this request (RFC 6749 §10.12).
    #[error("its state is not the one that was sent")]
    State,
    /// `iss` is another: a mix-up (RFC 9207 §2.4).
    #[error("it comes from another issuer")]
    Issuer,
    /// `iss` is absent, though the server says that it sends it (RFC 9207 §2.4).
    #[error("it does not say which issuer it comes from")]
    IssuerMissing,
    /// It is not the signed JWT that was asked for (JARM §2.4): somebody stripped the signature.
    #[error("it is not the signed response that was asked for")]
    Unsigned,
    /// The JWT that holds it is not acceptable: its form, its signature, its issuer, its audience or its age (JARM §2.4).
    #[error("the signed response is refused: {0}")]
    Response(jose::Error),
    /// Neither `code` nor `error`.
    #[error("it holds neither a code nor an error")]
    Empty,
    /// The request was begun with another server or client.
    #[error("the request was begun with another server")]
    OtherClient,
}

/// Why an ID token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// There is none, though `openid` was asked for (OpenID Connect Core §3.1.3.3).
    #[error("there is none")]
    Missing,
    /// Its form or its signature (items 6 to 8 of §3.1.3.7).
    #[error("{0}")]
    Token(#[from] jose::Error),
    /// Its claims.
    #[error("{0}")]
    Claims(#[from] Refusal),
    /// A refresh brought one about another person or sign-in (§12.2).
    #[error("a refresh brought one about somebody else")]
    Changed,
}

/// Why a logout token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutError {
    /// Its form, its signature, its issuer, its audience or its times (OpenID Connect Back-Channel Logout §2.6, items 1 to 3).
    #[error("{0}")]
    Token(#[from] jose::Error),
    /// Its claims (items 3 to 6).
    #[error("{0}")]
    Claims(#[from] logout_token::Refusal),
    /// It was here before (item 7).
    #[error("it was here before")]
    Replayed,
    /// There are more than can be remembered.
    #[error("there are more than can be remembered")]
    Full,
}
