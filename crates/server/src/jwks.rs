//! `GET /jwks`: the public keys (RFC 7517 §5), those that will sign soon and those that signed what still lives among them,
//! and the one to encrypt request objects to.

use std::sync::Arc;

use axum::response::Response;
use jose::{Algorithm, JwkSet};
use realm::Realm;

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// The endpoint.
pub(crate) async fn get(call: Call) -> Response {
    match published(&call.realm).await {
        Ok(keys) => answer::public(&call, "application/jwk-set+json", &*keys),
        Err(refusal) => answer::refused(&call, "jwks", None, &refusal),
    }
}

/// The set. RS256 signs for every client that registered nothing else (OpenID Connect Core §2), and many read the set just once: so its key is in
/// it from the first answer on, even if that has to wait for the key to be made.
async fn published(realm: &Realm) -> Result<Arc<JwkSet>, Refusal> {
    realm.keys().signer(Algorithm::Rs256).await?;
    realm.keys().publish_encryption().await?;
    Ok(realm.keys().jwks().await?)
}
