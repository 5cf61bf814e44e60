//! Metadata as their issuer signs them (RFC 8414 §2.1, RFC 9728 §2.2): the same members as claims, with `iss`.

use std::sync::{Arc, Weak};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::response::Response;
use jose::jws::{self, Header};
use jose::{SigningKey, jwt};
use quick_cache::sync::Cache;
use realm::Realm;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer;
use crate::call::Call;
use crate::refusal::Refusal;

/// `typ` of signed metadata: nobody takes them for an ID token or anything else that the same keys sign (RFC 8725 §3.11).
const TYPE: &str = "metadata+jwt";
/// How many documents are kept.
const KEPT: usize = 1000;

/// Documents that were signed, so that nobody can make us sign without end.
pub(crate) struct Signed {
    /// By the hash of what they say, of the realm and of the key.
    signatures: Cache<[u8; 32], Arc<str>>,
    /// What each realm says of itself, as it was last written.
    realms: Cache<String, Arc<Written>>,
}

/// A document with its signature, ready to be sent.
struct Written {
    json: Bytes,
    /// Stands for what it says, not for the bytes of the signature, so that it is the same on every node.
    tag: String,
    from: Source,
}

/// What a document was written from.
struct Source {
    /// A realm that was removed and made again is another one.
    realm: Weak<Realm>,
    edition: u64,
    key: Arc<SigningKey>,
}

impl Source {
    /// To be taken before the realm is read. The key is the one that signs now.
    async fn now(realm: &Arc<Realm>) -> Result<Self, Refusal> {
        let edition = realm.edition();
        Ok(Self {
            edition,
            key: realm.keys().signer(realm.settings().signing_alg).await?,
            realm: Arc::downgrade(realm),
        })
    }

    fn is(&self, other: &Self) -> bool {
        self.edition == other.edition
            && self.key.kid() == other.key.kid()
            && self.realm.ptr_eq(&other.realm)
    }
}

impl Signed {
    pub(crate) fn new() -> Self {
        Self {
            signatures: Cache::new(KEPT),
            realms: Cache::new(KEPT),
        }
    }

    /// What was signed under this name, or what `sign` makes.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub(crate) fn get(
        &self,
        name: [u8; 32],
        sign: impl FnOnce() -> Result<String, jose::Error>,
    ) -> Result<Arc<str>, jose::Error> {
        if let Some(signed) = self.signatures.get(&name) {
            return Ok(signed);
        }
        let signed: Arc<str> = sign()?.into();
        self.signatures.insert(name, Arc::clone(&signed));
        Ok(signed)
    }
}

/// Answers with a document and `signed_metadata` in it.
pub(super) async fn answer<T: Serialize>(call: &Call, document: &T) -> Response {
    let written = async { write(call, document, Source::now(&call.realm).await?) };
    send(call, written.await.as_ref())
}

/// As [`answer`], with what `describe` says of the realm, which is asked again when something changed.
pub(super) async fn answer_of_realm<T: Serialize>(
    call: &Call,
    describe: impl AsyncFnOnce() -> Result<T, Refusal>,
) -> Response {
    let realms = &call.server.signed.realms;
    let written = async {
        let from = Source::now(&call.realm).await?;
        if let Some(written) = realms.get(call.realm.name())
            && written.from.is(&from)
        {
            return Ok(written);
        }
        let written = Arc::new(write(call, &describe().await?, from)?);
        realms.insert(call.realm.name().to_owned(), Arc::clone(&written));
        Ok(written)
    };
    send(call, written.await.as_deref())
}

fn send(call: &Call, written: Result<&Written, &Refusal>) -> Response {
    match written {
        Ok(written) => answer::public_as_of(call, written.json.clone(), &written.tag),
        Err(refusal) => answer::refused(call, "metadata", None, refusal),
    }
}

fn write<T: Serialize>(call: &Call, document: &T, from: Source) -> Result<Written, Refusal> {
    let failed = |_| Refusal::Failed("metadata cannot be written".to_owned());
    let text = serde_json::to_string(document).map_err(failed)?;
    let mut members: Map<String, Value> = serde_json::from_str(&text).map_err(failed)?;
    let named = [call.realm.name(), from.key.kid(), &text].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(hash.as_ref());
    let sign = || jwt::sign(&from.key, TYPE, &claims(call, &members));
    let signature = call.server.signed.get(name, sign)?;
    members.insert("signed_metadata".to_owned(), Value::from(&*signature));
    Ok(Written {
        json: serde_json::to_vec(&members).map_err(failed)?.into(),
        tag: jose::base64url::encode(&name[..12]),
        from,
    })
}

/// The document of a credential issuer as a JWT of this `typ`, with the key that signed it in its header, and a tag of what it says (OpenID4VCI 1.0 §12.2.3).
///
/// # Errors
/// When there is no key.
pub(crate) async fn text<T: Serialize>(
    call: &Call,
    typ: &'static str,
    document: &T,
) -> Result<(String, String), Refusal> {
    let (realm, failed) = (&call.realm, "metadata cannot be written");
    let Ok(Value::Object(members)) = serde_json::to_value(document) else {
        return Err(Refusal::Failed(failed.to_owned()));
    };
    let key = realm.keys().signer(realm.settings().signing_alg).await?;
    let text = Value::Object(members.clone()).to_string();
    let named = [realm.name(), typ, key.kid(), &text].join("\n");
    let hash = digest(&SHA256, named.as_bytes());
    let mut name = [0; 32];
    name.copy_from_slice(hash.as_ref());
    let sign = || {
        let mut claims = claims(call, &members);
        claims.insert("sub".to_owned(), realm.issuer().into());
        let header = Header {
            typ: Some(typ.to_owned()),
            jwk: Some(key.public_jwk()?),
            ..Header::default()
        };
        jws::sign(&key, &header, Value::Object(claims).to_string().as_bytes())
    };
    let signed = call.server.signed.get(name, sign)?;
    Ok((signed.to_string(), jose::base64url::encode(&name[..12])))
}

fn claims(call: &Call, members: &Map<String, Value>) -> Map<String, Value> {
    let mut claims = members.clone();
    claims.insert("iss".to_owned(), call.realm.issuer().into());
    claims.insert("iat".to_owned(), call.now().into());
    claims
}
