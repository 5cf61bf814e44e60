//! The authorization request and response (RFC 6749 §4.1, OpenID Connect Core §3.1.2).

mod front_channel;
mod prompt;
mod response;
mod response_mode;
mod response_type;

pub use prompt::{Prompt, Prompts};
pub use response::{response_url, with_query};
pub use response_mode::{Carrier, ResponseMode};
pub use response_type::{ResponseType, UnknownResponseType};

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::authorization_details::AuthorizationDetails;
use crate::claims_request::ClaimsRequest;
use crate::pkce::{self, Challenge};
use crate::{Error, ErrorCode, Params, Redacted, Scope, language};

/// How the pages are to be shown (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Display {
    /// A full page.
    Page,
    /// A small window.
    Popup,
    /// A touch screen.
    Touch,
    /// A feature phone.
    Wap,
}

impl Display {
    fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "page" => Ok(Self::Page),
            "popup" => Ok(Self::Popup),
            "touch" => Ok(Self::Touch),
            "wap" => Ok(Self::Wap),
            _ => Err(Error::malformed(
                "display",
                "'page', 'popup', 'touch' or 'wap'",
            )),
        }
    }
}

/// An authorization request whose every parameter is well formed.
///
/// Serialises, so that it can travel sealed while the person signs in. The `Debug` output leaves out what the client means to keep to itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: String,
    /// Where to answer, as requested; [`find`](crate::redirect_uri::find) says whether it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What to send back.
    pub response_type: ResponseType,
    /// How to send it back.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// What is asked for; `None` means the client's default scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Returned unchanged with every answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The PKCE challenge, always of S256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<Challenge>,
    /// Put into the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the person must, or must not, be asked.
    #[serde(default)]
    pub prompt: Prompts,
    /// How many seconds ago the person may have signed in at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Whom to suggest on the sign-in page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Languages for the pages, the best first (BCP 47). Malformed ones have been left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// An ID token that says who is expected to be signed in; not verified here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
    /// Authentication contexts that would please the client, the best first; voluntary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Single claims that are asked for (OpenID Connect Core §5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsRequest>,
    /// How to show the pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// The APIs that the token is for (RFC 8707): absolute URIs without fragment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
    /// What is asked for in particular (RFC 9396 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<AuthorizationDetails>,
    /// The thumbprint of the key with which alone the code may be redeemed (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What a credential issuer's offer told the wallet to repeat (OpenID4VCI 1.0 §5.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_state: Option<String>,
}

impl AuthorizationRequest {
    /// Reads a request. Call it only after the client and the redirect URI are known to be good, since its errors are answered by redirect.
    /// Each error names the parameter.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        refuse_unsupported(params)?;
        let response_type = response_type(params)?;
        let response_mode = ResponseMode::parse(params.get("response_mode"), response_type)?;
        let scope = params.get("scope").map(str::parse::<Scope>).transpose()?;
        let redirect_uri = params.owned("redirect_uri");
        if redirect_uri.is_none() && scope.as_ref().is_some_and(|scope| scope.contains("openid")) {
            return Err(Error::invalid_request(
                "The parameter 'redirect_uri' is missing; a request with the scope openid must have it.",
            ));
        }
        let claims = ClaimsRequest::of(params)?;
        let request = Self {
            client_id: params.required("client_id")?.to_owned(),
            redirect_uri,
            response_type,
            response_mode,
            scope,
            state: without_controls(params, "state")?,
            code_challenge: challenge(params)?,
            nonce: without_controls(params, "nonce")?,
            prompt: Prompts::parse(params.get("prompt").unwrap_or_default())?,
            max_age: params.get("max_age").map(seconds).transpose()?,
            login_hint: without_controls(params, "login_hint")?,
            issuer_state: without_controls(params, "issuer_state")?,
            ui_locales: ui_locales(params),
            id_token_hint: params.owned("id_token_hint"),
            acr_values: match (params.get("acr_values"), &claims) {
                // Either way to ask means the same here: the first that can be reached.
                (None, Some(claims)) => claims.acr.clone(),
                (_, Some(claims)) if claims.is_acr_essential => claims.acr.clone(),
                (said, _) => words(said).collect(),
            },
            claims: claims.clone(),
            display: params.get("display").map(Display::parse).transpose()?,
            resource: resources(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
            dpop_jkt: params.get("dpop_jkt").map(thumbprint).transpose()?,
        };
        if response_type.is_front_channel() {
            front_channel::check(&request)?;
        }
        Ok(request)
    }

    /// Whether this is an OpenID Connect request.
    pub fn is_openid(&self) -> bool {
        self.scope
            .as_ref()
            .is_some_and(|scope| scope.contains("openid"))
    }
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("state", &Redacted::option(&self.state))
            .field("nonce", &Redacted::option(&self.nonce))
            .field("code_challenge", &Redacted::option(&self.code_challenge))
            .field("id_token_hint", &Redacted::option(&self.id_token_hint))
            .finish_non_exhaustive()
    }
}

fn response_type(params: &Params) -> Result<ResponseType, Error> {
    params.required("response_type")?.parse().map_err(|_| {
        Error::new(
            ErrorCode::UnsupportedResponseType,
            "This response_type is not supported here.",
        )
    })
}

fn refuse_unsupported(params: &Params) -> Result<(), Error> {
    let unsupported = [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ];
    for (name, code) in unsupported {
        if params.get(name).is_some() {
            let text = format!("The parameter '{name}' is not supported.");
            return Err(Error::new(code, text));
        }
    }
    Ok(())
}

/// The challenge, if there is one. Without a method it would be `plain` (RFC 7636 §4.3), which is refused like any other than S256.
fn challenge(params: &Params) -> Result<Option<Challenge>, Error> {
    match (
        params.get("code_challenge"),
        params.get("code_challenge_method"),
    ) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid_request(
            "The parameter 'code_challenge_method' needs 'code_challenge' beside it.",
        )),
        (Some(_), None) => Err(Error::invalid_request(
            "The parameter 'code_challenge_method' is missing, which means 'plain'; only 'S256' is accepted.",
        )),
        (Some(challenge), Some(pkce::METHOD)) => {
            Challenge::parse(challenge).map(Some).map_err(|_| {
                Error::malformed(
                    "code_challenge",
                    "43 characters of base64url, the SHA-256 hash of the code_verifier",
                )
            })
        }
        (Some(_), Some(_)) => Err(Error::malformed("code_challenge_method", "'S256'")),
    }
}

fn without_controls(params: &Params, name: &'static str) -> Result<Option<String>, Error> {
    match params.get(name) {
        Some(text) if text.chars().any(char::is_control) => {
            Err(Error::malformed(name, "free of control characters"))
        }
        other => Ok(other.map(str::to_owned)),
    }
}

fn seconds(text: &str) -> Result<i64, Error> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| Error::malformed("max_age", "a number of seconds, zero or more"))
}

/// A SHA-256 JWK thumbprint (RFC 7638).
fn thumbprint(text: &str) -> Result<String, Error> {
    match jose::base64url::decode(text) {
        Ok(hash) if hash.len() == 32 => Ok(text.to_owned()),
        _ => Err(Error::malformed(
            "dpop_jkt",
            "43 characters of base64url, the SHA-256 thumbprint of a key",
        )),
    }
}

fn words(text: Option<&str>) -> impl Iterator<Item = String> {
    text.unwrap_or_default()
        .split(' ')
        .filter(|word| !word.is_empty())
        .take(64)
        .map(str::to_owned)
}

/// The languages for pages, the best first (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2); what is no language tag is left out.
pub fn ui_locales(params: &Params) -> Vec<String> {
    words(params.get("ui_locales"))
        .filter(|tag| language::is_tag(tag))
        .collect()
}

/// Every `resource`: an absolute URI without fragment (RFC 8707 §2), named once or many times.
pub(crate) fn resources(params: &Params) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    for resource in params.all("resource") {
        if !is_resource(resource) {
            return Err(Error::invalid_target(
                "The parameter 'resource' must be an absolute URI without fragment.",
            ));
        }
        if found.len() == 32 {
            return Err(Error::invalid_target(
                "The parameter 'resource' occurs more than 32 times.",
            ));
        }
        if !found.iter().any(|known| known == resource) {
            found.push(resource.to_owned());
        }
    }
    Ok(found)
}

/// Whether the text can name an API: an absolute URI (`https://api.example.com/notes`, `urn:demo:notes`) without fragment.
pub fn is_resource(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains('#') && Url::parse(text).is_ok()
}
