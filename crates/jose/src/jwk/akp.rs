//! Algorithm key pairs: ML-DSA keys (RFC 9964), the private one as its 32-byte seed. `alg` is part of the key.

use super::members::{Members, Secret, put};
use crate::{Algorithm, Error};
use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87,
    ML_DSA_87_SIGNING, ParsedPublicKey, PqdsaKeyPair, PqdsaSigningAlgorithm,
    PqdsaVerificationAlgorithm,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

const SEED: usize = 32;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Akp {
    pub(crate) algorithm: Algorithm,
    public: Vec<u8>,
    pub(crate) seed: Option<Secret>,
}

impl Akp {
    pub(crate) fn take(members: &mut Members, alg: Option<&str>) -> Result<Self, Error> {
        let algorithm = alg
            .ok_or(Error::InvalidKey("an AKP key needs alg"))?
            .parse()?;
        let (signing, _) = parameters(algorithm)?;
        let key = Self {
            algorithm,
            public: members.required("pub")?,
            seed: members.secret("priv")?,
        };
        if key.public.len() != signing.public_key_len()
            || key.seed.as_ref().is_some_and(|it| it.len() != SEED)
        {
            return Err(Error::InvalidKey("an ML-DSA key of the wrong length"));
        }
        key.verifying()?;
        if key.seed.is_some() {
            key.pair()?;
        }
        Ok(key)
    }

    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        let (signing, _) = parameters(algorithm)?;
        let mut seed = Zeroizing::new(vec![0; SEED]);
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| Error::Crypto)?;
        let pair = PqdsaKeyPair::from_seed(signing, &seed).map_err(|_| Error::Crypto)?;
        Ok(Self {
            algorithm,
            public: pair.public_key().as_ref().to_vec(),
            seed: Some(seed),
        })
    }

    pub(crate) fn verifying(&self) -> Result<ParsedPublicKey, Error> {
        let (_, verification) = parameters(self.algorithm)?;
        ParsedPublicKey::new(verification, &self.public)
            .map_err(|_| Error::InvalidKey("ML-DSA public key"))
    }

    pub(crate) fn pair(&self) -> Result<PqdsaKeyPair, Error> {
        let (signing, _) = parameters(self.algorithm)?;
        let seed = self.seed.as_ref().ok_or(Error::NotPrivate)?;
        let wrong = Error::InvalidKey("ML-DSA private key");
        let pair = PqdsaKeyPair::from_seed(signing, seed).map_err(|_| wrong)?;
        if pair.public_key().as_ref() == self.public {
            Ok(pair)
        } else {
            Err(wrong)
        }
    }

    pub(crate) fn public(&self) -> Self {
        Self {
            algorithm: self.algorithm,
            public: self.public.clone(),
            seed: None,
        }
    }

    pub(crate) fn put_public(&self, members: &mut Map<String, Value>) {
        members.insert("alg".to_owned(), self.algorithm.as_str().into());
        put(members, "pub", &self.public);
    }

    pub(crate) fn put_private(&self, members: &mut Map<String, Value>) {
        if let Some(seed) = &self.seed {
            put(members, "priv", seed);
        }
    }
}

type Parameters = (
    &'static PqdsaSigningAlgorithm,
    &'static PqdsaVerificationAlgorithm,
);

fn parameters(algorithm: Algorithm) -> Result<Parameters, Error> {
    match algorithm {
        Algorithm::MlDsa44 => Ok((&ML_DSA_44_SIGNING, &ML_DSA_44)),
        Algorithm::MlDsa65 => Ok((&ML_DSA_65_SIGNING, &ML_DSA_65)),
        Algorithm::MlDsa87 => Ok((&ML_DSA_87_SIGNING, &ML_DSA_87)),
        _ => Err(Error::KeyMismatch),
    }
}
