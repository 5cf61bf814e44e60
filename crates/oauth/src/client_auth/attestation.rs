//! Attestation-based client authentication (draft-ietf-oauth-attestation-based-client-auth): an attester that the server trusts signs that an instance of the
//! client has a key, and the instance proves that it has it.

use jose::{Algorithm, Jwk, VerifyingKey, jws, jwt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::assertion::{Audience, LEEWAY, LONGEST_JTI};

/// The header that carries the attestation, in lower case (§5.1).
pub const HEADER: &str = "oauth-client-attestation";
/// The header that carries the proof, in lower case (§5.2).
pub const POP_HEADER: &str = "oauth-client-attestation-pop";
/// The header in which the server hands out a challenge, in lower case (§6.2).
pub const CHALLENGE_HEADER: &str = "oauth-client-attestation-challenge";
/// `typ` of an attestation.
pub const TYP: &str = "oauth-client-attestation+jwt";
/// `typ` of a proof.
pub const POP_TYP: &str = "oauth-client-attestation-pop+jwt";
/// How old a proof may be, in seconds: its `jti` is kept that long.
pub const FRESH: i64 = 300;

/// What an attester says about an instance of a client (§5.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attestation {
    /// The client.
    pub sub: String,
    /// The key of the instance: `jwk` (RFC 7800 §3.2).
    pub cnf: Instance,
}

/// The key of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The public key.
    pub jwk: Value,
}

/// What the instance says (§5.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pop {
    /// The server that it is for, by its issuer.
    pub aud: Audience,
    /// Its own name, which the instance never uses again.
    pub jti: String,
    /// When it was made (unix seconds).
    #[serde(deserialize_with = "crate::lenient::seconds")]
    pub iat: i64,
    /// The client, as older drafts have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The challenge of the server, if it gave one (§6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

/// Why an instance is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disbelief {
    /// No attester that is trusted signed it, or not as it must.
    #[error("the attestation is not one of a trusted attester")]
    Attestation,
    /// It is over.
    #[error("the attestation has expired")]
    Expired,
    /// It is about another client.
    #[error("the attestation is about another client")]
    Client,
    /// Its key is none that can prove anything, or is not kept to itself.
    #[error("the attestation has no public key")]
    Key,
    /// The proof is not signed by that key, or is not a proof.
    #[error("the proof is not one of the attested key")]
    Proof,
    /// The proof is for another server, or for another one too.
    #[error("the proof is for another server")]
    Audience,
    /// The proof is too old, or from the future.
    #[error("the proof is not of now")]
    Times,
    /// The proof has no name, or too long a one.
    #[error("the proof has no identifier")]
    Id,
}

/// An instance that proved who it is, but for whether its proof was used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The thumbprint of its key (RFC 7638).
    pub jkt: String,
    /// The name of the proof.
    pub jti: String,
    /// Until when the proof would be believed (unix seconds).
    pub until: i64,
    /// The challenge that it answers.
    pub challenge: Option<String>,
}

/// What is expected of an attestation and its proof.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The client that the request names.
    pub client: &'a str,
    /// The issuer of the server.
    pub issuer: &'a str,
    /// What both may be signed with.
    pub algorithms: &'a [Algorithm],
    /// The time (unix seconds).
    pub now: i64,
}

/// Judges an attestation and the proof beside it (§7); `attesters` are the keys of those who are trusted to attest.
///
/// # Errors
/// The first reason for disbelief.
pub fn judge(
    attestation: &str,
    pop: &str,
    attesters: &jose::KeySet,
    expected: &Expected<'_>,
) -> Result<Proven, Disbelief> {
    let policy = |typ, lifetime| jwt::Policy {
        issuer: jwt::Issuer::Unchecked,
        audience: jwt::Audience::Unchecked,
        algorithms: expected.algorithms,
        typ: jwt::Type::Is(typ),
        lifetime,
        now: expected.now,
        leeway: LEEWAY,
    };
    let attested = jwt::verify_beside_certificates::<Attestation>(
        attestation,
        attesters,
        &policy(TYP, jwt::Lifetime::Expires),
    );
    let attested = attested.map_err(|error| match error {
        jose::Error::Expired => Disbelief::Expired,
        _ => Disbelief::Attestation,
    })?;
    if attested.sub != expected.client {
        return Err(Disbelief::Client);
    }
    let key = Jwk::from_value(attested.cnf.jwk.clone()).map_err(|_| Disbelief::Key)?;
    if key.is_private() {
        return Err(Disbelief::Key);
    }
    let algorithm = jws::peek(pop).map_err(|_| Disbelief::Proof)?.algorithm;
    if !expected.algorithms.contains(&algorithm) {
        return Err(Disbelief::Proof);
    }
    let verifying = VerifyingKey::from_jwk(&key, algorithm).map_err(|_| Disbelief::Key)?;
    let proof = jwt::verify::<Pop>(
        pop,
        &verifying,
        &policy(POP_TYP, jwt::Lifetime::Fresh(FRESH)),
    );
    let proof = proof.map_err(|error| match error {
        jose::Error::Expired | jose::Error::NotYetValid => Disbelief::Times,
        _ => Disbelief::Proof,
    })?;
    let ours = match &proof.aud {
        Audience::Sole(aud) => aud == expected.issuer,
        Audience::List(list) => matches!(list.as_slice(), [aud] if aud == expected.issuer),
    };
    if !ours {
        return Err(Disbelief::Audience);
    }
    if proof.iss.as_ref().is_some_and(|iss| iss != expected.client) {
        return Err(Disbelief::Client);
    }
    if proof.jti.is_empty() || proof.jti.len() > LONGEST_JTI {
        return Err(Disbelief::Id);
    }
    Ok(Proven {
        jkt: key.thumbprint(),
        jti: proof.jti.clone(),
        until: proof.iat.saturating_add(FRESH).saturating_add(LEEWAY),
        challenge: proof.challenge.clone(),
    })
}
