//! DPoP at this server (RFC 9449): proofs bind what /token issues to a key, and /userinfo asks for them again.
//!
//! A proof at /token is spent in the commit of its grant (§11.1), by client_auth; a grant that writes nothing gets a commit of that one row. At /userinfo, a resource,
//! the process remembers. A request without a proof, of a client that need not send one, costs a look at one header.

pub(crate) mod sql;
mod userinfo;

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderName;
use axum::response::Response;
use db::{Batch, params};
use oauth::dpop::{self, Address, Expected, Nonces, Proof, Refused};
use realm::{Client, Realm};

use crate::answer;
use crate::call::Call;
use crate::refusal::{Reason, Refusal};

pub(crate) use userinfo::{Scheme, check_holder};

const PROOF: HeaderName = HeaderName::from_static(dpop::HEADER);
const NONCE: HeaderName = HeaderName::from_static(dpop::NONCE_HEADER);
/// How much longer a used proof is kept than it is fresh, in seconds: the clocks of nodes differ.
const MARGIN: i64 = 60;
/// How many proofs a process remembers at /userinfo within some minutes.
pub(crate) const REMEMBERED: usize = 1_000_000;

/// A proof that came with a token request and was found good.
#[derive(Debug)]
pub(crate) struct Accepted {
    proof: Proof,
    /// Until when it would be accepted again (unix seconds).
    until: i64,
    /// Whether a commit has spent it.
    spent: AtomicBool,
}

impl Accepted {
    /// The thumbprint of its key.
    pub(crate) fn jkt(&self) -> &str {
        self.proof.jkt()
    }

    /// Adds to a batch that the proof is spent by it, unless it is spent already.
    pub(crate) fn spend(&self, realm: &Realm, batch: &mut Batch) {
        if self.is_unspent() {
            let hash = jose::base64url::encode(self.proof.id());
            let keep_until = self.until.saturating_add(MARGIN);
            batch.run(&sql::SPEND_PROOF, params![realm.name(), hash, keep_until]);
        }
    }

    /// Whether no commit has spent it.
    pub(crate) fn is_unspent(&self) -> bool {
        !self.spent.load(Ordering::Relaxed)
    }

    /// A commit has spent it.
    pub(crate) fn set_spent(&self) {
        self.spent.store(true, Ordering::Relaxed);
    }
}

/// The proof of a `POST` to the endpoint at `path`, if there is one.
///
/// # Errors
/// `invalid_dpop_proof` or `use_dpop_nonce` (§5, §8).
pub(crate) fn accept(
    call: &Call,
    path: &str,
    client: &Client,
) -> Result<Option<Accepted>, Refusal> {
    let Some(text) = presented(call)? else {
        return Ok(None);
    };
    let (proof, until) = judge(call, text, ("POST", path, None), client)?;
    Ok(Some(Accepted {
        proof,
        until,
        spent: AtomicBool::new(false),
    }))
}

/// The text of the one proof of a request.
fn presented(call: &Call) -> Result<Option<&str>, Reason> {
    let values = call.headers.get_all(PROOF).into_iter();
    dpop::presented(values.map(|value| value.as_bytes())).map_err(reason)
}

/// Judges a proof: all but whether it was used before.
fn judge(
    call: &Call,
    text: &str,
    (method, path, access_token): (&str, &str, Option<&str>),
    client: &Client,
) -> Result<(Proof, i64), Refusal> {
    let realm = &call.realm;
    let url = realm.url(path);
    let verify = |url: &str| {
        let address = Address::parse(url)
            .ok_or_else(|| Refusal::Failed("the issuer is not an address".to_owned()))?;
        let expected = Expected {
            method,
            address: &address,
            access_token,
        };
        Ok::<_, Refusal>(dpop::verify(text, &expected))
    };
    let mut verdict = verify(&url)?;
    // Where clients show certificates the same endpoint has another address (RFC 8705 §5).
    if let (Err(Refused::Address), Some(aliases)) = (&verdict, &call.server.certificates.aliases)
        && let Some(alias) = aliases.of(&url)
    {
        verdict = verify(&alias)?;
    }
    let proof = verdict.map_err(reason)?;
    let settings = realm.settings();
    if !client
        .profile(&settings)
        .permits_algorithm(proof.algorithm())
    {
        return Err(Reason::ProofAlgorithm.into());
    }
    let demanded = client.requires_dpop_nonce(&settings);
    let until = proof
        .fresh(Some(&nonces(realm)), demanded, call.now())
        .map_err(reason)?;
    Ok((proof, until))
}

/// The nonces of a realm: every node makes and takes the same.
fn nonces(realm: &Realm) -> Nonces {
    Nonces::new(&realm.mac("dpop_nonce", b""))
}

fn reason(refused: Refused) -> Reason {
    match refused {
        Refused::Twice => Reason::ProofTwice,
        Refused::Token(_) => Reason::ProofInvalid,
        Refused::Method => Reason::ProofMethod,
        Refused::Address => Reason::ProofAddress,
        Refused::Identifier => Reason::ProofIdentifier,
        Refused::TokenHash => Reason::ProofTokenHash,
        Refused::Time | Refused::Clock => Reason::ProofTime,
        Refused::NonceMissing => Reason::ProofNonceMissing,
        Refused::Nonce => Reason::ProofNonce,
        Refused::Replayed => Reason::ProofReplayed,
    }
}

/// Whether the request has a proof, good or not.
pub(crate) fn is_shown(call: &Call) -> bool {
    call.headers.contains_key(PROOF)
}

/// Offers the present nonce (§8.2), unless this proof has it.
pub(crate) fn offer(call: &Call, proof: Option<&Accepted>, response: &mut Response) {
    offer_unless(
        call,
        proof.and_then(|accepted| accepted.proof.nonce()),
        response,
    );
}

fn offer_unless(call: &Call, used: Option<&str>, response: &mut Response) {
    let current = nonces(&call.realm).current(call.now());
    if used != Some(current.as_str()) {
        answer::set(response, NONCE, &current);
    }
}
