//! Handing an authorization request to the server before the browser is sent there (RFC 9126).

use std::borrow::Cow;

use oauth::pushed_authorization_request::Response;

use crate::Error;
use crate::client::Client;
use crate::exchange::parsed;

const ENDPOINT: &str = "pushed_authorization_request";

impl Client {
    /// Pushes the request; what the browser carries instead of it.
    pub(crate) async fn push(&self, pairs: &[(&str, &str)]) -> Result<String, Error> {
        let metadata = self.metadata();
        let url = metadata.pushed_authorization_request_endpoint.as_deref();
        let url = self.endpoint("pushed_authorization_request_endpoint", url);
        let url = url.ok_or(Error::Unsupported("pushed_authorization_request_endpoint"))?;
        let own = |text: &&str| (*text).to_owned();
        let form = pairs
            .iter()
            // Authenticating says who the client is.
            .filter(|(name, _)| *name != "client_id")
            .map(|(name, value)| (Cow::Owned(own(name)), own(value)))
            .collect();
        let answer = self.send_fields(ENDPOINT, url, form).await?;
        let response: Response = parsed(ENDPOINT, &answer)?;
        if response.request_uri.is_empty() {
            return Err(Error::Response {
                endpoint: ENDPOINT,
                status: answer.status.as_u16(),
                reason: "it names no request",
            });
        }
        Ok(response.request_uri)
    }
}
