//! Client authentication as it is presented (RFC 6749 §2.3): which client says it is there, and by which method.

pub mod assertion;
pub mod attestation;

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use crate::{Error, Params, Redacted};

/// A client authentication method, by its registered name (RFC 7591 §2, OpenID Connect Core §9, RFC 8705 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A public client: it only names itself.
    None,
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// A JWT made with the secret.
    ClientSecretJwt,
    /// A JWT signed with the client's key.
    PrivateKeyJwt,
    /// A certificate of an authority.
    TlsClientAuth,
    /// A certificate the client has registered.
    SelfSignedTlsClientAuth,
    /// A key that an attester vouches for (draft-ietf-oauth-attestation-based-client-auth).
    AttestJwtClientAuth,
}

impl Method {
    /// Every method this crate can name.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::AttestJwtClientAuth,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::AttestJwtClientAuth => "attest_jwt_client_auth",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(UnknownMethod)
    }
}

/// The text is not a client authentication method that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known client authentication method")]
pub struct UnknownMethod;

/// What a request says about its client. Nothing has been verified.
#[derive(Clone, PartialEq, Eq)]
pub enum Presented {
    /// `client_secret_basic`: the `Authorization` header.
    Basic {
        /// The claimed client.
        id: String,
        /// The claimed secret; may be empty.
        secret: String,
    },
    /// `client_secret_post`: `client_id` and `client_secret` in the body.
    Post {
        /// The claimed client.
        id: String,
        /// The claimed secret.
        secret: String,
    },
    /// `client_id` alone: `none`, or the methods of RFC 8705 when the connection has a certificate.
    None {
        /// The claimed client.
        id: String,
    },
    /// `private_key_jwt` or `client_secret_jwt`: `client_assertion` (RFC 7521 §4.2).
    Assertion {
        /// The client that the assertion names, and `client_id` beside it if that is there.
        id: String,
        /// The JWT.
        assertion: String,
    },
    /// What somebody else signed about a workload (RFC 7523 §2.2): `client_assertion` whose issuer is not its subject.
    Foreign {
        /// The claimed client, if it is named beside it.
        id: Option<String>,
        /// The JWT.
        assertion: String,
    },
    /// Nothing that names a client.
    Nothing,
}

impl Presented {
    /// The claimed client, if one is named.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { id, .. }
            | Self::Post { id, .. }
            | Self::None { id }
            | Self::Assertion { id, .. } => Some(id),
            Self::Foreign { id, .. } => id.as_deref(),
            Self::Nothing => None,
        }
    }

    /// The method that was used, if any client is named and the request alone tells.
    pub const fn method(&self) -> Option<Method> {
        match self {
            Self::Basic { .. } => Some(Method::ClientSecretBasic),
            Self::Post { .. } => Some(Method::ClientSecretPost),
            Self::None { .. } => Some(Method::None),
            Self::Assertion { .. } | Self::Foreign { .. } | Self::Nothing => None,
        }
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { id, .. } => f
                .debug_struct("Basic")
                .field("id", id)
                .field("secret", &Redacted)
                .finish(),
            Self::Post { id, .. } => f
                .debug_struct("Post")
                .field("id", id)
                .field("secret", &Redacted)
                .finish(),
            Self::None { id } => f.debug_struct("None").field("id", id).finish(),
            Self::Assertion { id, .. } => f
                .debug_struct("Assertion")
                .field("id", id)
                .field("assertion", &Redacted)
                .finish(),
            Self::Foreign { id, .. } => f
                .debug_struct("Foreign")
                .field("id", id)
                .field("assertion", &Redacted)
                .finish(),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

/// Reads the client's authentication from the `Authorization` header and the body.
///
/// More than one method is `invalid_request` (RFC 6749 §2.3); a header that cannot be read, or of another scheme than Basic, is
/// `invalid_client`, and so is an assertion that names no client. `client_id` in the body beside a Basic header or an assertion is no second
/// method, but it must name the same client.
pub fn presented(authorization: Option<&str>, params: &Params) -> Result<Presented, Error> {
    let (id, secret) = (params.get("client_id"), params.get("client_secret"));
    let assertion =
        params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some();
    let methods = [authorization.is_some(), secret.is_some(), assertion];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(Error::invalid_request(
            "The client must authenticate in one way only: header, client_secret or client_assertion.",
        ));
    }
    if assertion {
        return presented_assertion(id, params);
    }
    if let Some(header) = authorization {
        let (own, secret) = parse_basic(header).ok_or_else(|| {
            Error::invalid_client(
                "The Authorization header must be 'Basic ' and the base64 of client_id:client_secret, each form-urlencoded.",
            )
        })?;
        if id.is_some_and(|id| id != own) {
            return Err(Error::invalid_request(
                "The parameter 'client_id' names another client than the Authorization header.",
            ));
        }
        return Ok(Presented::Basic { id: own, secret });
    }
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Presented::Post {
            id: printable(id.to_owned()).ok_or_else(unreadable)?,
            secret: printable(secret.to_owned()).ok_or_else(unreadable)?,
        }),
        (Some(id), None) => Ok(Presented::None {
            id: printable(id.to_owned()).ok_or_else(unreadable)?,
        }),
        (None, Some(_)) => Err(Error::invalid_request(
            "The parameter 'client_secret' needs 'client_id' beside it.",
        )),
        (None, None) => Ok(Presented::Nothing),
    }
}

/// RFC 7521 §4.2, §4.2.1.
fn presented_assertion(id: Option<&str>, params: &Params) -> Result<Presented, Error> {
    let kind = params.get("client_assertion_type");
    if kind != Some(assertion::TYPE) && kind != Some(assertion::SPIFFE_TYPE) {
        return Err(Error::invalid_client(
            "The parameter 'client_assertion_type' must be the one for a JWT, and go with 'client_assertion'.",
        ));
    }
    let text = params.get("client_assertion").unwrap_or_default();
    if assertion::is_foreign(text) {
        let id = id.map(str::to_owned).map(printable);
        return match id {
            Some(None) => Err(unreadable()),
            id => Ok(Presented::Foreign {
                id: id.flatten(),
                assertion: text.to_owned(),
            }),
        };
    }
    match assertion::subject(text) {
        Some(own) if id.is_none_or(|id| id == own) => Ok(Presented::Assertion {
            id: printable(own).ok_or_else(unreadable)?,
            assertion: text.to_owned(),
        }),
        _ => Err(Error::invalid_client(
            "The client_assertion must be a signed JWT whose 'sub' is the client.",
        )),
    }
}

fn unreadable() -> Error {
    Error::invalid_client("The client_id and client_secret must not hold control characters.")
}

/// RFC 7617 §2 with the form-urlencoding that RFC 6749 §2.3.1 puts inside it.
fn parse_basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Base64::decode_vec(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let (id, secret) = (form_decode(id)?, form_decode(secret)?);
    if id.is_empty() {
        return None;
    }
    Some((printable(id)?, printable(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
                high << 4 | low
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn printable(text: String) -> Option<String> {
    (!text.chars().any(char::is_control)).then_some(text)
}

/// The value of the `Authorization` header for `client_secret_basic` (RFC 6749 §2.3.1).
pub fn basic(id: &str, secret: &str) -> String {
    let encode =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let pair = format!("{}:{}", encode(id), encode(secret));
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}
