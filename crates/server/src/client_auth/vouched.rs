//! Authentication by what a trusted issuer signed about a workload (RFC 7523 §2.2 with a foreign issuer): a CI job, a pod, a SPIFFE identity. The operator's
//! rule names the client, whatever `sub` is.

use std::sync::Arc;

use oauth::client_auth::{Method, Presented};
use oauth::token::GrantType;
use oauth::{Params, client_auth::assertion};
use realm::clients::check_profile;

use super::authenticated::Assertion;
use super::{AuthenticatedClient, Endpoint, Unauthenticated};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::trust;

/// What was presented by which a workload is known.
pub(super) struct Offered<'a> {
    /// The signed text.
    text: &'a str,
    /// The client that was named beside it.
    client: Option<&'a str>,
}

/// Finds it in a request: a `client_assertion` of another issuer, or at the token endpoint the grant itself, beside which nothing else authenticates (RFC 7521
/// §4.1).
pub(super) fn offered<'a>(
    endpoint: &Endpoint,
    presented: &'a Presented,
    params: &'a Params,
) -> Option<Offered<'a>> {
    let client = match presented {
        Presented::Foreign { id, assertion } => {
            return Some(Offered {
                text: assertion,
                client: id.as_deref(),
            });
        }
        Presented::Nothing => None,
        Presented::None { id } => Some(id.as_str()),
        _ => return None,
    };
    let is_grant = params.get("grant_type") == Some(GrantType::JwtBearer.as_str());
    let text = params
        .get("assertion")
        .filter(|_| is_grant && endpoint.path == "/token")?;
    Some(Offered { text, client })
}

/// Whether a client that only named itself proves who it is in another way: then what it hands in is a grant and nothing else.
pub(super) async fn proves_otherwise(
    call: &Call,
    presented: &Presented,
) -> Result<bool, realm::Error> {
    let Presented::None { id } = presented else {
        return Ok(false);
    };
    let client = call.realm.client(id).await?;
    let method = client.and_then(|client| client.token_endpoint_auth_method);
    Ok(matches!(
        method,
        Some(Method::TlsClientAuth | Method::SelfSignedTlsClientAuth | Method::AttestJwtClientAuth)
    ))
}

/// Authenticates the client that the text is about.
pub(super) async fn authenticate(
    call: &Call,
    endpoint: &Endpoint,
    offered: &Offered<'_>,
) -> Result<AuthenticatedClient, Box<Unauthenticated>> {
    let refused = |refusal: Refusal| {
        Box::new(Unauthenticated {
            refusal,
            client: None,
        })
    };
    let named = offered
        .client
        .map(str::to_owned)
        .or_else(|| assertion::subject(offered.text))
        .unwrap_or_default();
    call.server
        .requests
        .ask(call, endpoint.name, &named)
        .and_then(|()| call.server.guesses.check(call, &named))
        .map_err(refused)?;
    let vouched = match trust::verify(call, endpoint.path, offered.text).await {
        Ok(vouched) => vouched,
        Err(Refusal::Because(reason)) => {
            tracing::info!(reason = reason.name(), "an assertion is not believed");
            if reason == Reason::AssertionSignature {
                call.server.guesses.failed(call, &named);
            }
            return Err(refused(Reason::ClientNotVouchedFor.into()));
        }
        Err(failed) => return Err(refused(failed)),
    };
    let id = vouched
        .client(offered.client)
        .ok_or_else(|| refused(Reason::ClientNotVouchedFor.into()))?;
    let client = call
        .realm
        .client(id)
        .await
        .map_err(|error| refused(error.into()))?
        .filter(|client| !client.disabled && !client.is_public())
        .ok_or_else(|| refused(Reason::ClientNotVouchedFor.into()))?;
    if !matches!(vouched.confirmation(), Ok(None)) {
        // Bound to what the request cannot have proven yet.
        return Err(refused(Reason::ClientNotVouchedFor.into()));
    }
    let profile = client.profile(&call.realm.settings());
    // The registration may be in order: what counts is by what it authenticates now.
    let refusal = if profile.permits_vouching() {
        let checked = check_profile(&client, profile);
        checked.err().map(|invalid| Refusal::profile(&invalid))
    } else {
        Some(Reason::ProfileVouched.into())
    };
    if let Some(refusal) = refusal {
        return Err(Box::new(Unauthenticated {
            refusal,
            client: Some(client),
        }));
    }
    let once = vouched
        .once()
        .map(|(who, jti, until)| Assertion::new(&who, &jti, until));
    let text: Arc<str> = offered.text.into();
    Ok(AuthenticatedClient::new(client, once).vouched_for_by(text))
}
