use serde::{Deserialize, Serialize};

use crate::redirect_uri::ReturnTo;
use crate::{Error, Params};

/// How the response travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// As a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// The mode in which to answer a request that may be wrong elsewhere: `form_post` when it asks for that, else the query.
    pub fn of(params: &Params) -> Self {
        match params.get("response_mode") {
            Some("form_post") => Self::FormPost,
            _ => Self::Query,
        }
    }

    pub(super) fn parse(text: Option<&str>) -> Result<Self, Error> {
        match text {
            None | Some("query") => Ok(Self::Query),
            Some("form_post") => Ok(Self::FormPost),
            Some(_) => Err(Error::malformed("response_mode", "'query' or 'form_post'")),
        }
    }
}

/// Where to send the browser with these parameters: for [`ResponseMode::Query`] the redirect URI with the pairs added to whatever query it has,
/// for [`ResponseMode::FormPost`] the redirect URI itself, the `action` of the form.
pub fn response_url(to: &ReturnTo, mode: ResponseMode, pairs: &[(&str, &str)]) -> String {
    match mode {
        ResponseMode::Query => with_query(to.as_str(), pairs),
        ResponseMode::FormPost => to.as_str().to_owned(),
    }
}

/// Adds pairs to the query of a URI that has no fragment; what stands there already stays as it is (RFC 6749 §3.1.2).
pub fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = uri.to_owned();
    if pairs.is_empty() {
        return url;
    }
    match url.split_once('?') {
        None => url.push('?'),
        Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
        Some(_) => url.push('&'),
    }
    let encoded = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    url + &encoded
}
