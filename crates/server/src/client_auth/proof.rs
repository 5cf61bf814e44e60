//! The DPoP proof of a request (RFC 9449 §5), to whose key what the client gets is bound.

use axum::response::Response;

use super::AuthenticatedClient;
use crate::call::Call;
use crate::dpop;
use crate::refusal::{Reason, Refusal};

/// Takes the proof of a request to the endpoint at `path`, if there is one, and binds what its client gets to the key.
///
/// # Errors
/// `invalid_dpop_proof` or `use_dpop_nonce` (§5, §8).
pub(crate) fn bind(
    call: &Call,
    path: &str,
    client: &mut AuthenticatedClient,
) -> Result<(), Refusal> {
    bind_if_shown(call, path, client)?;
    if client.dpop_bound_access_tokens && client.proof().is_none() {
        return Err(Reason::ProofMissing.into());
    }
    Ok(())
}

/// Takes the proof of a request as [`bind`] does, and goes without where the client need not send one: at /par (§10.1).
///
/// # Errors
/// As [`bind`], for a proof that is there.
pub(crate) fn bind_if_shown(
    call: &Call,
    path: &str,
    client: &mut AuthenticatedClient,
) -> Result<(), Refusal> {
    if let Some(proof) = dpop::accept(call, path, client)? {
        client.bind(proof);
    }
    Ok(())
}

/// Offers the present nonce to a client that uses proofs (§8.2), unless it used that one just now.
pub(crate) fn offer(call: &Call, client: &AuthenticatedClient, response: &mut Response) {
    if client.dpop_bound_access_tokens || dpop::is_shown(call) {
        dpop::offer(call, client.proof(), response);
    }
}
