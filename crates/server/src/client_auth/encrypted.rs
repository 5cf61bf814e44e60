//! What only one client shall read: encrypted to a key that it registered, by value or by its address.

use jose::jwe::{ContentEncryption, KeyManagement};
use realm::Client;
use realm::clients::encrypt_to;

use super::rules::Want;
use crate::call::Call;
use crate::refusal::Refusal;

/// Encrypts a signed JWT of this `typ` for the client. Asks the memory only, but for a client with a `jwks_uri` whose keys have to be fetched.
///
/// # Errors
/// When the client's keys cannot be had or none of them fits: nothing is answered that others could read.
pub(crate) async fn encrypt(
    call: &Call,
    client: &Client,
    (algorithms, typ): ((KeyManagement, ContentEncryption), &str),
    jwt: &str,
) -> Result<String, Refusal> {
    if let Some(keys) = &client.jwks {
        return Ok(encrypt_to(keys, algorithms, typ, jwt.as_bytes())?);
    }
    let fetched = &call.server.remote_keys;
    let keys = Box::pin(fetched.of(&call.realm, client, Want::Current)).await;
    let keys = keys.map_err(|_| unreachable())?;
    match encrypt_to(&keys, algorithms, typ, jwt.as_bytes()) {
        Ok(text) => Ok(text),
        // The client may have put the key there just now.
        Err(_) => {
            let keys = Box::pin(fetched.of(&call.realm, client, Want::Newer)).await;
            let keys = keys.map_err(|_| unreachable())?;
            Ok(encrypt_to(&keys, algorithms, typ, jwt.as_bytes())?)
        }
    }
}

fn unreachable() -> Refusal {
    Refusal::Down("the keys of a client cannot be had".to_owned())
}
