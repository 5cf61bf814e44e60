//! Metadata as their issuer signs them (RFC 8414 §2.1, RFC 9728 §2.2): the same members as claims, with `iss`.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::response::Response;
use jose::jwt;
use quick_cache::sync::Cache;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// `typ` of signed metadata: nobody takes them for an ID token or anything else that the same keys sign (RFC 8725 §3.11).
const TYPE: &str = "metadata+jwt";
/// How many documents are kept signed.
const KEPT: usize = 1000;

/// Documents that were signed, so that nobody can make us sign without end.
pub(crate) struct Signed(Cache<[u8; 32], Arc<str>>);

impl Signed {
    pub(crate) fn new() -> Self {
        Self(Cache::new(KEPT))
    }
}

/// Answers with a document and `signed_metadata` in it. Its tag stands for what it says, not for the bytes of the signature, so that it is the same on every
/// node.
pub(super) async fn answer<T: Serialize>(call: &Call, document: &T) -> Response {
    match sign(call, document).await {
        Ok((document, tag)) => answer::public_as_of(call, &document, &tag),
        Err(refusal) => answer::refused(call, "metadata", None, &refusal),
    }
}

async fn sign<T: Serialize>(call: &Call, document: &T) -> Result<(Value, String), Refusal> {
    let realm = &call.realm;
    let failed = || Refusal::Failed("metadata cannot be written".to_owned());
    let mut members = match serde_json::to_value(document) {
        Ok(Value::Object(members)) => members,
        _ => return Err(failed()),
    };
    let key = realm.keys().signer(realm.settings().signing_alg).await?;
    let text = serde_json::to_string(&members).map_err(|_| failed())?;
    let named = [realm.name(), key.kid(), &text].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(hash.as_ref());
    let signed = match call.server.signed.0.get(&name) {
        Some(signed) => signed,
        None => {
            let signed: Arc<str> = jwt::sign(&key, TYPE, &claims(call, &members))?.into();
            call.server.signed.0.insert(name, Arc::clone(&signed));
            signed
        }
    };
    members.insert("signed_metadata".to_owned(), Value::from(&*signed));
    let tag = jose::base64url::encode(&name[..12]);
    Ok((Value::Object(members), tag))
}

fn claims(call: &Call, members: &Map<String, Value>) -> Map<String, Value> {
    let mut claims = members.clone();
    claims.insert("iss".to_owned(), call.realm.issuer().into());
    claims.insert("iat".to_owned(), call.now().into());
    claims
}
