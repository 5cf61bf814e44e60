//! Bound tokens at our own endpoints that take them, which are resources like any other (RFC 9449 §7).

use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use oauth::ErrorCode;
use oauth::challenge::Bearer;
use oauth::claims::{AccessToken, Confirmation};
use oauth::dpop;
use realm::Client;

use super::{judge, offer_unless, presented};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};

/// How an access token is presented: the scheme of the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Whoever has it may use it (RFC 6750 §2.1), or whoever has the certificate (RFC 8705 §3).
    Bearer,
    /// With a proof (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    /// The scheme and the token of an `Authorization` header.
    pub(crate) fn split(value: &str) -> Option<(Self, &str)> {
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        let scheme = if scheme.eq_ignore_ascii_case("Bearer") {
            Self::Bearer
        } else if scheme.eq_ignore_ascii_case("DPoP") {
            Self::Dpop
        } else {
            return None;
        };
        (!token.is_empty()).then_some((scheme, token))
    }

    /// Offers the present nonce with every answer to a proof (RFC 9449 §9).
    pub(crate) fn offer(self, call: &Call, response: &mut Response) {
        if self == Self::Dpop {
            offer_unless(call, None, response);
        }
    }

    /// Writes the challenges of an answer (RFC 6750 §3, RFC 9449 §7.1): in the scheme that was used, and both when no token came. An error about the proof
    /// is one of authentication here: 401.
    pub(crate) fn challenge(used: Option<Self>, challenge: &Bearer, response: &mut Response) {
        if !response.status().is_client_error() {
            return;
        }
        if matches!(
            challenge.error,
            Some(ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce)
        ) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        let bearer = (used != Some(Self::Dpop)).then(|| challenge.to_string());
        let dpop = (used != Some(Self::Bearer)).then(|| challenge.dpop(dpop::ALGORITHMS));
        for value in bearer.into_iter().chain(dpop) {
            if let Ok(value) = value.parse() {
                response
                    .headers_mut()
                    .append(header::WWW_AUTHENTICATE, value);
            }
        }
    }
}

/// Whether whoever presents the token at `path` is the one that it was issued to. `proven` is what the connection proves: the client's certificate.
///
/// # Errors
/// A bound token as a bearer token, an unbound one with the scheme DPoP, and whatever is wrong with the proof.
pub(crate) fn check_holder(
    call: &Call,
    (method, path): (&Method, &str),
    (scheme, token): (Scheme, &str),
    (claims, client): (&AccessToken, &Client),
    proven: Option<&Confirmation>,
) -> Result<(), Refusal> {
    let Some(bound) = &claims.cnf else {
        return match scheme {
            Scheme::Bearer => Ok(()),
            Scheme::Dpop => Err(Reason::TokenNotBound.into()),
        };
    };
    let mut proven = proven.cloned().unwrap_or_default();
    let mut used = None;
    if scheme == Scheme::Dpop {
        if bound.jkt.is_none() {
            return Err(Reason::TokenNotBound.into());
        }
        let text = presented(call)?.ok_or(Reason::ProofMissing)?;
        let request = (method.as_str(), path, Some(token));
        let (proof, _) = judge(call, text, request, client)?;
        proven.jkt = Some(proof.jkt().to_owned());
        used = Some(proof);
    }
    if !bound.is_met_by(Some(&proven)) {
        return Err(Reason::TokenBound.into());
    }
    if let Some(proof) = used {
        // Only now, so that nobody fills the memory without a token of their own.
        match call.server.proofs.remember(proof.id(), call.now()) {
            Ok(true) => {}
            Ok(false) => return Err(Reason::ProofReplayed.into()),
            Err(dpop::Full) => return Err(Refusal::Busy),
        }
    }
    Ok(())
}
