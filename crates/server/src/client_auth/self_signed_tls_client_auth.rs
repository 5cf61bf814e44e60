//! `self_signed_tls_client_auth` (RFC 8705 §2.2): a certificate that the client registered itself, by value or by the address of its keys.

use jose::JwkSet;
use realm::Client;

use super::certificate::Presented;
use crate::call::Call;
use crate::refusal::Reason;
use crate::remote_keys::Want;

/// Checks the certificate of the connection.
pub(super) async fn check(call: &Call, client: &Client) -> Result<(), Reason> {
    let der = call.certificate().ok_or(Reason::ClientCertificateMissing)?;
    let presented = Presented::read(der).ok_or(Reason::ClientCertificateUntrusted)?;
    let is_in = |set: &JwkSet| set.keys.iter().any(|jwk| presented.is_registered_by(jwk));
    if let Some(keys) = &client.jwks {
        return known(is_in(keys.set()));
    }
    let fetched = &call.server.remote_keys;
    let keys = fetched.of(&call.realm, client, Want::Current).await?;
    if is_in(keys.set()) {
        return Ok(());
    }
    // The client may have a new certificate.
    let keys = fetched.of(&call.realm, client, Want::Newer).await?;
    known(is_in(keys.set()))
}

fn known(is_known: bool) -> Result<(), Reason> {
    if is_known {
        Ok(())
    } else {
        Err(Reason::ClientCertificateOfAnother)
    }
}
