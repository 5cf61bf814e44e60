//! Tokens that are bound to a key (RFC 9449 §7), as an API checks them: by itself, remembering proofs per process, with nonces if it wants more.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use http::{Method, Uri};
use oauth::dpop::{self, Address, Expected, Full, Nonces, Proof, Refused, Seen};

use crate::Refusal;

const PROOF: HeaderName = HeaderName::from_static(dpop::HEADER);
/// The header that offers a nonce (§9).
pub(crate) const NONCE: HeaderName = HeaderName::from_static(dpop::NONCE_HEADER);

/// How a token is presented: the scheme of the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Bearer` (RFC 6750 §2.1).
    Bearer,
    /// `DPoP`, with a proof beside it (RFC 9449 §7.1).
    Dpop,
}

/// What of a request says whose it is. The only places that are looked at are the headers `Authorization` and `DPoP`, and the connection's certificate.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The method.
    pub method: &'a Method,
    /// The address as it arrived here; only its path counts.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The certificate (DER) that the client showed on the connection, and proved to have the key of (RFC 8705 §3).
    pub certificate: Option<&'a [u8]>,
}

impl<'a> Arrival<'a> {
    /// The scheme and the token of the one `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1).
    pub(crate) fn token(&self) -> Result<(Scheme, &'a str), Refusal> {
        let mut values = self.headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(Refusal::Missing)?;
        if values.next().is_some() {
            return Err(Refusal::Malformed);
        }
        let text = value.to_str().map_err(|_| Refusal::Malformed)?;
        let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
        let scheme = if scheme.eq_ignore_ascii_case("bearer") {
            Scheme::Bearer
        } else if scheme.eq_ignore_ascii_case("dpop") {
            Scheme::Dpop
        } else {
            return Err(Refusal::Missing);
        };
        let token = token.trim_matches(' ');
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if token.is_empty() || !token.bytes().all(allowed) {
            return Err(Refusal::Malformed);
        }
        Ok((scheme, token))
    }
}

/// What an API needs to check proofs.
pub(crate) struct Proofs {
    /// What comes before the path in the addresses that clients know, without a slash at the end.
    base: String,
    nonces: Option<Nonces>,
    seen: Seen,
}

impl Proofs {
    /// `None` when `base` is not an http or https address.
    pub(crate) fn new(base: &str, nonces: Option<Nonces>, remembered: usize) -> Option<Self> {
        Address::parse(base)?;
        if base.contains(['?', '#']) {
            return None;
        }
        Some(Self {
            base: base.trim_end_matches('/').to_owned(),
            nonces,
            seen: Seen::new(remembered),
        })
    }

    /// Judges the proof of a request that presents `token`: all but whether it was used before.
    pub(crate) fn judge(
        &self,
        arrival: &Arrival<'_>,
        token: &str,
        now: i64,
    ) -> Result<Proof, Refusal> {
        let values = arrival.headers.get_all(PROOF).into_iter();
        let text =
            dpop::presented(values.map(|value| value.as_bytes()))?.ok_or(Refusal::ProofMissing)?;
        let address = format!("{}{}", self.base, arrival.uri.path());
        let address = Address::parse(&address).ok_or(Refused::Address)?;
        let expected = Expected {
            method: arrival.method.as_str(),
            address: &address,
            access_token: Some(token),
        };
        let proof = dpop::verify(text, &expected)?;
        let nonces = self.nonces.as_ref();
        proof.fresh(nonces, nonces.is_some(), now)?;
        Ok(proof)
    }

    /// Lets a proof pass once. To be called when all else is good, so that nobody fills the memory without a token.
    pub(crate) fn remember(&self, proof: &Proof, now: i64) -> Result<(), Refusal> {
        match self.seen.remember(proof.id(), now) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refused::Replayed.into()),
            Err(Full) => {
                tracing::warn!("more DPoP proofs at once than can be remembered");
                Err(Refusal::Busy)
            }
        }
    }

    /// The nonce to offer to a client that used this one (§8.2, §9).
    pub(crate) fn offer(&self, used: Option<&str>, now: i64) -> Option<String> {
        let current = self.nonces.as_ref()?.current(now);
        (used != Some(current.as_str())).then_some(current)
    }
}
