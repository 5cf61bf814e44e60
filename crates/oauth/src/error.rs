use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)*) => {
        /// A registered error code (the IANA OAuth Extensions Error registry).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)* }

        impl ErrorCode {
            /// Every code this crate knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status of a direct answer with this code: the only such table.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }
        }

        impl FromStr for ErrorCode {
            type Err = UnknownCode;
            fn from_str(text: &str) -> Result<Self, UnknownCode> {
                match text { $($name => Ok(Self::$variant),)* _ => Err(UnknownCode) }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, repeated or malformed (RFC 6749 §4.1.2.1, §5.2).
    InvalidRequest = "invalid_request", 400;
    /// Client authentication failed (RFC 6749 §5.2).
    InvalidClient = "invalid_client", 401;
    /// The code or refresh token is wrong, expired, used, revoked or not this client's (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant", 400;
    /// This client may not use this grant or response type (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client", 400;
    /// The server does not know this grant type (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// The scope is unknown, malformed or more than may be granted (RFC 6749 §5.2).
    InvalidScope = "invalid_scope", 400;
    /// The person or the server said no (RFC 6749 §4.1.2.1).
    AccessDenied = "access_denied", 400;
    /// The server does not do this response type (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type", 400;
    /// The server failed (RFC 6749 §4.1.2.1).
    ServerError = "server_error", 500;
    /// The server is overloaded or in maintenance (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable = "temporarily_unavailable", 503;
    /// The access token is expired, revoked, malformed or not for this API (RFC 6750 §3.1).
    InvalidToken = "invalid_token", 401;
    /// The access token lacks a scope (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope", 403;
    /// The resource is unknown or malformed (RFC 8707 §2).
    InvalidTarget = "invalid_target", 400;
    /// The `authorization_details` are malformed, of an unknown type, or more than may be granted (RFC 9396 §5).
    InvalidAuthorizationDetails = "invalid_authorization_details", 400;
    /// The proof of an instance of the client needs the challenge that comes with this answer (draft-ietf-oauth-attestation-based-client-auth §6.1).
    UseAttestationChallenge = "use_attestation_challenge", 400;
    /// The person did not sign in as strongly or as recently as an API asks (RFC 9470 §3).
    InsufficientUserAuthentication = "insufficient_user_authentication", 401;
    /// The person cannot sign in as strongly as the request demands (OpenID Connect Unmet Authentication Requirements).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements", 400;
    /// Nobody is signed in and no page may be shown (OpenID Connect Core §3.1.2.6).
    LoginRequired = "login_required", 400;
    /// Consent is needed and no page may be shown (OpenID Connect Core §3.1.2.6).
    ConsentRequired = "consent_required", 400;
    /// Some page is needed and none may be shown (OpenID Connect Core §3.1.2.6).
    InteractionRequired = "interaction_required", 400;
    /// An account must be chosen and no page may be shown (OpenID Connect Core §3.1.2.6).
    AccountSelectionRequired = "account_selection_required", 400;
    /// The `request_uri` cannot be used (OpenID Connect Core §3.1.2.6).
    InvalidRequestUri = "invalid_request_uri", 400;
    /// The request object cannot be used (OpenID Connect Core §3.1.2.6).
    InvalidRequestObject = "invalid_request_object", 400;
    /// `request` is not supported (OpenID Connect Core §3.1.2.6).
    RequestNotSupported = "request_not_supported", 400;
    /// `request_uri` is not supported (OpenID Connect Core §3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported", 400;
    /// `registration` is not supported (OpenID Connect Core §3.1.2.6).
    RegistrationNotSupported = "registration_not_supported", 400;
    /// This kind of token cannot be revoked here (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type", 400;
    /// The person has not decided yet: ask again after the interval (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending", 400;
    /// As `authorization_pending`, and the interval is five seconds longer from now on (RFC 8628 §3.5).
    SlowDown = "slow_down", 400;
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// Something else that is to be registered breaks a rule (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata", 400;
    /// The software statement is not what it should be (RFC 7591 §3.2.2).
    InvalidSoftwareStatement = "invalid_software_statement", 400;
    /// Nobody here trusts whoever made the software statement (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement", 400;
    /// The device code has expired (RFC 8628 §3.5).
    ExpiredToken = "expired_token", 400;
    /// The DPoP proof is missing or not acceptable (RFC 9449 §5); 401 at a resource (§7.1).
    InvalidDpopProof = "invalid_dpop_proof", 400;
    /// The DPoP proof needs the nonce that comes with this answer (RFC 9449 §8); 401 at a resource (§9).
    UseDpopNonce = "use_dpop_nonce", 400;
    /// The `login_hint_token` has expired (OpenID Connect CIBA Core §13).
    ExpiredLoginHintToken = "expired_login_hint_token", 400;
    /// The hint names nobody who can be asked (OpenID Connect CIBA Core §13).
    UnknownUserId = "unknown_user_id", 400;
    /// The person's user code is needed (OpenID Connect CIBA Core §13).
    MissingUserCode = "missing_user_code", 400;
    /// The user code is not the person's (OpenID Connect CIBA Core §13).
    InvalidUserCode = "invalid_user_code", 400;
    /// The binding message cannot be shown (OpenID Connect CIBA Core §13).
    InvalidBindingMessage = "invalid_binding_message", 400;
    /// The request is not one for a credential (OpenID4VCI 1.0 §8.3.1.2).
    InvalidCredentialRequest = "invalid_credential_request", 400;
    /// There is no such kind of credential (OpenID4VCI 1.0 §8.3.1.2).
    UnknownCredentialConfiguration = "unknown_credential_configuration", 400;
    /// There is no such credential for this token (OpenID4VCI 1.0 §8.3.1.2).
    UnknownCredentialIdentifier = "unknown_credential_identifier", 400;
    /// A proof of a key is missing or not acceptable (OpenID4VCI 1.0 §8.3.1.2).
    InvalidProof = "invalid_proof", 400;
    /// A proof has another nonce than the present one: fetch that (OpenID4VCI 1.0 §8.3.1.2).
    InvalidNonce = "invalid_nonce", 400;
    /// The request or the response cannot be encrypted so (OpenID4VCI 1.0 §8.3.1.2).
    InvalidEncryptionParameters = "invalid_encryption_parameters", 400;
    /// The issuer does not give this credential for this token, and asking again does not help (OpenID4VCI 1.0 §8.3.1.2).
    CredentialRequestDenied = "credential_request_denied", 400;
    /// The message about a credential names none (OpenID4VCI 1.0 §11.3).
    InvalidNotificationId = "invalid_notification_id", 400;
    /// The message about a credential is not one (OpenID4VCI 1.0 §11.3).
    InvalidNotificationRequest = "invalid_notification_request", 400;
    /// What was agreed to could not be completed (OpenID Connect CIBA Core §12).
    TransactionFailed = "transaction_failed", 400;
    /// No trust in the entity follows from its trust chain (OpenID Federation 1.0 §8.9).
    InvalidTrustChain = "invalid_trust_chain", 400;
    /// Its trust chains end at nobody who is trusted here (OpenID Federation 1.0 §8.9).
    InvalidTrustAnchor = "invalid_trust_anchor", 404;
    /// The metadata of the entity, or the policies that hold for it, cannot be used (OpenID Federation 1.0 §8.9).
    InvalidMetadata = "invalid_metadata", 400;
    /// Nothing is known of what was asked for (OpenID Federation 1.0 §8.9).
    NotFound = "not_found", 404;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is not an error code that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known error code")]
pub struct UnknownCode;

/// A description for the client's developer. Holds only what RFC 6749 §5.2 allows: printable ASCII without `"` and `\`, at most 400
/// characters; whatever else it is made from is replaced.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Description(Cow<'static, str>);

impl Description {
    const MAX: usize = 400;

    fn allowed(byte: u8) -> bool {
        matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)
    }

    fn clean(text: Cow<'static, str>) -> Self {
        if text.len() <= Self::MAX && text.bytes().all(Self::allowed) {
            return Self(text);
        }
        let cleaned = text.chars().take(Self::MAX).map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            c => u8::try_from(c)
                .ok()
                .filter(|b| Self::allowed(*b))
                .map_or('?', char::from),
        });
        Self(Cow::Owned(cleaned.collect()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&'static str> for Description {
    fn from(text: &'static str) -> Self {
        Self::clean(Cow::Borrowed(text))
    }
}

impl From<String> for Description {
    fn from(text: String) -> Self {
        Self::clean(Cow::Owned(text))
    }
}

impl From<Cow<'static, str>> for Description {
    fn from(text: Cow<'static, str>) -> Self {
        Self::clean(text)
    }
}

impl Deref for Description {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Description {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// A refusal as it goes on the wire: a registered code and a sentence for the developer of the client. Serialises as the JSON body of
/// RFC 6749 §5.2. The inner reason (what an operator may know and the caller may not) is the concern of whoever refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {description}")]
pub struct Error {
    /// The registered code.
    #[serde(rename = "error")]
    pub code: ErrorCode,
    /// What is wrong, in words.
    #[serde(rename = "error_description")]
    pub description: Description,
}

macro_rules! constructors {
    ($($name:ident => $variant:ident),* $(,)?) => {
        impl Error {$(
            #[doc = concat!("An error with the code [`ErrorCode::", stringify!($variant), "`].")]
            pub fn $name(description: impl Into<Description>) -> Self {
                Self::new(ErrorCode::$variant, description)
            }
        )*}
    };
}

constructors! {
    invalid_request => InvalidRequest,
    invalid_client => InvalidClient,
    invalid_grant => InvalidGrant,
    unauthorized_client => UnauthorizedClient,
    unsupported_grant_type => UnsupportedGrantType,
    invalid_scope => InvalidScope,
    access_denied => AccessDenied,
    server_error => ServerError,
    temporarily_unavailable => TemporarilyUnavailable,
    invalid_token => InvalidToken,
    insufficient_scope => InsufficientScope,
    invalid_target => InvalidTarget,
    login_required => LoginRequired,
    consent_required => ConsentRequired,
}

impl Error {
    /// An error with any code.
    pub fn new(code: ErrorCode, description: impl Into<Description>) -> Self {
        Self {
            code,
            description: description.into(),
        }
    }

    /// `invalid_request`: the parameter is not there.
    pub fn missing(parameter: &str) -> Self {
        Self::invalid_request(format!("The parameter '{parameter}' is missing."))
    }

    /// `invalid_request`: the parameter is there and is not what it must be; `expected` ends the sentence "… must be".
    pub fn malformed(parameter: &str, expected: &str) -> Self {
        Self::invalid_request(format!("The parameter '{parameter}' must be {expected}."))
    }

    /// The HTTP status of a direct answer.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// The pairs that an authorization response carries (RFC 6749 §4.1.2.1); `state` and `iss` are added by the caller.
    pub fn pairs(&self) -> [(&'static str, &str); 2] {
        [
            ("error", self.code.as_str()),
            ("error_description", self.description.as_str()),
        ]
    }
}

/// An error as a client receives it (RFC 6749 §5.2): the code may be one that this crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// The code, as sent.
    pub error: String,
    /// A sentence for the developer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// A page about the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_uri: Option<String>,
}

impl ErrorResponse {
    /// The code, if it is a known one.
    pub fn code(&self) -> Option<ErrorCode> {
        self.error.parse().ok()
    }
}

impl fmt::Display for ErrorResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.error_description {
            Some(description) => write!(f, "{}: {description}", self.error),
            None => f.write_str(&self.error),
        }
    }
}

impl From<Error> for ErrorResponse {
    fn from(error: Error) -> Self {
        Self {
            error: error.code.as_str().to_owned(),
            error_description: Some(error.description.to_string()),
            error_uri: None,
        }
    }
}
