//! The proof itself (RFC 9449 §4).

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use jose::{Algorithm, SigningKey, jws, jwt};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{ALGORITHMS, Address, Nonces, Refused, TYPE};
use crate::lenient;

/// How old a proof without a nonce may be, in seconds (§11.1).
pub const PAST: i64 = 60;
/// How far in the future one may be from, in seconds: clocks differ.
pub const FUTURE: i64 = 60;
/// Longest `jti`, in bytes.
const LONGEST_JTI: usize = 256;

/// What a request is, for its proof to match.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The method.
    pub method: &'a str,
    /// The address, as clients know it.
    pub address: &'a Address,
    /// The access token that came along; `None` at an authorization server (§4.3 item 11).
    pub access_token: Option<&'a str>,
}

/// A proof whose signature and contents were found good; whether it is [fresh](Proof::fresh) and new is still to be said. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct Proof {
    jkt: String,
    algorithm: Algorithm,
    issued_at: i64,
    nonce: Option<String>,
    id: [u8; 32],
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    jti: Cow<'a, str>,
    htm: Cow<'a, str>,
    htu: Cow<'a, str>,
    #[serde(deserialize_with = "lenient::seconds")]
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ath: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<Cow<'a, str>>,
}

/// The one proof among the values of the header, if there is one (§4.3 item 1).
///
/// # Errors
/// [`Refused::Twice`]; [`Refused::Token`] when the value is not text.
pub fn presented<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, Refused> {
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refused::Twice);
    }
    let text = std::str::from_utf8(value);
    text.map(|text| Some(text.trim_matches([' ', '\t'])))
        .map_err(|_| jose::Error::Malformed("a DPoP header is ASCII").into())
}

/// Judges all about a proof that needs neither time nor memory (§4.3). It is at most 16 KiB long.
///
/// # Errors
/// What is wrong with it.
pub fn verify(proof: &str, expected: &Expected<'_>) -> Result<Proof, Refused> {
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Unchecked,
        audience: jwt::Audience::Unchecked,
        algorithms: ALGORITHMS,
        typ: jwt::Type::Is(TYPE),
        // Its age is judged apart, since a nonce may vouch for it.
        lifetime: jwt::Lifetime::Unlimited,
        now: 0,
        leeway: i64::MAX,
    };
    let (verified, jwk) = jwt::verify_with_header_key::<Claims<'static>>(proof, &policy)?;
    let algorithm = verified.algorithm();
    let claims = verified.into_claims();
    if claims.htm != expected.method {
        return Err(Refused::Method);
    }
    let address = Address::parse(&claims.htu).ok_or(Refused::Address)?;
    if &address != expected.address {
        return Err(Refused::Address);
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
        return Err(Refused::Identifier);
    }
    if let Some(token) = expected.access_token {
        let ours = token_hash(token);
        let theirs = claims.ath.as_deref().unwrap_or_default();
        if !bool::from(ours.as_bytes().ct_eq(theirs.as_bytes())) {
            return Err(Refused::TokenHash);
        }
    }
    let jkt = jwk.thumbprint();
    let id = id(&jkt, address.as_str(), &claims.jti);
    Ok(Proof {
        jkt,
        algorithm,
        issued_at: claims.iat,
        nonce: claims.nonce.map(Cow::into_owned),
        id,
    })
}

/// `ath`: the hash of an access token (§4.2).
pub fn token_hash(token: &str) -> String {
    jose::base64url::encode(digest(&SHA256, token.as_bytes()))
}

/// No two lists of parts make the same text: a thumbprint is 43 characters of base64url, an address holds no zero byte.
fn id(jkt: &str, address: &str, jti: &str) -> [u8; 32] {
    let text = [jkt, address, jti].join("\0");
    let mut id = [0; 32];
    id.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    id
}

impl Proof {
    /// The thumbprint of its key.
    pub fn jkt(&self) -> &str {
        &self.jkt
    }

    /// What it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The nonce in it.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// What names it among all proofs: a hash of its key, its address and its `jti`.
    pub fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// Judges its age (§4.3 items 10 and 12, §11.1): by its nonce when it has one, which then vouches for it whatever the client's clock says, else by
    /// `iat`. Where no nonces are given out, one in the proof means nothing. Returns until when (unix seconds, exclusive) the same proof would pass again, so that it must be remembered that long.
    ///
    /// # Errors
    /// [`Refused::Nonce`], [`Refused::NonceMissing`] when nonces are `demanded`, [`Refused::Time`], or [`Refused::Clock`] without `nonces`.
    pub fn fresh(&self, nonces: Option<&Nonces>, demanded: bool, now: i64) -> Result<i64, Refused> {
        match (&self.nonce, nonces) {
            (Some(nonce), Some(nonces)) => nonces.accepted_until(nonce, now).ok_or(Refused::Nonce),
            _ if demanded => Err(Refused::NonceMissing),
            _ => {
                let from = now.saturating_sub(PAST);
                let to = now.saturating_add(FUTURE);
                if (from..=to).contains(&self.issued_at) {
                    Ok(self.issued_at.saturating_add(PAST + 1))
                } else if nonces.is_some() {
                    Err(Refused::Time)
                } else {
                    Err(Refused::Clock)
                }
            }
        }
    }
}

/// Makes a proof for a request (§4.2). `address` may carry a query, which is left out; `jti` is random.
///
/// # Errors
/// When the key is symmetric or cannot sign.
pub fn make(
    key: &SigningKey,
    (method, address): (&str, &str),
    access_token: Option<&str>,
    nonce: Option<&str>,
    (jti, now): (&str, i64),
) -> Result<String, jose::Error> {
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let claims = Claims {
        jti: jti.into(),
        htm: method.into(),
        htu: address.get(..end).unwrap_or(address).into(),
        iat: now,
        ath: access_token.map(token_hash).map(Into::into),
        nonce: nonce.map(Into::into),
    };
    let payload = serde_json::to_vec(&claims).map_err(|_| jose::Error::Claims)?;
    let header = jws::Header {
        typ: Some(TYPE.to_owned()),
        jwk: Some(key.public_jwk()?),
        ..jws::Header::default()
    };
    jws::sign(key, &header, &payload)
}
