//! Proof of possession of a key with each request (RFC 9449): what a proof must be, on whichever side it is read.
//!
//! [`presented`] finds the one proof of a request, [`verify`] judges everything about it that needs no memory, [`Proof::fresh`] its age, and [`Seen`]
//! whether this process met it before. [`Nonces`] are the time under a MAC, so that whoever has the key can check one and nobody stores any.

mod address;
mod nonce;
mod proof;
mod seen;

pub use address::Address;
pub use nonce::{Nonces, SLOT};
pub use proof::{Expected, FUTURE, PAST, Proof, make, presented, token_hash, verify};
pub use seen::{Full, HORIZON, Seen};

use jose::Algorithm;

/// The request header that carries a proof (§4.1), in lower case.
pub const HEADER: &str = "dpop";
/// The response header that carries a nonce (§8), in lower case.
pub const NONCE_HEADER: &str = "dpop-nonce";
/// `typ` of a proof (§4.2).
pub const TYPE: &str = "dpop+jwt";
/// The algorithms of proofs: asymmetric ones (§4.2), the best known first.
pub const ALGORITHMS: &[Algorithm] = &[
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::Ps256,
    Algorithm::Rs256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::MlDsa44,
    Algorithm::MlDsa65,
    Algorithm::MlDsa87,
];

/// Why a proof is not accepted (§4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The header is there more than once.
    #[error("there is more than one DPoP header")]
    Twice,
    /// It is not a JWT of this type with an asymmetric algorithm, a public key and a good signature.
    #[error("the proof is not acceptable: {0}")]
    Token(#[from] jose::Error),
    /// `htm` is another method.
    #[error("htm is not the method of the request")]
    Method,
    /// `htu` is another address.
    #[error("htu is not the address of the request")]
    Address,
    /// `jti` is empty or too long.
    #[error("jti has 1 to 256 characters")]
    Identifier,
    /// `ath` is absent, or the hash of another token.
    #[error("ath is not the hash of the access token")]
    TokenHash,
    /// Too old or from the future, and without a nonce that would vouch for it.
    #[error("iat is too far from the time here")]
    Time,
    /// The same, where no nonces are given out: nothing would vouch for it.
    #[error("iat is too far from the time here, and there are no nonces")]
    Clock,
    /// There is no nonce, and one is demanded.
    #[error("a nonce is demanded")]
    NonceMissing,
    /// The nonce is not one of ours, or too old.
    #[error("the nonce is not acceptable")]
    Nonce,
    /// It was used before.
    #[error("the proof was used before")]
    Replayed,
}

impl Refused {
    /// Whether a new proof with the nonce that comes with the refusal would help: `use_dpop_nonce` (§8) instead of `invalid_dpop_proof`.
    pub const fn wants_nonce(self) -> bool {
        matches!(self, Self::Time | Self::NonceMissing | Self::Nonce)
    }
}
