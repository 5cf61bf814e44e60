//! JSON that is sent to us: the text only, so that whoever reads it chooses how strictly.

use axum::body::Body;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::form::{self, FormError};

/// Reads a body of `application/json`, of `most` bytes at most.
///
/// # Errors
/// [`FormError`], whose words about the content type mean forms.
pub async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<String, FormError> {
    if !is_json(headers) {
        return Err(FormError::WrongContentType);
    }
    form::collect(body, most).await
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next();
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
