//! The list at a client's `sector_identifier_uri`: whoever publishes it says which redirect URIs are of the same sector (OpenID Connect Registration §5).

use axum::http::StatusCode;
use realm::Client;

use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::sought::Standing;

/// How long that list may be, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;

/// Checks that all redirect URIs of the client are listed there.
///
/// # Errors
/// When they are not, the list cannot be had, or too much is asked for.
pub(super) async fn check(call: &Call, client: &Client) -> Result<(), Refusal> {
    let Some(uri) = &client.sector_identifier_uri else {
        return Ok(());
    };
    let fetch = call.server.outbound.as_ref();
    let fetch = fetch.ok_or(Reason::SectorUnreachable)?;
    let room = call.server.errands.room(Standing::Strange);
    let fetched = room.call(uri, fetch.get(uri)).await?;
    let fetched = fetched.map_err(|error| {
        tracing::info!(uri, %error, "the list of a sector cannot be had");
        Reason::SectorUnreachable
    })?;
    if fetched.status != StatusCode::OK {
        return Err(Reason::SectorUnreachable.into());
    }
    let listed: Vec<String> =
        serde_json::from_slice(&fetched.body).map_err(|_| Reason::SectorUnreachable)?;
    if client.redirect_uris.iter().all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(Reason::SectorForeign.into())
    }
}
