//! The response as a signed JWT (JWT Secured Authorization Response Mode §2): nobody on its way through the browser can change it, take it for one of
//! another server's, or give it to another client.

use std::collections::BTreeMap;

use jose::jwe::ContentEncryption;
use jose::{Algorithm, jwt};
use realm::{Client, Settings};
use serde::Serialize;

use crate::call::Call;
use crate::client_auth;
use crate::refusal::Refusal;

/// How long a response is good for, in seconds: the way through the browser, and a form that waits for its button (JARM §2.1 allows 600).
const LIFETIME: i64 = 300;

/// `typ`: JARM names none.
const TYPE: &str = "JWT";

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    exp: i64,
    #[serde(flatten)]
    parameters: BTreeMap<&'a str, &'a str>,
}

/// The algorithm of a client's responses: what it registered, else what its profile has, which is RS256 (JARM §3).
fn algorithm(client: &Client, settings: &Settings) -> Algorithm {
    client
        .authorization_signed_response_alg
        .unwrap_or_else(|| client.profile(settings).default_algorithm())
}

/// Signs the parameters for the client, and encrypts the result when it registered for that.
///
/// # Errors
/// When there is no key to sign with or to encrypt to.
pub(super) async fn sign(
    call: &Call,
    client: &Client,
    parameters: &[(&str, &str)],
) -> Result<String, Refusal> {
    let realm = &call.realm;
    let claims = Claims {
        iss: realm.issuer(),
        aud: &client.id,
        exp: call.now().saturating_add(LIFETIME),
        parameters: parameters.iter().copied().collect(),
    };
    let algorithm = algorithm(client, &realm.settings());
    let key = realm.keys().signer(algorithm).await?;
    let signed = jwt::sign(&key, TYPE, &claims)?;
    let Some(management) = client.authorization_encrypted_response_alg else {
        return Ok(signed);
    };
    let encryption = client
        .authorization_encrypted_response_enc
        .unwrap_or(ContentEncryption::A128CbcHs256);
    client_auth::encrypt(call, client, ((management, encryption), TYPE), &signed).await
}
