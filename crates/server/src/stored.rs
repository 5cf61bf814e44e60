//! How values stand in text columns. What does not read back was written by somebody else: that is a failure of ours, not of the request.

use std::str::FromStr;

use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::Confirmation;
use oauth::claims_request::ClaimsRequest;

use crate::refusal::Refusal;

/// A list of strings as a JSON array.
pub(crate) fn list(items: &[String]) -> String {
    serde_json::Value::from(items.to_vec()).to_string()
}

/// The list that [`list`] wrote.
pub(crate) fn unlist(text: &str) -> Result<Vec<String>, Refusal> {
    serde_json::from_str(text).map_err(|_| Refusal::Failed("a stored list is damaged".to_owned()))
}

/// The confirmation that [`Confirmation::to_text`] wrote.
pub(crate) fn confirmation(text: &str) -> Result<Confirmation, Refusal> {
    Confirmation::from_text(text)
        .map_err(|_| Refusal::Failed("a stored confirmation is damaged".to_owned()))
}

/// The details that [`AuthorizationDetails::to_text`] wrote.
pub(crate) fn details(text: &str) -> Result<AuthorizationDetails, Refusal> {
    serde_json::from_str(text)
        .map_err(|_| Refusal::Failed("stored authorization_details are damaged".to_owned()))
}

/// The wishes that [`ClaimsRequest::to_text`] wrote.
pub(crate) fn claims(text: &str) -> Result<ClaimsRequest, Refusal> {
    ClaimsRequest::from_text(text)
        .map_err(|_| Refusal::Failed("stored claims are damaged".to_owned()))
}

/// A typed value from its text.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, Refusal> {
    text.parse()
        .map_err(|_| Refusal::Failed("a stored value is damaged".to_owned()))
}
