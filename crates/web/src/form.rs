//! Forms and query strings, `application/x-www-form-urlencoded`, read strictly: what two parsers could read differently is refused.

use std::collections::HashSet;
use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// The largest form or query string, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most parameters of a form.
pub const MAX_PAIRS: usize = 512;
/// How long a body may take to arrive.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// The parameters of a form or query string, in their order. The Debug form names them without their values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// Why a form was refused. The text is safe to send: printable ASCII without quotes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Another content type, or none.
    #[error("the content type must be application/x-www-form-urlencoded")]
    WrongContentType,
    /// Over [`MAX_BYTES`].
    #[error("the request is larger than 64 KiB")]
    TooLarge,
    /// A broken percent-encoding, bytes that are not UTF-8, or over [`MAX_PAIRS`].
    #[error("the parameters are not correctly encoded")]
    Malformed,
    /// A parameter appears twice that may appear once (RFC 6749 §3.1).
    #[error("the parameter {} appears more than once", printable(.0))]
    Duplicate(String),
    /// A name or a value holds U+0000.
    #[error("a parameter contains a null character")]
    Nul,
    /// The body did not arrive in time, or the connection broke.
    #[error("the request body did not arrive")]
    Incomplete,
}

impl FormError {
    /// The HTTP status that says the same: 413, 415, 408 or 400. (OAuth's endpoints answer 400 to all of them.)
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::WrongContentType => http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => http::StatusCode::REQUEST_TIMEOUT,
            Self::Malformed | Self::Duplicate(_) | Self::Nul => http::StatusCode::BAD_REQUEST,
        }
    }
}

impl Form {
    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parameters, in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// The parameters, in order.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.pairs.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// Reads the body of a POST. Only the parameters in `repeatable` may appear more than once.
///
/// # Errors
/// See [`FormError`].
pub async fn read(headers: &HeaderMap, body: Body, repeatable: &[&str]) -> Result<Form, FormError> {
    parse(&text(headers, body).await?, repeatable)
}

/// The body of a POST as it was sent, encoded still, for who goes on with it as a query.
///
/// # Errors
/// See [`FormError`].
pub async fn text(headers: &HeaderMap, body: Body) -> Result<String, FormError> {
    if !is_form(headers) {
        return Err(FormError::WrongContentType);
    }
    collect(body, MAX_BYTES).await
}

/// A body of text, of so many bytes at most.
pub(crate) async fn collect(body: Body, most: usize) -> Result<String, FormError> {
    let collected = tokio::time::timeout(MAX_WAIT, Limited::new(body, most).collect()).await;
    let bytes = collected
        .map_err(|_| FormError::Incomplete)?
        .map_err(|error| {
            if error.is::<LengthLimitError>() || is_limit_within(error.as_ref()) {
                FormError::TooLarge
            } else {
                FormError::Incomplete
            }
        })?
        .to_bytes();
    String::from_utf8(bytes.into()).map_err(|_| FormError::Malformed)
}

/// Reads a query string, without its question mark; none is an empty form. Only the parameters in `repeatable` may appear more than once.
///
/// # Errors
/// See [`FormError`].
pub fn query(query: Option<&str>, repeatable: &[&str]) -> Result<Form, FormError> {
    parse(query.unwrap_or_default(), repeatable)
}

/// Reads encoded parameters.
///
/// # Errors
/// See [`FormError`].
pub fn parse(text: &str, repeatable: &[&str]) -> Result<Form, FormError> {
    if text.len() > MAX_BYTES {
        return Err(FormError::TooLarge);
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut seen = HashSet::new();
    for part in text.split('&').filter(|part| !part.is_empty()) {
        if pairs.len() == MAX_PAIRS {
            return Err(FormError::Malformed);
        }
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if name.contains('\0') || value.contains('\0') {
            return Err(FormError::Nul);
        }
        let once = !repeatable.contains(&name.as_str());
        if once && !seen.insert(name.clone()) {
            return Err(FormError::Duplicate(name));
        }
        pairs.push((name, value));
    }
    Ok(Form { pairs })
}

fn decode(text: &str) -> Result<String, FormError> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(text.to_owned());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = digit(bytes.next())?;
                let low = digit(bytes.next())?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| FormError::Malformed)
}

fn digit(byte: Option<u8>) -> Result<u8, FormError> {
    let digit = byte.and_then(|byte| char::from(byte).to_digit(16));
    digit
        .and_then(|digit| u8::try_from(digit).ok())
        .ok_or(FormError::Malformed)
}

fn is_form(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let other = !name.trim().eq_ignore_ascii_case("charset");
            other || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

/// A limit set further out (tower-http's `limit`) arrives wrapped.
fn is_limit_within(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.is::<LengthLimitError>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// A parameter's name as it may be shown: a foreign name must not carry quotes, control characters or an essay into an error text.
fn printable(name: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    name.chars().filter(safe).take(40).collect()
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
