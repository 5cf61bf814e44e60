//! What the realm says as an entity: signed with its federation keys, once for as long as it says the same.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::StatusCode;
use axum::response::Response;
use jose::{Algorithm, jws};
use serde_json::{Map, Value};

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// What federation keys sign with.
pub(super) const ALGORITHM: Algorithm = Algorithm::Es256;
/// How long what the realm says of an entity counts, in seconds.
pub(super) const LIFETIME: i64 = 24 * 3600;
/// How often it is said anew, in seconds: until then it is the same text, which caches may keep.
const ANEW: i64 = 3600;

/// Text that the realm signed, and a tag of what it says, which is the same on every node.
pub(super) type Said = (Arc<str>, String);

/// Answers with what the realm says; 404 where it has nothing to say, as it vouches for nobody.
pub(super) fn answered<T>(
    call: &Call,
    endpoint: &'static str,
    said: Result<Option<T>, Refusal>,
    tell: impl FnOnce(T) -> Response,
) -> Response {
    match said {
        Ok(Some(said)) => tell(said),
        Ok(None) => answer::empty(StatusCode::NOT_FOUND),
        Err(refusal) => answer::refused(call, endpoint, None, &refusal),
    }
}

/// Since when something counts that is said now (unix seconds).
pub(super) fn since(now: i64) -> i64 {
    now - now.rem_euclid(ANEW)
}

/// Signs these claims as a JWT of this `typ`.
///
/// # Errors
/// When there is no key.
pub(super) async fn signed(
    call: &Call,
    typ: &str,
    claims: Map<String, Value>,
) -> Result<Said, Refusal> {
    let realm = &call.realm;
    let key = realm.federation_keys().signer(ALGORITHM).await?;
    let text = Value::Object(claims).to_string();
    let named = [realm.name(), typ, key.kid(), &text].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(hash.as_ref());
    // It may be longer than the tokens that this product reads.
    let header = jws::Header::typed(typ, &key);
    let sign = || jws::sign(&key, &header, text.as_bytes());
    let signed = call.server.signed.get(name, sign)?;
    Ok((signed, jose::base64url::encode(&name[..12])))
}
