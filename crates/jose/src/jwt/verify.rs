//! Accepting tokens.

use super::{claims::Registered, policy::Policy};
use crate::{
    Algorithm, Error, Jwk, KeySet, VerifyingKey, base64url, header::Parsed, jws::compact::Parts,
};
use serde::de::DeserializeOwned;
use std::{ops::Deref, sync::Arc};

/// Where verification keys come from.
pub trait Keys {
    /// The key for a token with this `kid` (if it has one) and `alg`, or `None`: [`Error::UnknownKey`].
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey>;
}

impl Keys for KeySet {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        KeySet::find(self, kid, algorithm)
    }
}

/// The one key that the caller has chosen, whatever `kid` the token names.
impl Keys for VerifyingKey {
    fn find(&self, _: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        (self.algorithm() == algorithm).then_some(self)
    }
}

impl<K: Keys + ?Sized> Keys for Arc<K> {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        (**self).find(kid, algorithm)
    }
}

impl<K: Keys + ?Sized> Keys for &K {
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&VerifyingKey> {
        (**self).find(kid, algorithm)
    }
}

/// Claims whose signature, issuer, audience, type and times were found good. Only this module makes it.
#[derive(Clone, Debug)]
pub struct Verified<C> {
    claims: C,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl<C> Verified<C> {
    /// The algorithm of the signature.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of the header.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The claims alone.
    pub fn into_claims(self) -> C {
        self.claims
    }
}

impl<C> Deref for Verified<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.claims
    }
}

/// Verifies a token with keys that the caller trusts. A key in the header is refused.
///
/// The claims `iss`, `aud`, `exp`, `nbf` and `iat` are judged by the policy; those and all others then go into `C`.
pub fn verify<C: DeserializeOwned>(
    token: &str,
    keys: &(impl Keys + ?Sized),
    policy: &Policy<'_>,
) -> Result<Verified<C>, Error> {
    verify_by(token, keys, policy, |header| header.refuse_keys())
}

/// As [`verify`], for tokens whose signers add the chain of their certificate (`x5c`) by a rule of their profile. It is not looked at: the caller's keys count,
/// and `jwk`, `jku` and `x5u` are refused as ever.
pub fn verify_beside_certificates<C: DeserializeOwned>(
    token: &str,
    keys: &(impl Keys + ?Sized),
    policy: &Policy<'_>,
) -> Result<Verified<C>, Error> {
    verify_by(token, keys, policy, |header| {
        header.refuse_keys_but_certificates()
    })
}

fn verify_by<C: DeserializeOwned>(
    token: &str,
    keys: &(impl Keys + ?Sized),
    policy: &Policy<'_>,
    refuse: impl Fn(&Parsed<'_>) -> Result<(), Error>,
) -> Result<Verified<C>, Error> {
    let parts = Parts::split(token)?;
    let header = base64url::decode(parts.header)?;
    let header = Parsed::parse(&header)?;
    let algorithm = header.algorithm()?;
    refuse(&header)?;
    policy.check_header(algorithm, header.typ.as_deref())?;
    let key = keys
        .find(header.kid.as_deref(), algorithm)
        .ok_or(Error::UnknownKey)?;
    let claims = check(&parts, key, algorithm, policy)?;
    Ok(Verified {
        claims,
        algorithm,
        kid: header.kid.map(Into::into),
    })
}

/// Verifies a token with the key in its own header (`jwk`), and returns that key: what it proves is possession of the key, nothing about who has
/// it. For DPoP proofs (RFC 9449 §4.2) and alike. Refuses symmetric and private keys, and any other place to take a key from.
pub fn verify_with_header_key<C: DeserializeOwned>(
    token: &str,
    policy: &Policy<'_>,
) -> Result<(Verified<C>, Jwk), Error> {
    let parts = Parts::split(token)?;
    let header = base64url::decode(parts.header)?;
    let mut header = Parsed::parse(&header)?;
    let algorithm = header.algorithm()?;
    if algorithm.is_symmetric() {
        return Err(Error::AlgorithmNotAllowed);
    }
    header.refuse_foreign_keys()?;
    policy.check_header(algorithm, header.typ.as_deref())?;
    let jwk = header.jwk.take().ok_or(Error::UnknownKey)?;
    let jwk = Jwk::from_value(jwk)?;
    if jwk.is_private() {
        return Err(Error::KeyInHeader);
    }
    let key = VerifyingKey::from_jwk(&jwk, algorithm)?;
    let claims = check(&parts, &key, algorithm, policy)?;
    let verified = Verified {
        claims,
        algorithm,
        kid: header.kid.map(Into::into),
    };
    Ok((verified, jwk))
}

/// The signature first, then what it covers.
fn check<C: DeserializeOwned>(
    parts: &Parts<'_>,
    key: &VerifyingKey,
    algorithm: Algorithm,
    policy: &Policy<'_>,
) -> Result<C, Error> {
    if key.algorithm() != algorithm {
        return Err(Error::KeyMismatch);
    }
    key.verify(parts.input.as_bytes(), &base64url::decode(parts.signature)?)?;
    let payload = base64url::decode(parts.payload)?;
    policy.check_claims(&Registered::read(&payload)?)?;
    serde_json::from_slice(&payload).map_err(|_| Error::Claims)
}
