//! `attest_jwt_client_auth` (draft-ietf-oauth-attestation-based-client-auth §7): an attester that the client's operator or the realm trusts vouches for the key of
//! an instance, and the instance proves that it has it. What it gets is for this instance: its refresh tokens are bound to the key.

use axum::http::HeaderName;
use jose::jws;
use oauth::client_auth::Presented;
use oauth::client_auth::assertion::ASYMMETRIC;
use oauth::client_auth::attestation::{Disbelief, Expected, HEADER, POP_HEADER, judge};
use realm::Client;
use realm::settings::FAPI_ALGORITHMS;

use super::authenticated::Assertion;
use crate::attestation_challenges as challenges;
use crate::call::Call;
use crate::refusal::Reason;

/// An instance of a client that proved who it is.
#[derive(Debug)]
pub(super) struct Attested {
    /// The proof, which counts once.
    pub(super) proof: Assertion,
    /// The thumbprint of the instance's key.
    pub(super) instance: String,
}

/// Checks the two headers.
pub(super) fn check(call: &Call, client: &Client) -> Result<Attested, Reason> {
    let attestation = header(call, HEADER)?;
    let pop = header(call, POP_HEADER)?;
    let realm = &call.realm;
    let settings = realm.settings();
    let own = client.client_attestation_jwks.as_ref();
    let attesters = own
        .or(settings.client_attestation_jwks.as_ref())
        .ok_or(Reason::AttesterUnknown)?;
    let expected = Expected {
        client: &client.id,
        issuer: realm.issuer(),
        algorithms: if client.profile(&settings).is_fapi() {
            FAPI_ALGORITHMS
        } else {
            ASYMMETRIC
        },
        now: call.now(),
    };
    let proven = judge(attestation, pop, attesters.verifying(), &expected);
    let proven = proven.map_err(|disbelief| match disbelief {
        Disbelief::Attestation => Reason::AttesterUnknown,
        Disbelief::Expired => Reason::AttestationExpired,
        Disbelief::Client => Reason::ClientAssertionOfAnother,
        Disbelief::Audience => Reason::ClientAssertionAudience,
        Disbelief::Times => Reason::ClientAssertionTimes,
        Disbelief::Id => Reason::ClientAssertionId,
        Disbelief::Key | Disbelief::Proof => Reason::AttestationUnproven,
    })?;
    match &proven.challenge {
        None if settings.require_attestation_challenge => {
            return Err(Reason::AttestationChallengeMissing);
        }
        Some(challenge) if !challenges::is_ours(realm, challenge) => {
            return Err(Reason::AttestationChallengeWrong);
        }
        _ => {}
    }
    let who = format!("{} {}", client.id, proven.jkt);
    Ok(Attested {
        proof: Assertion::new(&who, &proven.jti, proven.until),
        instance: proven.jkt,
    })
}

/// Whom a request without `client_id` is from, as its attestation says (§7): the parameter is not needed beside it. Nothing is proven yet.
pub(super) fn named(call: &Call) -> Presented {
    let text = header(call, HEADER).ok();
    let claims = text.and_then(|text| jws::peek(text).ok()?.claims().ok());
    let sub = claims
        .as_ref()
        .and_then(|claims| claims.get("sub")?.as_str());
    sub.map_or(Presented::Nothing, |id| Presented::None {
        id: id.to_owned(),
    })
}

/// The one value of a header.
fn header<'a>(call: &'a Call, name: &'static str) -> Result<&'a str, Reason> {
    let mut values = call
        .headers
        .get_all(HeaderName::from_static(name))
        .into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Reason::AttestationMissing),
        _ => Err(Reason::AttestationMissing),
    }
}
