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
    read_as(headers, body, &["application/json"], most)
        .await
        .map(|(_, text)| text)
}

/// As [`read`], text of one of these media types; says which, by its place among them.
///
/// # Errors
/// As [`read`].
pub async fn read_as(
    headers: &HeaderMap,
    body: Body,
    kinds: &[&str],
    most: usize,
) -> Result<(usize, String), FormError> {
    let kind = media_type(headers).unwrap_or_default();
    let which = kinds.iter().position(|own| kind.eq_ignore_ascii_case(own));
    let which = which.ok_or(FormError::WrongContentType)?;
    Ok((which, form::collect(body, most).await?))
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    value.to_str().ok()?.split(';').next().map(str::trim)
}
