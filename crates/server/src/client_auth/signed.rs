//! What a client signs with a key whose public part it registered, by value or by its address.

use jose::Error;
use jose::jwt::{self, Policy, Verified};
use realm::Client;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::refusal::Reason;
use crate::remote_keys::Want;

/// Why what a client signed is not believed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unverified {
    /// Its keys cannot be had.
    Keys(Reason),
    /// The token is not good.
    Token(Error),
}

/// Verifies a token with the keys of a client. Asks the memory only, but for a client with a `jwks_uri` whose keys have to be fetched.
///
/// # Errors
/// [`Unverified`].
pub(crate) async fn verify<C: DeserializeOwned>(
    call: &Call,
    client: &Client,
    text: &str,
    policy: &Policy<'_>,
) -> Result<Verified<C>, Unverified> {
    if let Some(keys) = &client.jwks {
        return jwt::verify(text, keys.verifying(), policy).map_err(Unverified::Token);
    }
    let fetched = &call.server.remote_keys;
    let keys = fetched.of(&call.realm, client, Want::Current).await;
    match jwt::verify(text, keys.map_err(Unverified::Keys)?.verifying(), policy) {
        // The client may have changed its keys, under another name or none.
        Err(Error::UnknownKey | Error::Signature) => {
            let keys = fetched.of(&call.realm, client, Want::Newer).await;
            let keys = keys.map_err(Unverified::Keys)?;
            jwt::verify(text, keys.verifying(), policy).map_err(Unverified::Token)
        }
        verdict => verdict.map_err(Unverified::Token),
    }
}
