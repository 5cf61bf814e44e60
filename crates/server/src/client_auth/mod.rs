//! Client authentication (RFC 6749 §2.3): what was presented becomes an [`AuthenticatedClient`], which nothing else can make.

mod client_secret;
mod endpoint;
mod none;

use std::ops::Deref;
use std::sync::Arc;

use oauth::Params;
use oauth::client_auth::{Method, Presented, presented};
use realm::Client;

use crate::call::Call;
use crate::refusal::{Reason, Refusal};

pub(crate) use endpoint::Endpoint;

/// A client that proved who it is, as far as its registration asks for proof.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl Deref for AuthenticatedClient {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.0
    }
}

/// A refusal, and what is known about who was refused.
#[derive(Debug)]
pub(crate) struct Unauthenticated {
    /// Why.
    pub(crate) refusal: Refusal,
    /// The client that was named and exists.
    pub(crate) client: Option<Arc<Client>>,
}

/// Finds and authenticates the client of a request to /token, /introspect or /revoke.
///
/// # Errors
/// `invalid_client`, `invalid_request` when two methods are mixed, or 429 after too many wrong secrets from one address.
pub(crate) async fn authenticate(
    call: &Call,
    params: &Params,
) -> Result<AuthenticatedClient, Box<Unauthenticated>> {
    let header = call.authorization();
    let refused = |refusal: Refusal, client: Option<Arc<Client>>| {
        Box::new(Unauthenticated { refusal, client })
    };
    let presented = match header {
        Err(()) => return Err(refused(Reason::ClientMissing.into(), None)),
        Ok(header) => presented(header, params).map_err(|error| refused(error.into(), None))?,
    };
    let id = presented
        .client_id()
        .ok_or_else(|| refused(Reason::ClientMissing.into(), None))?;
    call.server
        .guesses
        .check(call, id)
        .map_err(|refusal| refused(refusal, None))?;
    let client = call
        .realm
        .client(id)
        .await
        .map_err(|error| refused(error.into(), None))?;
    let Some(client) = client else {
        call.server.guesses.failed(call, id);
        return Err(refused(Reason::ClientUnknown.into(), None));
    };
    if client.disabled {
        return Err(refused(Reason::ClientDisabled.into(), None));
    }
    let verdict = match &presented {
        Presented::Basic { secret, .. } => {
            client_secret::check(&call.realm, &client, Method::ClientSecretBasic, secret)
        }
        Presented::Post { secret, .. } => {
            client_secret::check(&call.realm, &client, Method::ClientSecretPost, secret)
        }
        Presented::None { .. } => none::check(&client),
        Presented::Nothing => Err(Reason::ClientMissing),
    };
    match verdict {
        Ok(()) => Ok(AuthenticatedClient(client)),
        Err(reason) => {
            if reason == Reason::ClientSecretWrong {
                call.server.guesses.failed(call, id);
            }
            Err(refused(reason.into(), Some(client)))
        }
    }
}
