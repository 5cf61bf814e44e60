//! Keys that sign.

use super::{curve, fits, hmac_algorithm, hmac_key};
use crate::{
    Algorithm, Error, Jwk,
    jwk::{KeyUse, Material, akp::Akp, ec::Ec, oct::Oct, okp::Okp, rsa::Rsa},
};
use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{
        EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
        RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use std::fmt;

/// A private or symmetric key, parsed once, bound to one algorithm. Cheap to sign with, from any thread. `Debug` shows only its name.
pub struct SigningKey {
    pair: Pair,
    algorithm: Algorithm,
    kid: String,
    jwk: Jwk,
    /// The JSON of a JWT header up to the opening quote of the value of `typ`.
    pub(crate) header: String,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(Box<PqdsaKeyPair>),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// Makes a new key; its `kid` is its thumbprint. RSA keys have 2048 bits and take a good part of a second, the others no time. HMAC keys are
    /// as long as their hash.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        use Algorithm as A;
        let material = match algorithm {
            A::Hs256 | A::Hs384 | A::Hs512 => {
                let hash = hmac_algorithm(algorithm).ok_or(Error::Crypto)?;
                Material::Oct(Oct::generate(hash.tag_len())?)
            }
            A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512 => {
                Material::Rsa(Rsa::generate()?)
            }
            A::Es256 | A::Es384 | A::Es512 | A::Es256k => {
                Material::Ec(Ec::generate(curve(algorithm).ok_or(Error::Crypto)?)?)
            }
            A::EdDsa => Material::Okp(Okp::generate_ed25519()?),
            A::MlDsa44 | A::MlDsa65 | A::MlDsa87 => Material::Akp(Akp::generate(algorithm)?),
        };
        Self::from_jwk(&Jwk::from_material(material), algorithm)
    }

    /// From a private or symmetric JWK. Its `kid` is that of the JWK, or the thumbprint (for a symmetric key too: set a `kid` where a hash of the
    /// secret must not be seen).
    ///
    /// Refuses a key of another type or curve, a JWK bound to another `alg`, `use` or `key_ops`, and HMAC keys shorter than the hash.
    pub fn from_jwk(jwk: &Jwk, algorithm: Algorithm) -> Result<Self, Error> {
        if !fits(jwk, algorithm) {
            return Err(Error::KeyMismatch);
        }
        jwk.check_use(KeyUse::Signature, &["sign"], algorithm.as_str())?;
        let pair = match &jwk.material {
            Material::Rsa(key) => Pair::Rsa(key.pair()?, rsa_encoding(algorithm)?),
            Material::Ec(key) => Pair::Ecdsa(key.pair()?),
            Material::Okp(key) => Pair::Ed25519(key.pair()?),
            Material::Akp(key) => Pair::MlDsa(Box::new(key.pair()?)),
            Material::Oct(key) => Pair::Hmac(Box::new(hmac_key(algorithm, &key.k)?)),
        };
        let kid = jwk.kid().map_or_else(|| jwk.thumbprint(), str::to_owned);
        let quoted = serde_json::Value::from(kid.as_str());
        Ok(Self {
            pair,
            algorithm,
            header: format!("{{\"alg\":\"{algorithm}\",\"kid\":{quoted},\"typ\":"),
            jwk: jwk.clone().for_signatures(algorithm, &kid),
            kid,
        })
    }

    /// The private JWK with `kid`, `alg` and `use`: a secret.
    pub fn jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// The public JWK with `kid`, `alg` and `use`, as a JWK set publishes it. [`Error::NoPublicKey`] for HMAC.
    pub fn public_jwk(&self) -> Result<Jwk, Error> {
        self.jwk.public()
    }

    /// The key that checks what this one signs.
    pub fn verifying_key(&self) -> Result<super::VerifyingKey, Error> {
        let mut jwk = self.jwk.clone();
        if !self.algorithm.is_symmetric() {
            jwk = jwk.public()?;
        }
        super::VerifyingKey::from_jwk(&jwk, self.algorithm)
    }

    /// The name under which tokens refer to it.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Signs in the encoding of JWS (ECDSA: both numbers side by side, RFC 7518 §3.4).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .map_err(|_| Error::Crypto)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| Error::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| Error::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature)
                    .map_err(|_| Error::Crypto)?;
                Ok(signature)
            }
            Pair::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, Error> {
    match algorithm {
        Algorithm::Rs256 => Ok(&RSA_PKCS1_SHA256),
        Algorithm::Rs384 => Ok(&RSA_PKCS1_SHA384),
        Algorithm::Rs512 => Ok(&RSA_PKCS1_SHA512),
        Algorithm::Ps256 => Ok(&RSA_PSS_SHA256),
        Algorithm::Ps384 => Ok(&RSA_PSS_SHA384),
        Algorithm::Ps512 => Ok(&RSA_PSS_SHA512),
        _ => Err(Error::KeyMismatch),
    }
}
