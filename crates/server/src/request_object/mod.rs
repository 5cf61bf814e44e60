//! Request objects (RFC 9101, OpenID Connect Core §6): an authorization request as a JWT that the client signed, in the request or at an address of the client's,
//! encrypted to us or not.
//!
//! 1. What was encrypted is decrypted. 2. The signature is verified with the client's keys. 3. `rules.rs` judges the claims, and makes the parameters of them.

mod reference;
pub mod rules;

use db::{Batch, params};
use jose::jwt::{self, Audience, Issuer, Lifetime, Policy, Type};
use jose::{Algorithm, Jwk, VerifyingKey, jws};
use oauth::Params;
use oauth::client_auth::assertion::{ASYMMETRIC, SYMMETRIC};
use realm::Client;
use serde_json::{Map, Value};

use self::rules::Parties;
use crate::call::Call;
use crate::client_auth::{self, Unverified, assertion_hash, verify_signed};
use crate::commit;
use crate::decryption::opened;
use crate::refusal::{Reason, Refusal};

pub(crate) use reference::{DEFAULT, References};

/// The algorithms that objects are signed with.
pub(crate) fn algorithms() -> impl Iterator<Item = &'static Algorithm> {
    ASYMMETRIC.iter().chain(SYMMETRIC)
}

/// The parameters of a request whose object is in `request`; those beside it are `outer`.
///
/// # Errors
/// `invalid_request_object`.
pub(crate) async fn open(
    call: &Call,
    client: &Client,
    text: &str,
    outer: &Params,
) -> Result<Params, Refusal> {
    let realm = &call.realm;
    // Who has to sign requests signs all of them (RFC 9101 §5, §10.5).
    let nothing = Params::new(Vec::new());
    let federated = client.is_federated();
    let outer = if federated || client.requires_signed_requests(&realm.settings()) {
        &nothing
    } else {
        outer
    };
    let text = opened(call, text).await?;
    let claims = verify(call, client, &text).await?;
    let parties = Parties {
        client: &client.id,
        issuer: realm.issuer(),
        profile: client.profile(&realm.settings()),
    };
    rules::judge(&claims, &parties, call.now())?;
    if federated {
        let (jti, until) = rules::once(&claims, &parties)?;
        let (who, used) = (
            format!("request_object {}", client.id),
            Reason::RequestObjectReplayed,
        );
        spend(call, (&who, jti), until, used).await?;
    }
    Ok(rules::request(outer, rules::parameters(claims)?, &parties)?)
}

/// Takes note of what counts once.
///
/// # Errors
/// `used`, when it came before.
pub(crate) async fn spend(
    call: &Call,
    (who, what): (&str, &str),
    until: i64,
    used: Reason,
) -> Result<(), Refusal> {
    let realm = &call.realm;
    let (hash, keep_until) = assertion_hash(who, what, until);
    let mut batch = Batch::new();
    let values = params![realm.name(), &hash, keep_until];
    batch.run(&client_auth::sql::SPEND_ASSERTION, values);
    match realm.db().commit(batch).await {
        Err(error) if error.is_unique(&client_auth::sql::SPEND_ASSERTION) => Err(used.into()),
        other => commit::outcome(other).map(drop),
    }
}

/// The chain of trust that an object brings along, in its header or among its claims (OpenID Federation 1.0 §4.3, §12.1.1.1.1): neither is verified yet.
pub(crate) async fn trust_chain(call: &Call, text: &str) -> Option<Vec<String>> {
    let text = opened(call, text).await.ok()?;
    let object = jws::peek(&text).ok()?;
    let mut claims = object.claims().ok()?;
    let mut extra = object.header.extra;
    let chain = extra
        .remove("trust_chain")
        .or_else(|| claims.remove("trust_chain"))?;
    serde_json::from_value(chain).ok()
}

/// The parameters of a request whose object is at an address.
///
/// # Errors
/// `invalid_request_uri` or `invalid_request_object`.
pub(crate) async fn fetch(
    call: &Call,
    client: &Client,
    request_uri: &str,
    outer: &Params,
) -> Result<Params, Refusal> {
    let references = &call.server.references;
    let text = references.get(call, client, request_uri).await?;
    open(call, client, &text, outer).await
}

/// The claims, signed by the client with the algorithm that it registered, or with any that its profile permits.
async fn verify(call: &Call, client: &Client, text: &str) -> Result<Map<String, Value>, Refusal> {
    let algorithm = jws::peek(text).map_err(reason)?.algorithm;
    let profile = client.profile(&call.realm.settings());
    if !profile.permits_algorithm(algorithm) {
        return Err(Reason::ProfileObjectAlgorithm.into());
    }
    let registered = client.request_object_signing_alg;
    if registered.is_some_and(|own| own != algorithm) {
        return Err(Reason::RequestObjectAlgorithm.into());
    }
    let algorithms = [algorithm];
    let policy = Policy {
        // Judged with what else it says.
        issuer: Issuer::Unchecked,
        audience: Audience::Unchecked,
        algorithms: &algorithms,
        typ: Type::Unchecked,
        lifetime: Lifetime::Unlimited,
        now: call.now(),
        leeway: rules::LEEWAY,
    };
    let typ = jws::peek(text).map_err(reason)?.header.typ;
    if !rules::is_type(typ.as_deref()) {
        return Err(Reason::RequestObjectType.into());
    }
    if algorithm.is_symmetric() {
        let secret = client.shared_secret(&call.realm);
        let secret = secret.ok_or(Reason::RequestObjectAlgorithm)?;
        let key = Jwk::symmetric(&secret).and_then(|jwk| VerifyingKey::from_jwk(&jwk, algorithm));
        let key = key.map_err(|_| Reason::RequestObjectAlgorithm)?;
        let verified = jwt::verify::<Map<String, Value>>(text, &key, &policy).map_err(reason)?;
        return Ok(verified.into_claims());
    }
    match Box::pin(verify_signed::<Map<String, Value>>(
        call, client, text, &policy,
    ))
    .await
    {
        Ok(verified) => Ok(verified.into_claims()),
        Err(Unverified::Keys(_)) => Err(Reason::RequestObjectKeys.into()),
        Err(Unverified::Token(error)) => Err(reason(error).into()),
    }
}

/// The reason behind what the library found.
fn reason(error: jose::Error) -> Reason {
    match error {
        jose::Error::Unsecured => Reason::RequestObjectUnsigned,
        jose::Error::UnknownKey => Reason::RequestObjectKeys,
        jose::Error::Signature | jose::Error::KeyMismatch => Reason::RequestObjectSignature,
        jose::Error::AlgorithmNotAllowed | jose::Error::Unsupported => {
            Reason::RequestObjectAlgorithm
        }
        jose::Error::Expired | jose::Error::NotYetValid => Reason::RequestObjectTimes,
        jose::Error::WrongType => Reason::RequestObjectType,
        _ => Reason::RequestObjectMalformed,
    }
}
