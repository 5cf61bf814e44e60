//! Making tokens.

use crate::{Error, SigningKey, base64url, limits};
use serde::Serialize;
use std::{fmt, sync::Arc};

/// Signs claims, which must serialise to a JSON object. The header is `alg`, `kid` and `typ`.
pub fn sign<C: Serialize + ?Sized>(
    key: &SigningKey,
    typ: &str,
    claims: &C,
) -> Result<String, Error> {
    let header = header(key, typ)?;
    finish(key, header, claims)
}

/// A key with the header of one kind of token already encoded.
#[derive(Clone)]
pub struct Signer {
    key: Arc<SigningKey>,
    header: Box<[u8]>,
}

impl Signer {
    /// For tokens of this `typ`.
    pub fn new(key: Arc<SigningKey>, typ: &str) -> Result<Self, Error> {
        let header = header(&key, typ)?.into_boxed_slice();
        Ok(Self { key, header })
    }

    /// Signs claims, which must serialise to a JSON object.
    pub fn sign<C: Serialize + ?Sized>(&self, claims: &C) -> Result<String, Error> {
        let mut token = Vec::with_capacity(1024.max(self.header.len() * 2));
        token.extend_from_slice(&self.header);
        finish(&self.key, token, claims)
    }

    /// The key.
    pub fn key(&self) -> &Arc<SigningKey> {
        &self.key
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// The encoded header and the dot after it.
fn header(key: &SigningKey, typ: &str) -> Result<Vec<u8>, Error> {
    let members = format!("{}{}}}", key.header, serde_json::Value::from(typ));
    let mut encoded = Vec::with_capacity(1024);
    base64url::append(&mut encoded, members.as_bytes())?;
    encoded.push(b'.');
    Ok(encoded)
}

/// Appends payload and signature to the encoded header.
fn finish<C: Serialize + ?Sized>(
    key: &SigningKey,
    mut token: Vec<u8>,
    claims: &C,
) -> Result<String, Error> {
    let payload = serde_json::to_vec(claims).map_err(|_| Error::Claims)?;
    if payload.first() != Some(&b'{') {
        return Err(Error::Claims);
    }
    base64url::append(&mut token, &payload)?;
    let signature = key.sign(&token)?;
    token.push(b'.');
    base64url::append(&mut token, &signature)?;
    if token.len() > limits::TOKEN {
        return Err(Error::TooLarge);
    }
    String::from_utf8(token).map_err(|_| Error::Crypto)
}
