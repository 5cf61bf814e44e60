//! Client authentication (RFC 6749 §2.3): what was presented becomes an [`AuthenticatedClient`], which nothing else can make.

mod assertion;
mod attest_jwt_client_auth;
mod authenticated;
mod certificate;
mod client_secret;
mod client_secret_jwt;
mod encrypted;
mod endpoint;
mod none;
mod offered;
mod private_key_jwt;
pub(crate) mod proof;
mod self_signed_tls_client_auth;
mod signed;
pub(crate) mod sql;
mod tls_client_auth;
mod vouched;

use std::sync::Arc;

use oauth::Params;
use oauth::client_auth::{Method, Presented, presented};
use realm::Client;
use realm::clients::check_profile;

use crate::call::Call;
use crate::refusal::{Reason, Refusal};

pub use authenticated::AuthenticatedClient;
pub(crate) use authenticated::assertion_hash;
pub(crate) use encrypted::{Envelope, encrypt, encrypt_as};
pub(crate) use endpoint::Endpoint;
pub(crate) use offered::algorithms;
pub use offered::{Aliases, ClientCertificates};
pub(crate) use signed::{Unverified, verify as verify_signed};
pub use tls_client_auth::ClientAuthorities;

/// A refusal, and what is known about who was refused.
#[derive(Debug)]
pub(crate) struct Unauthenticated {
    /// Why.
    pub(crate) refusal: Refusal,
    /// The client that was named and exists.
    pub(crate) client: Option<Arc<Client>>,
}

/// Finds and authenticates the client of a request to an endpoint.
///
/// # Errors
/// `invalid_client`, `invalid_request` when two methods are mixed, or 429 after too many wrong secrets from one address.
async fn authenticate(
    call: &Call,
    endpoint: &Endpoint,
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
    let presented = match presented {
        Presented::Nothing => attest_jwt_client_auth::named(call),
        presented => presented,
    };
    if let Some(offered) = vouched::offered(endpoint, &presented, params)
        && !vouched::proves_otherwise(call, &presented)
            .await
            .map_err(|error| refused(error.into(), None))?
    {
        return Box::pin(vouched::authenticate(call, endpoint, &offered)).await;
    }
    let id = presented
        .client_id()
        .ok_or_else(|| refused(Reason::ClientMissing.into(), None))?;
    call.server
        .requests
        .ask(call, endpoint.name, id)
        .and_then(|()| call.server.guesses.check(call, id))
        .map_err(|refusal| refused(refusal, None))?;
    let fits: fn(Method) -> bool = match &presented {
        Presented::Assertion { .. } => |method| method == Method::PrivateKeyJwt,
        _ => |method| method != Method::PrivateKeyJwt,
    };
    let client = call
        .client_by(id, fits)
        .await
        .map_err(|refusal| refused(refusal, None))?;
    let Some(client) = client else {
        client_secret::look_busy(&call.realm, &presented);
        call.server.guesses.failed(call, id);
        return Err(refused(Reason::ClientUnknown.into(), None));
    };
    if client.disabled {
        return Err(refused(Reason::ClientDisabled.into(), None));
    }
    let mut instance = None;
    let verdict = match &presented {
        Presented::Basic { secret, .. } => {
            client_secret::check(&call.realm, &client, Method::ClientSecretBasic, secret)
                .map(|()| None)
        }
        Presented::Post { secret, .. } => {
            client_secret::check(&call.realm, &client, Method::ClientSecretPost, secret)
                .map(|()| None)
        }
        Presented::Assertion { assertion, .. } => {
            let checked = assertion::check(call, endpoint, &client, assertion);
            // Kept apart, so that what waits for others does not make the usual request larger.
            Box::pin(checked).await.map(Some)
        }
        Presented::None { .. }
            if client.token_endpoint_auth_method == Some(Method::AttestJwtClientAuth) =>
        {
            attest_jwt_client_auth::check(call, &client).map(|attested| {
                instance = Some(attested.instance);
                Some(attested.proof)
            })
        }
        Presented::None { .. } => match client.token_endpoint_auth_method {
            Some(Method::TlsClientAuth) => tls_client_auth::check(call, &client),
            Some(Method::SelfSignedTlsClientAuth) => {
                Box::pin(self_signed_tls_client_auth::check(call, &client)).await
            }
            _ => none::check(&client),
        }
        .map(|()| None),
        Presented::Foreign { .. } | Presented::Nothing => Err(Reason::ClientMissing),
    };
    if verdict.is_ok() {
        let profile = client.profile(&call.realm.settings());
        if let Err(invalid) = check_profile(&client, profile) {
            return Err(refused(Refusal::profile(&invalid), Some(client)));
        }
    }
    match verdict {
        Ok(assertion) => Ok(AuthenticatedClient::new(client, assertion).instance(instance)),
        Err(Reason::ClientSecretWrong) => {
            let changed = client_secret::check_again(&call.realm, &client, &presented).await;
            match changed.map_err(|error| refused(error.into(), None))? {
                Some(client) => Ok(AuthenticatedClient::new(client, None)),
                None => {
                    call.server.guesses.failed(call, id);
                    Err(refused(Reason::ClientSecretWrong.into(), Some(client)))
                }
            }
        }
        Err(reason) => {
            if is_guess(reason) {
                call.server.guesses.failed(call, id);
            }
            Err(refused(reason.into(), Some(client)))
        }
    }
}

/// Whether somebody may be trying keys.
fn is_guess(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ClientAssertionSignature
            | Reason::ClientKeyUnknown
            | Reason::AttesterUnknown
            | Reason::AttestationUnproven
    )
}
