//! Keys that verify.

use super::{fits, hmac_key};
use crate::{
    Algorithm, Error, Jwk,
    jwk::{KeyUse, Material},
};
use aws_lc_rs::{
    hmac,
    signature::{
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
        RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
        RSA_PSS_2048_8192_SHA512, RsaParameters,
    },
};
use std::fmt;

/// A key that checks signatures, parsed once, bound to one algorithm: what a token's header says can never choose another.
#[derive(Clone)]
pub struct VerifyingKey {
    key: Key,
    algorithm: Algorithm,
    kid: Option<String>,
}

#[derive(Clone)]
enum Key {
    Public(ParsedPublicKey),
    Hmac(Box<hmac::Key>),
}

impl VerifyingKey {
    /// From a public, private or symmetric JWK.
    ///
    /// Refuses a key of another type or curve, a JWK bound to another `alg`, `use` or `key_ops`, and HMAC keys shorter than the hash.
    pub fn from_jwk(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, Error> {
        if !fits(jwk, algorithm) {
            return Err(Error::KeyMismatch);
        }
        jwk.check_use(KeyUse::Signature, &["verify", "sign"], algorithm.as_str())?;
        let key = match &jwk.material {
            Material::Rsa(key) => {
                let parsed = key
                    .public_components()
                    .to_parsed_public_key(rsa_parameters(algorithm)?);
                Key::Public(parsed.map_err(|_| Error::InvalidKey("RSA public key"))?)
            }
            Material::Ec(key) => Key::Public(key.verifying()?),
            Material::Okp(key) => Key::Public(key.verifying()?),
            Material::Akp(key) => Key::Public(key.verifying()?),
            Material::Oct(key) => Key::Hmac(Box::new(hmac_key(algorithm, &key.k)?)),
        };
        Ok(Self {
            key,
            algorithm,
            kid: jwk.kid().map(str::to_owned),
        })
    }

    /// Checks a signature in the encoding of JWS. [`Error::Signature`] when it is wrong, whatever is wrong about it.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let result = match &self.key {
            Key::Public(key) => key.verify_sig(message, signature),
            Key::Hmac(key) => hmac::verify(key, message, signature),
        };
        result.map_err(|_| Error::Signature)
    }

    /// The `kid` of the JWK, if it had one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The algorithm of the signatures it checks.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Result<&'static RsaParameters, Error> {
    match algorithm {
        Algorithm::Rs256 => Ok(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Ok(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Ok(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Ok(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Ok(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Ok(&RSA_PSS_2048_8192_SHA512),
        _ => Err(Error::KeyMismatch),
    }
}
