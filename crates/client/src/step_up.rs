//! What to do when an API asks for a stronger or more recent sign-in (RFC 9470 §4).

use http::header::WWW_AUTHENTICATE;
use oauth::ErrorCode;
use oauth::challenge::Bearer;

use crate::Authorization;

/// The challenge of an API that does not take the person's sign-in for enough: `insufficient_user_authentication`. `None` for any other answer.
pub fn step_up_challenge(response: &fetch::Response) -> Option<Bearer> {
    if response.status != http::StatusCode::UNAUTHORIZED {
        return None;
    }
    let values = response.headers.get_all(WWW_AUTHENTICATE).iter();
    let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let challenge = Bearer::parse_any(texts)?;
    (challenge.error == Some(ErrorCode::InsufficientUserAuthentication)).then_some(challenge)
}

impl Authorization<'_> {
    /// Asks for the sign-in that an API demands: its `acr_values` and its `max_age`, and its scope where this request has none of its own. What the API
    /// says goes to the server as it is; only the server decides what it means.
    pub fn step_up(mut self, challenge: &Bearer) -> Self {
        if let Some(values) = &challenge.acr_values {
            self = self.parameter("acr_values", values);
        }
        if let Some(seconds) = challenge.max_age {
            self = self.max_age(seconds);
        }
        match &challenge.scope {
            Some(scope) if !self.has_scope() => self.scope(scope.to_string()),
            _ => self,
        }
    }
}
