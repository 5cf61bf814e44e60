//! How a client judges an ID token (OpenID Connect Core §3.1.3.7), once its signature has been verified, and the hashes in it (§3.1.3.6).

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use base64ct::{Base64UrlUnpadded, Encoding};
use jose::Algorithm;
use subtle::ConstantTimeEq;

use crate::claims::IdToken;

/// What the client knows and the ID token must agree with. Nothing has a default.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The issuer found by discovery.
    pub issuer: &'a str,
    /// The client's own identifier.
    pub client_id: &'a str,
    /// Other audiences that the client trusts beside itself.
    pub trusted_audiences: &'a [&'a str],
    /// The nonce of the authorization request, if one was sent.
    pub nonce: Option<&'a str>,
    /// The `max_age` of the authorization request, if one was sent, in seconds.
    pub max_age: Option<i64>,
    /// The access token that came beside the ID token.
    pub access_token: Option<&'a str>,
    /// How long ago the ID token may have been issued at most, in seconds; `None` for any time (item 10 leaves it to the client).
    pub issued_within: Option<i64>,
    /// The time, in unix seconds.
    pub now: i64,
    /// How far the issuer's clock may be off, in seconds.
    pub leeway: i64,
}

/// Why an ID token is refused; the number is the item of §3.1.3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 2: `iss` is another.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// 3: `aud` does not name this client.
    #[error("the ID token is not for this client")]
    Audience,
    /// 3: `aud` names somebody who is not trusted.
    #[error("the ID token is also for somebody who is not trusted")]
    UntrustedAudience,
    /// 4: several audiences and no `azp`.
    #[error("the ID token is for several parties and does not say which it was issued to")]
    AuthorizedPartyMissing,
    /// 5: `azp` is another client.
    #[error("the ID token was issued to another client")]
    AuthorizedParty,
    /// 9: past `exp`.
    #[error("the ID token has expired")]
    Expired,
    /// 10: `iat` lies ahead.
    #[error("the ID token was issued in the future")]
    IssuedInFuture,
    /// 10: `iat` lies too far back.
    #[error("the ID token was issued too long ago")]
    IssuedLongAgo,
    /// 11: no `nonce`, though one was sent.
    #[error("the ID token has no nonce")]
    NonceMissing,
    /// 11: another `nonce`.
    #[error("the ID token has another nonce")]
    Nonce,
    /// 13: no `auth_time`, though `max_age` was sent.
    #[error("the ID token does not say when the person signed in")]
    AuthTimeMissing,
    /// 13: the person signed in too long ago.
    #[error("the person signed in longer ago than was asked for")]
    AuthTime,
    /// §3.1.3.8: `at_hash` is not the hash of the access token.
    #[error("the ID token belongs to another access token")]
    AccessTokenHash,
    /// The subject is empty or longer than 255 characters (§2).
    #[error("the ID token has no usable subject")]
    Subject,
}

/// Applies §3.1.3.7 but for the signature and its algorithm (items 6 to 8), which `jose` verifies before; `algorithm` is the one it found.
pub fn check(claims: &IdToken, algorithm: Algorithm, expected: &Expected) -> Result<(), Refusal> {
    if claims.iss != expected.issuer {
        return Err(Refusal::Issuer);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 {
        return Err(Refusal::Subject);
    }
    check_audience(claims, expected)?;
    check_times(claims, expected)?;
    if let Some(nonce) = expected.nonce {
        let own = claims.nonce.as_deref().ok_or(Refusal::NonceMissing)?;
        if !same(own, nonce) {
            return Err(Refusal::Nonce);
        }
    }
    match (expected.access_token, claims.at_hash.as_deref()) {
        (Some(token), Some(own)) => match at_hash(algorithm, token) {
            Some(computed) if same(&computed, own) => Ok(()),
            _ => Err(Refusal::AccessTokenHash),
        },
        _ => Ok(()),
    }
}

fn check_audience(claims: &IdToken, expected: &Expected) -> Result<(), Refusal> {
    if !claims.aud.contains(expected.client_id) {
        return Err(Refusal::Audience);
    }
    let trusted =
        |party: &str| party == expected.client_id || expected.trusted_audiences.contains(&party);
    if !claims.aud.iter().all(trusted) {
        return Err(Refusal::UntrustedAudience);
    }
    match claims.azp.as_deref() {
        Some(party) if party != expected.client_id => Err(Refusal::AuthorizedParty),
        None if claims.aud.len() > 1 => Err(Refusal::AuthorizedPartyMissing),
        _ => Ok(()),
    }
}

fn check_times(claims: &IdToken, expected: &Expected) -> Result<(), Refusal> {
    let (now, leeway) = (expected.now, expected.leeway);
    if now.saturating_sub(leeway) >= claims.exp {
        return Err(Refusal::Expired);
    }
    if claims.iat > now.saturating_add(leeway) {
        return Err(Refusal::IssuedInFuture);
    }
    let ago = |at: i64| now.saturating_sub(at).saturating_sub(leeway);
    if expected
        .issued_within
        .is_some_and(|within| ago(claims.iat) > within)
    {
        return Err(Refusal::IssuedLongAgo);
    }
    if let Some(max_age) = expected.max_age {
        let at = claims.auth_time.ok_or(Refusal::AuthTimeMissing)?;
        if ago(at) > max_age {
            return Err(Refusal::AuthTime);
        }
    }
    Ok(())
}

fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// `at_hash` of an access token beside an ID token signed with `algorithm`: the left half of the hash that the algorithm uses, in base64url
/// (§3.1.3.6). `None` for the algorithms (ML-DSA) for which no hash is registered: the claim is then left out.
pub fn at_hash(algorithm: Algorithm, access_token: &str) -> Option<String> {
    half_hash(algorithm, access_token)
}

/// `c_hash` of an authorization code (§3.3.2.11).
pub fn c_hash(algorithm: Algorithm, code: &str) -> Option<String> {
    half_hash(algorithm, code)
}

/// `s_hash` of the `state` that goes back with an ID token (FAPI 1.0 Advanced §5.1.1).
pub fn s_hash(algorithm: Algorithm, state: &str) -> Option<String> {
    half_hash(algorithm, state)
}

fn half_hash(algorithm: Algorithm, text: &str) -> Option<String> {
    use Algorithm as A;
    let hash = match algorithm {
        A::Hs256 | A::Rs256 | A::Ps256 | A::Es256 | A::Es256k => &SHA256,
        A::Hs384 | A::Rs384 | A::Ps384 | A::Es384 => &SHA384,
        // Ed25519 hashes with SHA-512.
        A::Hs512 | A::Rs512 | A::Ps512 | A::Es512 | A::EdDsa => &SHA512,
        A::MlDsa44 | A::MlDsa65 | A::MlDsa87 => return None,
    };
    let digest = digest::digest(hash, text.as_bytes());
    let half = digest.as_ref().get(..hash.output_len() / 2)?;
    Some(Base64UrlUnpadded::encode_string(half))
}
