//! The token request and response (RFC 6749 §4.1.3, §4.4.2, §5.1, §6).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::jwt_bearer::JwtBearer;
use crate::lenient;
use crate::password::Password;
use crate::pkce::Verifier;
use crate::token_exchange::TokenExchange;
use crate::{Error, Params, Redacted, Scope};

/// A grant type, by its registered name (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 6749 §6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// RFC 6749 §4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 8628.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 §2.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
    /// OpenID Connect CIBA Core §10.
    #[serde(rename = "urn:openid:params:grant-type:ciba")]
    Ciba,
    /// OpenID4VCI 1.0 §4.1.1.
    #[serde(rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code")]
    PreAuthorizedCode,
    /// RFC 6749 §4.2: never at the token endpoint.
    #[serde(rename = "implicit")]
    Implicit,
    /// RFC 6749 §4.3.
    #[serde(rename = "password")]
    Password,
}

impl GrantType {
    /// Every grant type this crate can name.
    pub const ALL: [Self; 10] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
        Self::Ciba,
        Self::PreAuthorizedCode,
        Self::Implicit,
        Self::Password,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Ciba => "urn:openid:params:grant-type:ciba",
            Self::PreAuthorizedCode => "urn:ietf:params:oauth:grant-type:pre-authorized_code",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }

    /// Whether OAuth 2.1 has left it out, so that it is there only where somebody switched it on.
    pub const fn is_retired(self) -> bool {
        matches!(self, Self::Implicit | Self::Password)
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for GrantType {
    type Err = UnknownGrantType;

    fn from_str(text: &str) -> Result<Self, UnknownGrantType> {
        Self::ALL
            .into_iter()
            .find(|grant| grant.as_str() == text)
            .ok_or(UnknownGrantType)
    }
}

/// The text is not a grant type that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known grant type")]
pub struct UnknownGrantType;

/// A token request, without the client's authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    /// Redeems an authorization code.
    AuthorizationCode(AuthorizationCode),
    /// Uses a refresh token.
    RefreshToken(RefreshToken),
    /// Asks for a token of the client's own.
    ClientCredentials(ClientCredentials),
    /// Asks whether a person has allowed a device in.
    DeviceCode(DeviceCode),
    /// Asks for another token for one that is there.
    TokenExchange(Box<TokenExchange>),
    /// Hands in what a trusted issuer says.
    JwtBearer(JwtBearer),
    /// Hands in a person's password.
    Password(Password),
    /// Asks whether a person has approved what they were asked for.
    Ciba(Ciba),
    /// Redeems what a person was offered.
    PreAuthorizedCode(PreAuthorizedCode),
}

/// The parameters of `grant_type=authorization_code` (RFC 6749 §4.1.3).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The code.
    pub code: String,
    /// The redirect URI, the same as in the authorization request.
    pub redirect_uri: Option<String>,
    /// The PKCE verifier (RFC 7636 §4.5).
    pub code_verifier: Option<Verifier>,
    /// The APIs that this token is for, among those that were granted (RFC 8707 §2.2).
    pub resource: Vec<String>,
    /// What this token is for in particular, within what was granted (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

/// The parameters of `grant_type=refresh_token` (RFC 6749 §6).
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The refresh token.
    pub refresh_token: String,
    /// A narrower scope, if less is wanted.
    pub scope: Option<Scope>,
    /// The APIs that this token is for, among those that were granted.
    pub resource: Vec<String>,
    /// What this token is for in particular, within what was granted (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

/// The parameters of `grant_type=client_credentials` (RFC 6749 §4.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCredentials {
    /// What is asked for; `None` means the client's default scopes.
    pub scope: Option<Scope>,
    /// The APIs that the token is for.
    pub resource: Vec<String>,
    /// What this token is for in particular (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

/// The parameters of `grant_type=urn:openid:params:grant-type:ciba` (OpenID Connect CIBA Core §10.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Ciba {
    /// The request.
    pub auth_req_id: String,
    /// The APIs that this token is for, among those that were granted (RFC 8707 §2.2).
    pub resource: Vec<String>,
    /// Which of what was granted in particular this token is for (RFC 9396 §6.1).
    pub authorization_details: Option<AuthorizationDetails>,
}

/// The parameters of `grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code` (OpenID4VCI 1.0 §6.1).
#[derive(Clone, PartialEq, Eq)]
pub struct PreAuthorizedCode {
    /// The code of the offer.
    pub code: String,
    /// What the person typed.
    pub tx_code: Option<String>,
    /// The APIs that this token is for, among those that were granted (RFC 8707 §2.2).
    pub resource: Vec<String>,
    /// What this token is for in particular, within what was granted (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

/// The parameters of `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4).
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// The device code.
    pub device_code: String,
    /// The APIs that this token is for, among those that were granted (RFC 8707 §2.2).
    pub resource: Vec<String>,
    /// What this token is for in particular, within what was granted (RFC 9396 §6).
    pub authorization_details: Option<AuthorizationDetails>,
}

impl TokenRequest {
    /// Reads a request. A grant type that this crate has no type for is `unsupported_grant_type`.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let name = params.required("grant_type")?;
        match name.parse() {
            Ok(GrantType::AuthorizationCode) => Ok(Self::AuthorizationCode(AuthorizationCode {
                code: params.required("code")?.to_owned(),
                redirect_uri: params.owned("redirect_uri"),
                code_verifier: params
                    .get("code_verifier")
                    .map(Verifier::parse)
                    .transpose()
                    .map_err(|_| {
                        Error::malformed(
                            "code_verifier",
                            "43 to 128 characters of A-Z a-z 0-9 - . _ ~",
                        )
                    })?,
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::RefreshToken) => Ok(Self::RefreshToken(RefreshToken {
                refresh_token: params.required("refresh_token")?.to_owned(),
                scope: scope(params)?,
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::ClientCredentials) => Ok(Self::ClientCredentials(ClientCredentials {
                scope: scope(params)?,
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::DeviceCode) => Ok(Self::DeviceCode(DeviceCode {
                device_code: params.required("device_code")?.to_owned(),
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::TokenExchange) => {
                let request = TokenExchange::parse(params)?;
                Ok(Self::TokenExchange(Box::new(request)))
            }
            Ok(GrantType::Ciba) => Ok(Self::Ciba(Ciba {
                auth_req_id: params.required("auth_req_id")?.to_owned(),
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::PreAuthorizedCode) => Ok(Self::PreAuthorizedCode(PreAuthorizedCode {
                code: params.required("pre-authorized_code")?.to_owned(),
                tx_code: params.owned("tx_code"),
                resource: resources(params)?,
                authorization_details: AuthorizationDetails::of(params)?,
            })),
            Ok(GrantType::JwtBearer) => JwtBearer::parse(params).map(Self::JwtBearer),
            Ok(GrantType::Password) => Password::parse(params).map(Self::Password),
            _ => Err(Error::unsupported_grant_type(
                "This grant_type is not supported here.",
            )),
        }
    }

    /// The grant type.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::RefreshToken(_) => GrantType::RefreshToken,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
            Self::DeviceCode(_) => GrantType::DeviceCode,
            Self::TokenExchange(_) => GrantType::TokenExchange,
            Self::JwtBearer(_) => GrantType::JwtBearer,
            Self::Ciba(_) => GrantType::Ciba,
            Self::PreAuthorizedCode(_) => GrantType::PreAuthorizedCode,
            Self::Password(_) => GrantType::Password,
        }
    }
}

fn scope(params: &Params) -> Result<Option<Scope>, Error> {
    Ok(params.get("scope").map(str::parse::<Scope>).transpose()?)
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("code", &Redacted)
            .field("redirect_uri", &self.redirect_uri)
            .field("code_verifier", &self.code_verifier)
            .field("resource", &self.resource)
            .finish()
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken")
            .field("refresh_token", &Redacted)
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .finish()
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode")
            .field("device_code", &Redacted)
            .field("resource", &self.resource)
            .finish()
    }
}

impl fmt::Debug for PreAuthorizedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreAuthorizedCode")
            .field("code", &Redacted)
            .field("tx_code", &Redacted::option(&self.tx_code))
            .field("resource", &self.resource)
            .finish()
    }
}

impl fmt::Debug for Ciba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ciba")
            .field("auth_req_id", &Redacted)
            .field("resource", &self.resource)
            .finish()
    }
}

/// The successful answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// How to use it: `Bearer`, compared without regard to case.
    pub token_type: String,
    /// In how many seconds the access token expires. A server that sends the number as a string is understood.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::integer"
    )]
    pub expires_in: Option<i64>,
    /// A refresh token, if one was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What was granted. A client that does not find it may take it to be what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// What was granted in particular (RFC 9396 §7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
    /// The ID token, if `openid` was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// What kind of token was issued in exchange (RFC 8693 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
}

impl TokenResponse {
    /// An answer with a Bearer token and nothing else yet.
    pub fn bearer(access_token: String, expires_in: i64) -> Self {
        Self {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: Some(expires_in),
            ..Self::default()
        }
    }
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("access_token", &Redacted)
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("refresh_token", &Redacted::option(&self.refresh_token))
            .field("scope", &self.scope)
            .field("id_token", &Redacted::option(&self.id_token))
            .field("issued_token_type", &self.issued_token_type)
            .finish()
    }
}
