use serde::{Deserialize, Serialize};

use super::ResponseType;
use crate::{Error, Params};

/// What carries the parameters of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// The query of the redirect URI.
    Query,
    /// The fragment of the redirect URI.
    Fragment,
    /// A form that the browser posts to the redirect URI.
    FormPost,
}

/// How the response travels: OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode §2, and with `.jwt` inside a signed JWT
/// (JARM §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    #[serde(rename = "query")]
    Query,
    /// In the fragment of the redirect URI.
    #[serde(rename = "fragment")]
    Fragment,
    /// As a form that the browser posts to the redirect URI.
    #[serde(rename = "form_post")]
    FormPost,
    /// Signed, in the query.
    #[serde(rename = "query.jwt")]
    QueryJwt,
    /// Signed, in the fragment.
    #[serde(rename = "fragment.jwt")]
    FragmentJwt,
    /// Signed, as a form.
    #[serde(rename = "form_post.jwt")]
    FormPostJwt,
}

impl ResponseMode {
    /// All of them; `jwt` is another name of one of the signed ones (JARM §2.3.4).
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Fragment,
        Self::FormPost,
        Self::QueryJwt,
        Self::FragmentJwt,
        Self::FormPostJwt,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// What carries the parameters, or the JWT with them.
    pub const fn carrier(self) -> Carrier {
        match self {
            Self::Query | Self::QueryJwt => Carrier::Query,
            Self::Fragment | Self::FragmentJwt => Carrier::Fragment,
            Self::FormPost | Self::FormPostJwt => Carrier::FormPost,
        }
    }

    /// Whether the parameters are in a signed JWT (JARM).
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }

    /// The same carrier, signed.
    #[must_use]
    pub const fn signed(self) -> Self {
        match self.carrier() {
            Carrier::Query => Self::QueryJwt,
            Carrier::Fragment => Self::FragmentJwt,
            Carrier::FormPost => Self::FormPostJwt,
        }
    }

    /// The mode in which to answer a request that may be wrong elsewhere. Whatever is wrong, an answer is signed when a signed one was asked for, and stays
    /// out of the query when tokens were asked for.
    pub fn of(params: &Params) -> Self {
        let types = params.get("response_type").unwrap_or_default();
        let tokens = types
            .split(' ')
            .any(|word| word == "token" || word == "id_token");
        let asked = params.get("response_mode");
        let named = asked.and_then(|text| Self::named(text, tokens));
        named
            .filter(|mode| !(tokens && mode.carrier() == Carrier::Query))
            .unwrap_or_else(|| Self::usual(tokens, asked.is_some_and(wants_jwt)))
    }

    /// The mode of a response of this type when none is asked for.
    pub const fn default_for(response_type: ResponseType) -> Self {
        Self::usual(response_type.is_front_channel(), false)
    }

    const fn usual(tokens: bool, signed: bool) -> Self {
        match (tokens, signed) {
            (false, false) => Self::Query,
            (true, false) => Self::Fragment,
            (false, true) => Self::QueryJwt,
            (true, true) => Self::FragmentJwt,
        }
    }

    fn named(text: &str, tokens: bool) -> Option<Self> {
        if text == "jwt" {
            return Some(Self::usual(tokens, true));
        }
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// Tokens never travel in a query, where servers, proxies and histories keep them, nor in a signed JWT there, which anybody can read (Multiple Response
    /// Type Encoding Practices §3 and §5, JARM §2.3.1).
    pub(super) fn parse(text: Option<&str>, response_type: ResponseType) -> Result<Self, Error> {
        let Some(text) = text else {
            return Ok(Self::default_for(response_type));
        };
        let tokens = response_type.is_front_channel();
        let mode = Self::named(text, tokens).ok_or_else(|| {
            Error::malformed(
                "response_mode",
                "'query', 'fragment', 'form_post', 'query.jwt', 'fragment.jwt', 'form_post.jwt' or 'jwt'",
            )
        })?;
        if tokens && mode.carrier() == Carrier::Query {
            return Err(Error::invalid_request(
                "The parameter 'response_mode' must not put tokens into the query.",
            ));
        }
        Ok(mode)
    }
}

fn wants_jwt(text: &str) -> bool {
    text == "jwt" || text.ends_with(".jwt")
}
