//! Request objects at an address of the client's (RFC 9101 §5.2, §10.4): one that it registered, fetched through the guard.

use std::time::Duration;

use fetch::{Fetch, FetchOptions};
use realm::Client;
use web::limit::{Limiter, Rate};

use super::rules::is_registered;
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::sought::Standing;

/// How long an answer may take, from the first byte to the last: a person is waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest object, in bytes.
const LONGEST: usize = jose::limits::TOKEN;

/// Thirty objects at once, then one each two seconds: from one address, whoever it is. Nobody can use us to call others more often.
pub(crate) const DEFAULT: Rate = Rate {
    burst: 30,
    seconds_each: 2,
};

/// What fetches them.
pub(crate) struct References {
    fetch: Option<Fetch>,
    limiter: Limiter,
}

impl References {
    pub(crate) fn new(options: FetchOptions, limiter: Limiter) -> Self {
        let options = FetchOptions {
            timeout: options.timeout.min(PATIENCE),
            max_bytes: LONGEST,
            ..options
        };
        let fetch = Fetch::new(options)
            .inspect_err(|error| tracing::error!(%error, "no request_uri can be fetched"))
            .ok();
        Self { fetch, limiter }
    }

    /// The object at an address.
    ///
    /// # Errors
    /// `invalid_request_uri`, or [`Refusal::TooMany`].
    pub(super) async fn get(
        &self,
        call: &Call,
        client: &Client,
        request_uri: &str,
    ) -> Result<String, Refusal> {
        if !is_registered(&client.request_uris, request_uri) {
            return Err(Reason::RequestUriUnregistered.into());
        }
        let network = call.address.map(|address| address.network());
        self.limiter
            .take((call.realm.name(), network))
            .map_err(|wait| Refusal::TooMany(wait.0))?;
        let unreachable = |cause: String| {
            tracing::warn!(client = client.id, cause, "a request object cannot be had");
            Refusal::from(Reason::RequestUriUnreachable)
        };
        let Some(fetch) = &self.fetch else {
            return Err(unreachable("outbound requests are off".to_owned()));
        };
        let (address, _) = request_uri.split_once('#').unwrap_or((request_uri, ""));
        let accept = [("accept", "application/oauth-authz-req+jwt, application/jwt")];
        let room = call.server.errands.room(Standing::of(client));
        let asking = fetch.get_with(address, &accept);
        let response = room.call(address, asking).await?;
        let response = response.map_err(|error| unreachable(error.to_string()))?;
        if response.status != http::StatusCode::OK {
            return Err(unreachable(format!("status {}", response.status.as_u16())));
        }
        match response.text() {
            Ok(text) => Ok(text.trim().to_owned()),
            Err(error) => Err(unreachable(error.to_string())),
        }
    }
}
