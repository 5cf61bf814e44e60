//! Signed authentication requests (OpenID Connect CIBA Core §7.1.1): the parameters are the claims of a JWT that the client signs, for this server and for once.

use db::params;
use jose::jwt;
use oauth::Params;
use oauth::ciba::SignedRequest;
use oauth::client_auth::assertion::ASYMMETRIC;
use realm::Realm;

use crate::authorization_code;
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Unverified, verify_signed};
use crate::refusal::{Reason, Refusal};

use super::sql;

/// How long a signed request may be good for, from `nbf` to `exp`, in seconds (FAPI-CIBA §5.2.2).
const LONGEST: i64 = 3600;
/// How far the clocks of clients may be off, in seconds.
const LEEWAY: i64 = 30;
/// How much longer a used one is kept than it is believed, in seconds: the clocks of nodes differ.
const MARGIN: i64 = 60;
/// Longest `jti`, in bytes.
const LONGEST_ID: usize = 256;

/// A signed request that was believed and counts once.
pub(super) struct Spendable {
    /// The hash of the client and the `jti`.
    hash: String,
    keep_until: i64,
}

impl Spendable {
    /// Spends it in the batch of what it asks for.
    pub(super) fn spend(&self, realm: &Realm, batch: &mut db::Batch) {
        let values = params![realm.name(), &self.hash, self.keep_until];
        batch.run(&sql::SPEND_SIGNED_REQUEST, values);
    }
}

/// The parameters of a request: its own, or those that it holds signed. Which of the two a client sends, it has registered, so that nobody leaves the signature
/// away for it.
///
/// # Errors
/// `invalid_request` (§7.1.1, §13).
pub(super) async fn open(
    call: &Call,
    client: &AuthenticatedClient,
    params: Params,
) -> Result<(Params, Option<Spendable>), Refusal> {
    let registered = client.backchannel.signing_alg;
    let (Some(text), Some(algorithm)) = (params.get("request"), registered) else {
        return match (params.get("request"), registered) {
            (None, None) => Ok((params, None)),
            (Some(_), _) => Err(Reason::CibaRequestUnexpected.into()),
            (None, Some(_)) => Err(Reason::CibaRequestUnsigned.into()),
        };
    };
    SignedRequest::is_alone(&params)?;
    let realm = &call.realm;
    let algorithms: Vec<_> = ASYMMETRIC
        .iter()
        .copied()
        .filter(|known| *known == algorithm)
        .collect();
    let policy = jwt::Policy {
        issuer: jwt::Issuer::Is(&client.id),
        audience: jwt::Audience::Includes(realm.issuer()),
        algorithms: &algorithms,
        // Left open by the specification; nothing else that a client signs has a scope and a hint in it.
        typ: jwt::Type::Unchecked,
        lifetime: jwt::Lifetime::Expires,
        now: call.now(),
        leeway: LEEWAY,
    };
    let signed = verify_signed::<SignedRequest>(call, client, text, &policy).await;
    let signed = signed.map_err(|unverified| match unverified {
        Unverified::Keys(_) => Reason::CibaRequestKeys,
        Unverified::Token(jose::Error::Expired | jose::Error::NotYetValid) => {
            Reason::CibaRequestTimes
        }
        Unverified::Token(_) => Reason::CibaRequestInvalid,
    })?;
    let spendable = spendable(&signed, &client.id)?;
    Ok((signed.params()?, Some(spendable)))
}

/// All claims that §7.1.1 demands are there, and none makes the request good for long.
fn spendable(signed: &SignedRequest, client: &str) -> Result<Spendable, Reason> {
    let (Some(jti), Some(_), Some(nbf), Some(exp)) =
        (&signed.jti, signed.iat, signed.nbf, signed.exp)
    else {
        return Err(Reason::CibaRequestInvalid);
    };
    if jti.is_empty() || jti.len() > LONGEST_ID {
        return Err(Reason::CibaRequestInvalid);
    }
    if exp.saturating_sub(nbf) > LONGEST {
        return Err(Reason::CibaRequestTimes);
    }
    // Apart from the assertions of the same client, which have a `jti` too.
    let named = format!("bc-authorize\0{client}\0{jti}");
    Ok(Spendable {
        hash: authorization_code::hash(&named),
        keep_until: exp.saturating_add(MARGIN),
    })
}
