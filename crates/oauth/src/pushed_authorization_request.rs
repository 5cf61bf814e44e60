//! Pushed authorization requests (RFC 9126): the request goes from the client straight to the server, and the browser carries a reference to it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Params, Redacted, lenient};

/// How a reference begins (§2.2); what follows cannot be guessed.
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The longest reference that is looked at, in bytes.
const LONGEST: usize = 200;

/// What follows the prefix of a reference, if that is what the text is.
pub fn reference(request_uri: &str) -> Option<&str> {
    let random = request_uri.strip_prefix(PREFIX)?;
    let fits = !random.is_empty()
        && request_uri.len() <= LONGEST
        && random
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    fits.then_some(random)
}

/// The parameters of an authorization request among those that were pushed (§2.1): without those that authenticated the client, and with its identifier.
///
/// # Errors
/// `invalid_request` when there is a `request_uri`, or a `client_id` that is not that of the client which authenticated.
pub fn request(pushed: &Params, client: &str) -> Result<Params, Error> {
    const AUTHENTICATION: [&str; 3] =
        ["client_secret", "client_assertion", "client_assertion_type"];
    if pushed.get("request_uri").is_some() {
        return Err(Error::new(
            ErrorCode::InvalidRequest,
            "The parameter 'request_uri' must not be pushed (RFC 9126 section 2.1).",
        ));
    }
    match pushed.get("client_id") {
        Some(id) if id != client => {
            return Err(Error::invalid_request(
                "The parameter 'client_id' must be that of the client which authenticated.",
            ));
        }
        _ => {}
    }
    let mut pairs = vec![("client_id".to_owned(), client.to_owned())];
    let kept = pushed.pairs().iter().filter(|(name, value)| {
        !value.is_empty() && name != "client_id" && !AUTHENTICATION.contains(&name.as_str())
    });
    pairs.extend(kept.cloned());
    Ok(Params::new(pairs))
}

/// The successful answer (§2.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The reference, to be sent with the browser as `request_uri`.
    pub request_uri: String,
    /// In how many seconds it expires.
    #[serde(deserialize_with = "lenient::seconds")]
    pub expires_in: i64,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("request_uri", &Redacted)
            .field("expires_in", &self.expires_in)
            .finish()
    }
}
