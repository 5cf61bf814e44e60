//! Which credential a token is for, which keys a request proves, and what a credential says.

use jose::Jwk;
use jose::sd_jwt::Claims;
use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::credential::{Asked, Attesters, Doubt, Holder, Proofs, Proven, asked_for, public_part};
use realm::{Catalogue, CredentialConfiguration};
use serde_json::{Map, Value, json};

use crate::refusal::Reason;

/// To what times are rounded, in seconds: an hour, so that they do not tell one credential from others (RFC 9901 §10.1).
pub const ROUNDED: i64 = 3600;

/// What an access token is for.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// Its scope.
    pub scope: &'a Scope,
    /// What it is for in particular.
    pub details: Option<&'a AuthorizationDetails>,
}

/// Finds the credential that is asked for, among those that the token is for. `identifier` gives the name of one for the token's person.
///
/// # Errors
/// `unknown_credential_configuration`, `unknown_credential_identifier`, `invalid_credential_request` or `credential_request_denied`.
pub fn choose<'a>(
    asked: &Asked,
    granted: &Granted<'_>,
    catalogue: &'a Catalogue,
    identifier: impl Fn(&str) -> String,
) -> Result<&'a CredentialConfiguration, Reason> {
    let in_particular = granted.details.map(asked_for).unwrap_or_default();
    match asked {
        Asked::Identifier(name) => in_particular
            .into_iter()
            .find(|id| identifier(id) == *name)
            .and_then(|id| catalogue.credential(id))
            .ok_or(Reason::CredentialIdentifierUnknown),
        Asked::Configuration(id) => {
            let one = catalogue.credential(id).ok_or(Reason::CredentialUnknown)?;
            let scope = one.scope.as_deref();
            if scope.is_some_and(|scope| granted.scope.contains(scope)) {
                return Ok(one);
            }
            // What was granted by name is asked for by name (§8.2).
            if in_particular.contains(&id.as_str()) {
                return Err(Reason::CredentialRequestMalformed);
            }
            Err(Reason::CredentialNotGranted)
        }
    }
}

/// The keys that credentials of this kind are bound to, one for each; none for one that is for whoever holds it. `is_ours` judges a nonce.
///
/// # Errors
/// `invalid_proof` or `invalid_nonce`.
pub fn keys(
    one: &CredentialConfiguration,
    proofs: Option<&Proofs>,
    holder: &Holder<'_>,
    is_ours: impl Fn(&str) -> bool,
) -> Result<Vec<Option<Jwk>>, Reason> {
    if one.unbound {
        // §8.2: then the wallet sends none; what it sends is not looked at.
        return Ok(vec![None]);
    }
    let attesters = one.key_attestation_jwks.as_ref().map(|keys| Attesters {
        keys: keys.verifying(),
        now: holder.now,
    });
    let checked = |nonce: &str| match is_ours(nonce) {
        true => Ok(()),
        false => Err(Reason::CredentialNonce),
    };
    let found = match (proofs, attesters) {
        (None, _) | (Some(Proofs::Attestation(_)), None) => {
            return Err(Reason::CredentialProofMissing);
        }
        (Some(Proofs::Jwt(all)), attesters) => {
            let mut keys = Vec::with_capacity(all.len());
            for proof in all {
                let proven = Proven::judge(proof, holder, attesters.as_ref()).map_err(reason)?;
                checked(&proven.nonce)?;
                keys.push(proven.key);
            }
            keys
        }
        (Some(Proofs::Attestation(text)), Some(attesters)) => {
            let attested = attesters.judge(text).map_err(reason)?;
            let nonce = attested.nonce.ok_or(Reason::CredentialProof)?;
            checked(&nonce)?;
            attested.keys
        }
    };
    let names: Vec<String> = found.iter().map(Jwk::thumbprint).collect();
    let is_new = |(index, name): (usize, &String)| !names[..index].contains(name);
    if !names.iter().enumerate().all(is_new) {
        return Err(Reason::CredentialProofTwice);
    }
    Ok(found.into_iter().map(Some).collect())
}

fn reason(doubt: Doubt) -> Reason {
    match doubt {
        Doubt::Proof => Reason::CredentialProof,
        Doubt::Audience => Reason::CredentialProofAudience,
        Doubt::Client => Reason::CredentialProofClient,
        Doubt::Time => Reason::CredentialProofTime,
        Doubt::Nonce => Reason::CredentialProofNonceMissing,
        Doubt::Attestation => Reason::CredentialKeyAttestation,
    }
}

fn rounded(time: i64) -> i64 {
    time - time.rem_euclid(ROUNDED)
}

/// Until when a credential of this kind is valid that is issued now (unix seconds).
pub fn expires_at(one: &CredentialConfiguration, now: i64) -> i64 {
    rounded(now.saturating_add(one.lifetime))
}

/// Who says it, of what type, when.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The kind.
    pub configuration: &'a CredentialConfiguration,
    /// The time (unix seconds).
    pub now: i64,
}

/// What a credential says, bound to a key and with a place in a status list where it has them: each claim disclosed by itself, and a decoy for each that there is no value for, so that the number of hashes says nothing about
/// the person. Everything of SD-JWT VC §2.2.2.2 is there for all to read.
///
/// # Errors
/// `credential_request_denied` when the person lacks a claim that must be there.
pub fn claims(
    said: &Said<'_>,
    (key, status): (Option<&Jwk>, Option<Value>),
    values: &[Option<Value>],
) -> Result<Claims, Reason> {
    let one = said.configuration;
    let mut open = Map::new();
    let mut add = |name: &str, value: Value| {
        open.insert(name.to_owned(), value);
    };
    add("iss", said.issuer.into());
    add("vct", one.vct.as_str().into());
    add("iat", rounded(said.now).into());
    add("exp", expires_at(one, said.now).into());
    if let Some(key) = key {
        add("cnf", json!({ "jwk": public_part(key) }));
    }
    if let Some(status) = status {
        add("status", status);
    }
    let unsayable = |_| Reason::CredentialUnsayable;
    let mut claims = Claims::new(open).map_err(unsayable)?;
    for (index, claim) in one.claims.iter().enumerate() {
        match values.get(index).cloned().flatten() {
            Some(value) => claims.hide(&claim.path, value).map_err(unsayable)?,
            None if claim.mandatory => return Err(Reason::CredentialIncomplete),
            None => claims.decoy(&claim.path).map_err(unsayable)?,
        }
    }
    Ok(claims)
}
