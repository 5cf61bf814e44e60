//! Proofs of keys: JWTs that a wallet signs with the key that a credential is to be bound to (appendix F.1).

use jose::{Algorithm, Jwk, jws, jwt};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::attestation::Attesters;
use crate::client_auth::assertion::Audience;

/// `typ` of a proof.
pub const PROOF_TYPE: &str = "openid4vci-proof+jwt";
/// How old a proof may be, in seconds. Its nonce says so more exactly.
pub const FRESH: i64 = 300;
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// What a wallet may sign with, the best known first.
pub const ALGORITHMS: &[Algorithm] = &[
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::EdDsa,
];
/// The members of a public key that are the key itself.
const OF_A_KEY: [&str; 6] = ["kty", "crv", "x", "y", "n", "e"];

/// Who proves, to whom, when.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// The credential issuer.
    pub issuer: &'a str,
    /// The wallet; `None` for one that nobody knows, which then has no `iss` (appendix F.1).
    pub client: Option<&'a str>,
    /// The time (unix seconds).
    pub now: i64,
}

/// A key that was proven, but for whether the nonce is one of ours.
#[derive(Clone, Debug)]
pub struct Proven {
    /// The key.
    pub key: Jwk,
    /// The nonce.
    pub nonce: String,
}

/// Why a proof is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// Not a JWT of the type, or its key, algorithm or signature is wrong.
    #[error("not a proof")]
    Proof,
    /// It is for another issuer, or for another one too.
    #[error("for another issuer")]
    Audience,
    /// It is of another wallet.
    #[error("of another wallet")]
    Client,
    /// It is too old, or from the future.
    #[error("not of now")]
    Time,
    /// It has no nonce.
    #[error("without a nonce")]
    Nonce,
    /// Nobody who is trusted vouches for the key.
    #[error("the key is not vouched for")]
    Attestation,
}

#[derive(Deserialize)]
struct Claims {
    aud: Audience,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

impl Proven {
    /// Judges a proof. With `attesters`, its header has to hold what one of them says about the key.
    ///
    /// # Errors
    /// The first doubt.
    pub fn judge(
        proof: &str,
        holder: &Holder<'_>,
        attesters: Option<&Attesters<'_>>,
    ) -> Result<Self, Doubt> {
        let policy = jwt::Policy {
            issuer: jwt::Issuer::Unchecked,
            audience: jwt::Audience::Unchecked,
            algorithms: ALGORITHMS,
            typ: jwt::Type::Is(PROOF_TYPE),
            lifetime: jwt::Lifetime::Fresh(FRESH),
            now: holder.now,
            leeway: LEEWAY,
        };
        let verified = jwt::verify_with_header_key::<Claims>(proof, &policy);
        let (claims, key) = verified.map_err(|error| match error {
            jose::Error::Expired | jose::Error::NotYetValid => Doubt::Time,
            _ => Doubt::Proof,
        })?;
        let header = jws::peek(proof).map_err(|_| Doubt::Proof)?.header;
        // One way of saying which key (appendix F.1).
        if header.kid.is_some() {
            return Err(Doubt::Proof);
        }
        let ours = match &claims.aud {
            Audience::Sole(aud) => aud == holder.issuer,
            Audience::List(list) => matches!(list.as_slice(), [aud] if aud == holder.issuer),
        };
        if !ours {
            return Err(Doubt::Audience);
        }
        if claims.iss.is_some() && claims.iss.as_deref() != holder.client {
            return Err(Doubt::Client);
        }
        if let Some(attesters) = attesters {
            let text = header.extra.get("key_attestation").and_then(Value::as_str);
            let attested = attesters.judge(text.ok_or(Doubt::Attestation)?)?;
            if !attested.names(&key) {
                return Err(Doubt::Attestation);
            }
        }
        let nonce = claims.into_claims().nonce.ok_or(Doubt::Nonce)?;
        Ok(Self { key, nonce })
    }
}

/// A key as a credential names it (`cnf`, RFC 7800 §3.2): nothing but the key, since what else a wallet wrote beside it would tell its credentials apart.
pub fn public_part(key: &Jwk) -> Value {
    let mut members = match key.to_value() {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.retain(|name, _| OF_A_KEY.contains(&name.as_str()));
    Value::Object(members)
}
