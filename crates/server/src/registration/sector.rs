//! The list at a client's `sector_identifier_uri`: whoever publishes it says which redirect URIs are of the same sector (OpenID Connect Registration §5).

use axum::http::StatusCode;
use realm::Client;

use crate::call::Call;
use crate::refusal::Reason;

/// How long that list may be, in bytes.
pub(super) const LONGEST: usize = 64 * 1024;

/// Checks that all redirect URIs of the client are listed there.
pub(super) async fn check(call: &Call, client: &Client) -> Result<(), Reason> {
    let Some(uri) = &client.sector_identifier_uri else {
        return Ok(());
    };
    let fetch = call.server.outbound.as_ref();
    let fetch = fetch.ok_or(Reason::SectorUnreachable)?;
    let fetched = fetch.get(uri).await.map_err(|error| {
        tracing::info!(uri, %error, "the list of a sector cannot be had");
        Reason::SectorUnreachable
    })?;
    if fetched.status != StatusCode::OK {
        return Err(Reason::SectorUnreachable);
    }
    let listed: Vec<String> =
        serde_json::from_slice(&fetched.body).map_err(|_| Reason::SectorUnreachable)?;
    if client.redirect_uris.iter().all(|uri| listed.contains(uri)) {
        Ok(())
    } else {
        Err(Reason::SectorForeign)
    }
}
