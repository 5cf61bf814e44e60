//! `private_key_jwt` (OpenID Connect Core §9): a JWT signed with a key whose public part the client registered, by value or by its address.

use oauth::client_auth::assertion::{ASYMMETRIC, Claims};
use realm::Client;

use super::assertion::{policy, reason};
use super::signed::{self, Unverified};
use crate::call::Call;
use crate::refusal::Reason;

/// Verifies the signature.
pub(super) async fn verify(call: &Call, client: &Client, text: &str) -> Result<Claims, Reason> {
    let policy = policy(call, client, ASYMMETRIC);
    match signed::verify::<Claims>(call, client, text, &policy).await {
        Ok(verified) => Ok(verified.into_claims()),
        Err(Unverified::Keys(reason)) => Err(reason),
        Err(Unverified::Token(error)) => Err(reason(error)),
    }
}
