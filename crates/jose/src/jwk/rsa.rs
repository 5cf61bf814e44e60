//! RSA keys (RFC 7518 §6.3): two primes, 2048 to 8192 bits.

use super::members::{Members, Secret, put};
use crate::{Error, der};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey, PublicKeyComponents},
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair},
};
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Rsa {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) private: Option<Private>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Private {
    d: Secret,
    p: Secret,
    q: Secret,
    dp: Secret,
    dq: Secret,
    qi: Secret,
    opening: Opening,
}

/// What decrypts, made when it is needed first and shared by all copies of the key: checking the numbers takes longer than decrypting with them.
#[derive(Clone, Default)]
struct Opening(Arc<OnceLock<OaepPrivateDecryptingKey>>);

/// It says nothing that the numbers do not.
impl PartialEq for Opening {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Opening {}

impl Rsa {
    pub(crate) fn take(members: &mut Members) -> Result<Self, Error> {
        if members.0.contains_key("oth") {
            return Err(Error::Unsupported);
        }
        let n = members.required("n")?;
        let e = members.required("e")?;
        let mut parts = Vec::with_capacity(6);
        for name in ["d", "p", "q", "dp", "dq", "qi"] {
            parts.push(members.secret(name)?);
        }
        let private = if parts.iter().all(Option::is_none) {
            None
        } else {
            // RFC 7518 §6.3.2 lets a producer send `d` alone; computing the rest is not worth its code.
            let whole: Option<Vec<Secret>> = parts.into_iter().collect();
            let parts = whole.ok_or(Error::InvalidKey(
                "an RSA private key needs d, p, q, dp, dq and qi",
            ))?;
            let [d, p, q, dp, dq, qi] =
                <[Secret; 6]>::try_from(parts).map_err(|_| Error::Crypto)?;
            Some(Private {
                d,
                p,
                q,
                dp,
                dq,
                qi,
                opening: Opening::default(),
            })
        };
        let key = Self { n, e, private };
        key.check()?;
        Ok(key)
    }

    /// A new key of 2048 bits.
    pub(crate) fn generate() -> Result<Self, Error> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Crypto)?;
        let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Crypto)?;
        let [_, n, e, d, p, q, dp, dq, qi] =
            der::rsa_private_key(document.as_ref()).ok_or(Error::Crypto)?;
        let secret = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        Ok(Self {
            n: n.to_vec(),
            e: e.to_vec(),
            private: Some(Private {
                d: secret(d),
                p: secret(p),
                q: secret(q),
                dp: secret(dp),
                dq: secret(dq),
                qi: secret(qi),
                opening: Opening::default(),
            }),
        })
    }

    /// Length and shape of the public numbers, and that the private ones belong to them.
    fn check(&self) -> Result<(), Error> {
        let minimal = |number: &[u8]| number.first().is_some_and(|&byte| byte != 0);
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        if !minimal(&self.n) || !minimal(&self.e) {
            return Err(Error::InvalidKey(
                "an RSA number has leading zeros or is empty",
            ));
        }
        let bits = self.n.len() * 8
            - self
                .n
                .first()
                .map_or(0, |byte| byte.leading_zeros() as usize);
        if bits < 2048 {
            return Err(Error::WeakKey);
        }
        if bits > 8192 || self.e.len() > 4 {
            return Err(Error::TooLarge);
        }
        if !odd(&self.n) || !odd(&self.e) || self.e == [1] {
            return Err(Error::InvalidKey("an RSA number that cannot be one"));
        }
        if self.private.is_some() {
            self.pair()?;
        } else {
            self.public_components()
                .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
                .map_err(|_| Error::InvalidKey("RSA public key"))?;
        }
        Ok(())
    }

    pub(crate) fn public_components(&self) -> PublicKeyComponents<&[u8]> {
        PublicKeyComponents {
            n: &self.n,
            e: &self.e,
        }
    }

    /// The key pair, checked to be consistent.
    pub(crate) fn pair(&self) -> Result<RsaKeyPair, Error> {
        let private = self.private.as_ref().ok_or(Error::NotPrivate)?;
        RsaKeyPair::from_components(&aws_lc_rs::rsa::KeyPairComponents {
            public_key: self.public_components(),
            d: private.d.as_slice(),
            p: private.p.as_slice(),
            q: private.q.as_slice(),
            dP: private.dp.as_slice(),
            dQ: private.dq.as_slice(),
            qInv: private.qi.as_slice(),
        })
        .map_err(|_| Error::InvalidKey("RSA private key"))
    }

    /// What decrypts by OAEP (RFC 7518 §4.3).
    pub(crate) fn oaep(&self) -> Result<&OaepPrivateDecryptingKey, Error> {
        let private = self.private.as_ref().ok_or(Error::NotPrivate)?;
        if let Some(made) = private.opening.0.get() {
            return Ok(made);
        }
        let document: Pkcs8V1Der<'_> = self.pair()?.as_der().map_err(|_| Error::Crypto)?;
        let made = PrivateDecryptingKey::from_pkcs8(document.as_ref());
        let made = made.map_err(|_| Error::Crypto)?;
        let made = OaepPrivateDecryptingKey::new(made).map_err(|_| Error::Crypto)?;
        Ok(private.opening.0.get_or_init(|| made))
    }

    pub(crate) fn public(&self) -> Self {
        Self {
            n: self.n.clone(),
            e: self.e.clone(),
            private: None,
        }
    }

    pub(crate) fn put_public(&self, members: &mut Map<String, Value>) {
        put(members, "n", &self.n);
        put(members, "e", &self.e);
    }

    pub(crate) fn put_private(&self, members: &mut Map<String, Value>) {
        if let Some(private) = &self.private {
            put(members, "d", &private.d);
            put(members, "p", &private.p);
            put(members, "q", &private.q);
            put(members, "dp", &private.dp);
            put(members, "dq", &private.dq);
            put(members, "qi", &private.qi);
        }
    }
}
