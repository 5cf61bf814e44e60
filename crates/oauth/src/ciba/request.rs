//! The authentication request (§7.1), as parameters or as the claims of a signed one (§7.1.1).

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::BindingMessage;
use crate::authorization::resources;
use crate::authorization_details::AuthorizationDetails;
use crate::lenient;
use crate::{Error, Params, Redacted, Scope};

/// Longest hint, in bytes.
const LONGEST_HINT: usize = 8 * 1024;
/// Longest user code that is looked at, in bytes.
const LONGEST_USER_CODE: usize = 256;
/// How many authentication contexts may be asked for.
const MOST_CONTEXTS: usize = 20;

/// What a client asks for (§7.1), without its authentication. `Debug` says nothing about the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for, `openid` among it.
    pub scope: Scope,
    /// The APIs that tokens are for (RFC 8707).
    pub resource: Vec<String>,
    /// What is asked for in particular (RFC 9396 §2).
    pub authorization_details: Option<AuthorizationDetails>,
    /// Who is asked.
    pub hint: Hint,
    /// What the client wants to be called with.
    pub client_notification_token: Option<NotificationToken>,
    /// The authentication contexts that it would like, the best first.
    pub acr_values: Vec<String>,
    /// What the person sees on both devices.
    pub binding_message: Option<BindingMessage>,
    /// What only the person and the client know, so that nobody else makes the phone ring.
    pub user_code: Option<String>,
    /// For how many seconds it wants the request to stand.
    pub requested_expiry: Option<i64>,
    /// How long ago the person may have signed in, in seconds (as OpenID Connect Core §3.1.2.1 has it).
    pub max_age: Option<i64>,
}

/// Who is asked: exactly one of the three.
#[derive(Clone, PartialEq, Eq)]
pub enum Hint {
    /// `login_hint`: a name.
    Login(String),
    /// `id_token_hint`: an ID token that the client has.
    IdToken(String),
    /// `login_hint_token`: a JWT that says who.
    Token(String),
}

/// `client_notification_token`: a bearer token that the server shows when it calls the client. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct NotificationToken(String);

impl NotificationToken {
    /// Reads a token: of the characters of RFC 6750 §2.1, at most 1024, and so long that it can hold 128 random bits (§7.1).
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let body = text.trim_end_matches('=');
        let fits = (22..=1024).contains(&text.len());
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if fits && !body.is_empty() && body.bytes().all(legal) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::malformed(
            "client_notification_token",
            "a bearer token of 22 to 1024 characters",
        ))
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NotificationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NotificationToken").field(&Redacted).finish()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("scope", &self.scope)
            .field("resource", &self.resource)
            .field("requested_expiry", &self.requested_expiry)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Login(_) => "login_hint",
            Self::IdToken(_) => "id_token_hint",
            Self::Token(_) => "login_hint_token",
        })
    }
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// `invalid_request`, `invalid_scope` or `invalid_binding_message` (§13).
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let scope: Scope = params.required("scope")?.parse()?;
        if !scope.contains("openid") {
            return Err(Error::invalid_scope("The scope must contain openid."));
        }
        Ok(Self {
            scope,
            resource: resources(params)?,
            authorization_details: AuthorizationDetails::of(params)?,
            hint: hint(params)?,
            client_notification_token: params
                .get("client_notification_token")
                .map(NotificationToken::parse)
                .transpose()?,
            acr_values: contexts(params)?,
            binding_message: params
                .get("binding_message")
                .map(BindingMessage::parse)
                .transpose()?,
            user_code: short(params, "user_code", LONGEST_USER_CODE)?,
            requested_expiry: seconds(params, "requested_expiry", 1)?,
            max_age: seconds(params, "max_age", 0)?,
        })
    }
}

/// §7.1: exactly one hint.
fn hint(params: &Params) -> Result<Hint, Error> {
    let text = |name| short(params, name, LONGEST_HINT);
    match (
        text("login_hint")?,
        text("id_token_hint")?,
        text("login_hint_token")?,
    ) {
        (Some(name), None, None) => Ok(Hint::Login(name)),
        (None, Some(token), None) => Ok(Hint::IdToken(token)),
        (None, None, Some(token)) => Ok(Hint::Token(token)),
        _ => Err(Error::invalid_request(
            "Exactly one of login_hint, id_token_hint and login_hint_token is needed.",
        )),
    }
}

fn short(params: &Params, name: &str, most: usize) -> Result<Option<String>, Error> {
    match params.get(name) {
        Some(text) if text.len() > most => {
            Err(Error::malformed(name, &format!("at most {most} bytes")))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn contexts(params: &Params) -> Result<Vec<String>, Error> {
    let Some(text) = short(params, "acr_values", LONGEST_HINT)? else {
        return Ok(Vec::new());
    };
    let values: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if values.len() > MOST_CONTEXTS {
        return Err(Error::malformed("acr_values", "at most 20 values"));
    }
    Ok(values)
}

fn seconds(params: &Params, name: &str, least: i64) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is too large for a number is as good as the largest.
    let value = digits.then(|| text.parse::<i64>().unwrap_or(i64::MAX));
    match value.filter(|value| *value >= least) {
        Some(value) => Ok(Some(value)),
        None => Err(Error::malformed(name, "a number of seconds")),
    }
}

/// The claims of a signed authentication request (§7.1.1).
#[derive(Clone, Deserialize)]
pub struct SignedRequest {
    /// Names the request; another one with it is a repetition.
    pub jti: Option<String>,
    /// When it was made (unix seconds).
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub iat: Option<i64>,
    /// From when on it counts (unix seconds).
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub nbf: Option<i64>,
    /// When it ends (unix seconds).
    #[serde(default, deserialize_with = "lenient::optional_seconds")]
    pub exp: Option<i64>,
    /// The parameters, and what else there is.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedRequest(…)")
    }
}

/// What may stand beside a signed request: how the client authenticates (§7.1.1).
const BESIDE: [&str; 5] = [
    "request",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
];

impl SignedRequest {
    /// The parameters that stand in the claims. Numbers may be numbers or strings.
    ///
    /// # Errors
    /// `invalid_request` when one holds U+0000.
    pub fn params(&self) -> Result<Params, Error> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.rest {
            if matches!(name.as_str(), "iss" | "aud") {
                continue;
            }
            match value {
                Value::Array(items) if name == "resource" => {
                    let texts = items.iter().map(text);
                    pairs.extend(texts.map(|text| (name.clone(), text)));
                }
                value => pairs.push((name.clone(), text(value))),
            }
        }
        if pairs.iter().any(|(_, text)| text.contains('\0')) {
            return Err(Error::invalid_request(
                "A parameter holds a character that is not allowed.",
            ));
        }
        Ok(Params::new(pairs))
    }

    /// Whether nothing of the request stands outside of what was signed.
    ///
    /// # Errors
    /// `invalid_request` (§7.1.1).
    pub fn is_alone(outside: &Params) -> Result<(), Error> {
        let other = outside
            .pairs()
            .iter()
            .any(|(name, _)| !BESIDE.contains(&name.as_str()));
        if other {
            return Err(Error::invalid_request(
                "Beside a signed request there are no other parameters than those of client authentication.",
            ));
        }
        Ok(())
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}
