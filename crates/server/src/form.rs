//! The parameters of a request, from its query or its body.

use axum::body::Body;
use axum::http::Uri;
use oauth::Params;
use web::form::FormError;

use crate::call::Call;
use crate::refusal::Reason;

/// The parameters that may occur more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: &[&str] = &["resource", "audience"];

/// The parameters of a form in the body.
///
/// # Errors
/// `invalid_request` with the rule of RFC 6749 §3.2 that is broken.
pub(crate) async fn body(call: &Call, body: Body) -> Result<Params, Reason> {
    web::form::read(&call.headers, body, REPEATABLE)
        .await
        .map(|form| Params::new(form.into_pairs()))
        .map_err(|error| reason(&error))
}

/// The longest query that a browser is sent to, in bytes: servers and proxies cut longer addresses off.
const LONGEST_QUERY: usize = 32 * 1024;

/// The parameters of a form in the body, as a query string. A parameter that occurs twice is there twice: what becomes of the request is said where the
/// query arrives.
///
/// # Errors
/// As [`body`], but for duplicates.
pub(crate) async fn body_as_query(call: &Call, body: Body) -> Result<String, Reason> {
    let text = web::form::text(&call.headers, body)
        .await
        .map_err(|error| reason(&error))?;
    let params = match web::form::parse(&text, REPEATABLE) {
        Ok(form) => Params::new(form.into_pairs()),
        Err(FormError::Duplicate(_)) => Params::parse(&text),
        Err(error) => return Err(reason(&error)),
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(params.pairs())
        .finish();
    if query.len() > LONGEST_QUERY {
        return Err(Reason::FormTooLarge);
    }
    Ok(query)
}

/// The parameters of the query.
///
/// # Errors
/// As [`body`].
pub(crate) fn query(uri: &Uri) -> Result<Params, Reason> {
    query_with(uri, REPEATABLE)
}

/// The parameters of the query, where others may occur more than once.
///
/// # Errors
/// As [`body`].
pub(crate) fn query_with(uri: &Uri, repeatable: &[&str]) -> Result<Params, Reason> {
    web::form::query(uri.query(), repeatable)
        .map(|form| Params::new(form.into_pairs()))
        .map_err(|error| reason(&error))
}

fn reason(error: &FormError) -> Reason {
    match error {
        FormError::WrongContentType => Reason::FormContentType,
        FormError::TooLarge => Reason::FormTooLarge,
        FormError::Malformed => Reason::FormMalformed,
        FormError::Duplicate(_) => Reason::FormDuplicate,
        FormError::Nul => Reason::FormNul,
        FormError::Incomplete => Reason::FormIncomplete,
    }
}
