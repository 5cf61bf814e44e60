use oauth::authorization::with_query;

use crate::client::Client;
use crate::discovery::browser_endpoint;
use crate::{Error, Step, observer};

impl Client {
    /// Where to send the browser to sign a person out at the server (OpenID Connect RP-Initiated Logout §2).
    pub fn end_session_url(
        &self,
        id_token_hint: Option<&str>,
        post_logout_redirect_uri: Option<&str>,
    ) -> Result<String, Error> {
        let endpoint = self.metadata().end_session_endpoint.as_deref();
        let endpoint = browser_endpoint(endpoint, "end_session_endpoint")?;
        let mut pairs = vec![("client_id", self.id())];
        pairs.extend(id_token_hint.map(|token| ("id_token_hint", token)));
        pairs.extend(post_logout_redirect_uri.map(|uri| ("post_logout_redirect_uri", uri)));
        let url = with_query(&endpoint, &pairs);
        if self.is_observed() {
            self.observe(Step::Redirect {
                url: endpoint,
                parameters: observer::parameters(&pairs),
            });
        }
        Ok(url)
    }
}
