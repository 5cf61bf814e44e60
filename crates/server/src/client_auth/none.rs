//! `none`: a public client only names itself (RFC 6749 §3.2.1).

use realm::Client;

use crate::refusal::Reason;

/// Lets public clients in and no others.
pub(super) fn check(client: &Client) -> Result<(), Reason> {
    if client.is_public() {
        Ok(())
    } else {
        Err(Reason::ClientSecretMissing)
    }
}
