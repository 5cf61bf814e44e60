//! Every way in which this crate refuses something.

/// Why something was refused. Holds no key or token material, so that it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not what its format asks for; says which part.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// A limit of this crate (see [`crate::limits`]) is exceeded.
    #[error("too large")]
    TooLarge,
    /// A JSON object names one member twice (RFC 7515 §4, RFC 7519 §4).
    #[error("duplicate JSON member")]
    DuplicateMember,
    /// Not unpadded base64url, or not the one canonical spelling of its bytes.
    #[error("not canonical unpadded base64url")]
    Base64,
    /// `alg` is `none` (RFC 7518 §3.6): never accepted.
    #[error("unsecured tokens are refused")]
    Unsecured,
    /// An `alg`, `enc`, `zip`, `kty` or `crv` that this crate does not implement.
    #[error("unsupported algorithm or key type")]
    Unsupported,
    /// A known algorithm that the caller's policy does not allow.
    #[error("algorithm not allowed here")]
    AlgorithmNotAllowed,
    /// The key is of another type, or is bound (JWK `alg`) to another algorithm.
    #[error("the key is not for this algorithm")]
    KeyMismatch,
    /// The JWK's `use` or `key_ops` forbids this operation (RFC 7517 §4.2, §4.3).
    #[error("the key is not for this use")]
    KeyUse,
    /// The key's numbers are wrong: not on the curve, of the wrong length, or inconsistent.
    #[error("invalid key: {0}")]
    InvalidKey(&'static str),
    /// The key is too short for its algorithm (RFC 7518 §3.2, §3.3).
    #[error("the key is too weak")]
    WeakKey,
    /// A private key was needed.
    #[error("not a private key")]
    NotPrivate,
    /// A symmetric key has no public half.
    #[error("a symmetric key has no public half")]
    NoPublicKey,
    /// The header's `crit` names an extension (this crate understands none), or `b64` is present.
    #[error("unknown critical header parameter")]
    Critical,
    /// The header carries or points to a key (`jwk`, `jku`, `x5c`, `x5u`) and the caller did not ask for one.
    #[error("key in the header refused")]
    KeyInHeader,
    /// No key of the caller matches the token's `kid` and `alg`. Worth one refresh of a remote key set.
    #[error("unknown key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("wrong signature")]
    Signature,
    /// The ciphertext, its tag or the encrypted key is wrong; which one is not told (RFC 7516 §11.5).
    #[error("decryption failed")]
    Decryption,
    /// `typ` is not the one that the policy asks for (RFC 8725 §3.11).
    #[error("wrong token type")]
    WrongType,
    /// `iss` is not the expected issuer.
    #[error("wrong issuer")]
    WrongIssuer,
    /// `aud` does not name the expected audience.
    #[error("wrong audience")]
    WrongAudience,
    /// `exp`, or `iat` plus the allowed age, has passed.
    #[error("expired")]
    Expired,
    /// `nbf` or `iat` lies in the future.
    #[error("not yet valid")]
    NotYetValid,
    /// A claim that the policy needs is absent.
    #[error("missing claim: {0}")]
    MissingClaim(&'static str),
    /// The claims are not a JSON object of the expected shape.
    #[error("claims of the wrong shape")]
    Claims,
    /// The cryptographic library failed where only lack of memory or a bug makes it fail.
    #[error("cryptographic operation failed")]
    Crypto,
}
