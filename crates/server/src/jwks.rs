//! `GET /jwks`: the public keys (RFC 7517 §5), those that will sign soon and those that signed what still lives among them,
//! and those to encrypt request objects to.

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
/// it from the first answer on, even if that has to wait for the key to be made. So is the RSA key to encrypt to, which is made meanwhile.
async fn published(realm: &Realm) -> Result<Arc<JwkSet>, Refusal> {
    let keys = realm.keys();
    let (signs, opens) = tokio::join!(
        keys.signer(Algorithm::Rs256),
        Box::pin(keys.publish_encryption())
    );
    signs?;
    opens?;
    Ok(keys.jwks().await?)
}
