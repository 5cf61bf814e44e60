//! Elliptic curve keys (RFC 7518 §6.2, RFC 8812 §3.1).

use super::members::{Members, Secret, put};
use crate::Error;
use aws_lc_rs::{
    agreement,
    encoding::{AsBigEndian, EcPrivateKeyBin},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING,
        ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
        EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, ParsedPublicKey,
    },
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

impl Curve {
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "P-256" => Ok(Self::P256),
            "P-384" => Ok(Self::P384),
            "P-521" => Ok(Self::P521),
            "secp256k1" => Ok(Self::Secp256k1),
            _ => Err(Error::Unsupported),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Bytes of a coordinate and of a private key (RFC 7518 §6.2.1.2: always all of them).
    pub(crate) const fn length(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(crate) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
            Self::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
        }
    }

    fn verification(self) -> &'static EcdsaVerificationAlgorithm {
        self.signing()
    }

    pub(crate) fn agreement(self) -> Result<&'static agreement::Algorithm, Error> {
        match self {
            Self::P256 => Ok(&agreement::ECDH_P256),
            Self::P384 => Ok(&agreement::ECDH_P384),
            Self::P521 => Ok(&agreement::ECDH_P521),
            Self::Secp256k1 => Err(Error::KeyMismatch),
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Ec {
    pub(crate) curve: Curve,
    x: Vec<u8>,
    y: Vec<u8>,
    pub(crate) d: Option<Secret>,
}

impl Ec {
    pub(crate) fn take(members: &mut Members) -> Result<Self, Error> {
        let curve = members.text("crv")?.ok_or(Error::InvalidKey("no crv"))?;
        let key = Self {
            curve: Curve::parse(&curve)?,
            x: members.required("x")?,
            y: members.required("y")?,
            d: members.secret("d")?,
        };
        let length = key.curve.length();
        let wrong = |number: &[u8]| number.len() != length;
        if wrong(&key.x) || wrong(&key.y) || key.d.as_ref().is_some_and(|d| wrong(d)) {
            return Err(Error::InvalidKey("a coordinate of the wrong length"));
        }
        key.verifying()?;
        if key.d.is_some() {
            key.pair()?;
        }
        Ok(key)
    }

    pub(crate) fn generate(curve: Curve) -> Result<Self, Error> {
        let pair = EcdsaKeyPair::generate(curve.signing()).map_err(|_| Error::Crypto)?;
        let private: EcPrivateKeyBin<'_> = pair
            .private_key()
            .as_be_bytes()
            .map_err(|_| Error::Crypto)?;
        let d = Zeroizing::new(private.as_ref().to_vec());
        Self::from_point(curve, pair.public_key().as_ref(), Some(d))
    }

    /// From an uncompressed point that the library made.
    pub(crate) fn from_point(curve: Curve, point: &[u8], d: Option<Secret>) -> Result<Self, Error> {
        match point.split_first() {
            Some((4, numbers)) if numbers.len() == 2 * curve.length() => {
                let (x, y) = numbers.split_at(curve.length());
                Ok(Self {
                    curve,
                    x: x.to_vec(),
                    y: y.to_vec(),
                    d,
                })
            }
            _ => Err(Error::Crypto),
        }
    }

    /// The uncompressed point (SEC 1 §2.3.3).
    pub(crate) fn point(&self) -> Vec<u8> {
        [&[4], self.x.as_slice(), self.y.as_slice()].concat()
    }

    /// The public key; the library refuses a point that is not on the curve.
    pub(crate) fn verifying(&self) -> Result<ParsedPublicKey, Error> {
        ParsedPublicKey::new(self.curve.verification(), self.point())
            .map_err(|_| Error::InvalidKey("the point is not on the curve"))
    }

    /// The key pair, checked to belong together.
    pub(crate) fn pair(&self) -> Result<EcdsaKeyPair, Error> {
        let d = self.d.as_ref().ok_or(Error::NotPrivate)?;
        EcdsaKeyPair::from_private_key_and_public_key(self.curve.signing(), d, &self.point())
            .map_err(|_| Error::InvalidKey("EC private key"))
    }

    pub(crate) fn public(&self) -> Self {
        Self {
            d: None,
            x: self.x.clone(),
            y: self.y.clone(),
            curve: self.curve,
        }
    }

    pub(crate) fn put_public(&self, members: &mut Map<String, Value>) {
        members.insert("crv".to_owned(), self.curve.name().into());
        put(members, "x", &self.x);
        put(members, "y", &self.y);
    }

    pub(crate) fn put_private(&self, members: &mut Map<String, Value>) {
        if let Some(d) = &self.d {
            put(members, "d", d);
        }
    }
}
