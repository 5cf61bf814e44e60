//! Octet key pairs: Ed25519 for signatures, X25519 for key agreement (RFC 8037 §2).

use super::members::{Members, Secret, put};
use crate::Error;
use aws_lc_rs::{
    agreement,
    signature::{ED25519, Ed25519KeyPair, KeyPair, ParsedPublicKey},
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    Ed25519,
    X25519,
}

impl Curve {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::X25519 => "X25519",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Okp {
    pub(crate) curve: Curve,
    pub(crate) x: Vec<u8>,
    pub(crate) d: Option<Secret>,
}

impl Okp {
    pub(crate) fn take(members: &mut Members) -> Result<Self, Error> {
        let curve = match members.text("crv")?.as_deref() {
            Some("Ed25519") => Curve::Ed25519,
            Some("X25519") => Curve::X25519,
            Some(_) => return Err(Error::Unsupported),
            None => return Err(Error::InvalidKey("no crv")),
        };
        let x = members.required("x")?;
        let d = members.secret("d")?;
        if x.len() != 32 || d.as_ref().is_some_and(|d| d.len() != 32) {
            return Err(Error::InvalidKey("an octet key of the wrong length"));
        }
        let key = Self { curve, x, d };
        match curve {
            Curve::Ed25519 => {
                key.verifying()?;
                if key.d.is_some() {
                    key.pair()?;
                }
            }
            Curve::X25519 if key.d.is_some() => {
                key.agreement_key()?;
            }
            Curve::X25519 => {}
        }
        Ok(key)
    }

    pub(crate) fn generate_ed25519() -> Result<Self, Error> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::Crypto)?;
        let seed = pair.seed().map_err(|_| Error::Crypto)?;
        let seed =
            aws_lc_rs::encoding::AsBigEndian::as_be_bytes(&seed).map_err(|_| Error::Crypto)?;
        let seed: aws_lc_rs::encoding::Curve25519SeedBin<'_> = seed;
        Ok(Self {
            curve: Curve::Ed25519,
            x: pair.public_key().as_ref().to_vec(),
            d: Some(Zeroizing::new(seed.as_ref().to_vec())),
        })
    }

    pub(crate) fn verifying(&self) -> Result<ParsedPublicKey, Error> {
        if self.curve != Curve::Ed25519 {
            return Err(Error::KeyMismatch);
        }
        if is_degenerate(&self.x) {
            return Err(Error::InvalidKey("an Ed25519 point of small order"));
        }
        ParsedPublicKey::new(&ED25519, &self.x).map_err(|_| Error::InvalidKey("Ed25519 public key"))
    }

    pub(crate) fn pair(&self) -> Result<Ed25519KeyPair, Error> {
        if self.curve != Curve::Ed25519 {
            return Err(Error::KeyMismatch);
        }
        let d = self.d.as_ref().ok_or(Error::NotPrivate)?;
        Ed25519KeyPair::from_seed_and_public_key(d, &self.x)
            .map_err(|_| Error::InvalidKey("Ed25519 private key"))
    }

    /// The X25519 private key, checked to belong to `x`.
    pub(crate) fn agreement_key(&self) -> Result<agreement::PrivateKey, Error> {
        if self.curve != Curve::X25519 {
            return Err(Error::KeyMismatch);
        }
        let d = self.d.as_ref().ok_or(Error::NotPrivate)?;
        let wrong = Error::InvalidKey("X25519 private key");
        let key =
            agreement::PrivateKey::from_private_key(&agreement::X25519, d).map_err(|_| wrong)?;
        let public = key.compute_public_key().map_err(|_| wrong)?;
        if public.as_ref() == self.x {
            Ok(key)
        } else {
            Err(wrong)
        }
    }

    pub(crate) fn public(&self) -> Self {
        Self {
            curve: self.curve,
            x: self.x.clone(),
            d: None,
        }
    }

    pub(crate) fn put_public(&self, members: &mut Map<String, Value>) {
        members.insert("crv".to_owned(), self.curve.name().into());
        put(members, "x", &self.x);
    }

    pub(crate) fn put_private(&self, members: &mut Map<String, Value>) {
        if let Some(d) = &self.d {
            put(members, "d", d);
        }
    }
}

/// Whether an encoded Ed25519 point is one of small order, for which anybody can make signatures that fit many messages, or encodes its `y`
/// as a number that is not reduced (RFC 8032 §5.1.3). The library's verification accepts the former.
fn is_degenerate(x: &[u8]) -> bool {
    /// The `y` of both points of order eight, little-endian, sign bit cleared.
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef,
            0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88,
            0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10,
            0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77,
            0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let Ok(mut y) = <[u8; 32]>::try_from(x) else {
        return true;
    };
    y[31] &= 0x7f;
    let middle_is = |byte| y[1..31].iter().all(|&it| it == byte);
    // 0 and 1; p - 1 = 2^255 - 20 and all above it.
    (y[0] <= 1 && middle_is(0) && y[31] == 0)
        || (y[0] >= 0xec && middle_is(0xff) && y[31] == 0x7f)
        || ORDER_8.contains(&y)
}
