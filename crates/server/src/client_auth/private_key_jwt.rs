//! `private_key_jwt` (OpenID Connect Core §9): a JWT signed with a key whose public part the client registered, by value or by its address.

use jose::Error;
use oauth::client_auth::assertion::{ASYMMETRIC, Claims};
use realm::Client;

use super::assertion::{reason, verified};
use super::rules::Want;
use crate::call::Call;
use crate::refusal::Reason;

/// Verifies the signature.
pub(super) async fn verify(call: &Call, client: &Client, text: &str) -> Result<Claims, Reason> {
    if let Some(keys) = &client.jwks {
        return verified(call, client, text, (keys.verifying(), ASYMMETRIC)).map_err(reason);
    }
    let fetched = &call.server.remote_keys;
    let keys = fetched.of(&call.realm, client, Want::Current).await?;
    match verified(call, client, text, (keys.verifying(), ASYMMETRIC)) {
        // The client may have changed its keys, under another name or none.
        Err(Error::UnknownKey | Error::Signature) => {
            let keys = fetched.of(&call.realm, client, Want::Newer).await?;
            verified(call, client, text, (keys.verifying(), ASYMMETRIC)).map_err(reason)
        }
        verdict => verdict.map_err(reason),
    }
}
