//! What /token, /introspect and /revoke have in common: a form comes in, its client proves who it is, and JSON or a refusal goes out.

use axum::body::Body;
use axum::response::Response;
use oauth::Params;

use super::{AuthenticatedClient, authenticate};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::{answer, cors, form};

/// An endpoint that clients call directly.
pub(crate) struct Endpoint {
    /// The metadata key without `_endpoint`, for the log.
    pub(crate) name: &'static str,
    /// Its path below the issuer.
    pub(crate) path: &'static str,
    /// Whether scripts of the origins that the client registered may read the answer.
    pub(crate) for_scripts: bool,
}

impl Endpoint {
    /// Reads the form and authenticates its client.
    ///
    /// # Errors
    /// The whole answer to a request that goes no further.
    pub(crate) async fn admit(
        &self,
        call: &Call,
        body: Body,
    ) -> Result<(Params, AuthenticatedClient), Box<Response>> {
        let params = match form::body(call, body).await {
            Ok(params) => params,
            Err(reason) => {
                let refused = answer::refused(call, self.name, None, &reason.into());
                return Err(Box::new(refused));
            }
        };
        match authenticate(call, self, &params).await {
            Ok(client) => Ok((params, client)),
            Err(failed) => {
                let client = failed.client.as_deref();
                let id = client.map(|client| client.id.as_str());
                let response = answer::refused(call, self.name, id, &failed.refusal);
                Err(Box::new(self.readable(call, client, response)))
            }
        }
    }

    /// The answer to an authenticated client: what `fulfilled` makes of the result, or the refusal.
    /// A proof that counts once is spent by then, whatever the result.
    pub(crate) async fn answer<T>(
        &self,
        call: &Call,
        client: &AuthenticatedClient,
        outcome: Result<T, Refusal>,
        fulfilled: impl FnOnce(&T) -> Response,
    ) -> Response {
        let outcome = match outcome {
            // Nothing was given: the client may try once more.
            Err(failed @ (Refusal::Busy | Refusal::Down(_) | Refusal::Failed(_))) => Err(failed),
            outcome => {
                let granted = outcome.is_ok();
                client.settle(&call.realm, granted).await.and(outcome)
            }
        };
        let response = match outcome {
            Ok(result) => fulfilled(&result),
            Err(refusal) => answer::refused(call, self.name, Some(&client.id), &refusal),
        };
        self.readable(call, Some(client), response)
    }

    fn readable(
        &self,
        call: &Call,
        client: Option<&realm::Client>,
        response: Response,
    ) -> Response {
        if self.for_scripts {
            cors::allow(call, client, response)
        } else {
            response
        }
    }
}
