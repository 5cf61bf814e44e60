//! The content encryption key on its way to a recipient (RFC 7516 §5.1 steps 1 to 6, §5.2 steps 6 to 12).

use super::{
    ContentEncryption, KeyManagement,
    agreement::{self, Purpose},
    wrap,
};
use crate::{
    Error, Jwk, base64url,
    header::Parsed,
    jwk::{KeyUse, Material, members::Secret, rsa::Rsa},
};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
    PublicEncryptingKey,
};
use zeroize::Zeroizing;

/// The pair of algorithms of one token.
#[derive(Clone, Copy)]
pub(crate) struct Algorithms {
    pub(crate) management: KeyManagement,
    pub(crate) encryption: ContentEncryption,
}

/// The content encryption key and how it is sent.
pub(crate) struct Prepared {
    pub(crate) key: Secret,
    pub(crate) encrypted_key: Vec<u8>,
    pub(crate) epk: Option<Jwk>,
}

impl Algorithms {
    /// Refuses a JWK of the wrong kind, use or algorithm.
    fn check(self, jwk: &Jwk, operations: &[&str]) -> Result<(), Error> {
        use KeyManagement as K;
        let fits = match &jwk.material {
            Material::Oct(_) => {
                matches!(self.management, K::Dir | K::A128Kw | K::A192Kw | K::A256Kw)
            }
            Material::Rsa(_) => matches!(self.management, K::RsaOaep | K::RsaOaep256),
            Material::Ec(_) | Material::Okp(_) => matches!(
                self.management,
                K::EcdhEs | K::EcdhEsA128Kw | K::EcdhEsA192Kw | K::EcdhEsA256Kw
            ),
            Material::Akp(_) => false,
        };
        if !fits {
            return Err(Error::KeyMismatch);
        }
        // A key for direct encryption may be bound to `enc` (RFC 7517 §4.4 leaves it open, RFC 7520 §5.6 does so).
        let alg = match jwk.alg() {
            Some(bound) if self.management == K::Dir && bound == self.encryption.as_str() => bound,
            _ => self.management.as_str(),
        };
        jwk.check_use(KeyUse::Encryption, operations, alg)
    }

    /// How the agreed key of ECDH-ES is derived.
    fn purpose<'a>(self, party_u: &'a [u8], party_v: &'a [u8]) -> Purpose<'a> {
        let (algorithm, length) = match wrapping_length(self.management) {
            Some(length) => (self.management.as_str(), length),
            None => (self.encryption.as_str(), self.encryption.key_length()),
        };
        Purpose {
            algorithm,
            party_u,
            party_v,
            length,
        }
    }

    /// For the sender. `party_u` and `party_v` are the decoded `apu` and `apv`.
    pub(crate) fn prepare(
        self,
        jwk: &Jwk,
        party_u: &[u8],
        party_v: &[u8],
    ) -> Result<Prepared, Error> {
        use KeyManagement as K;
        self.check(jwk, &["encrypt", "wrapKey", "deriveKey", "deriveBits"])?;
        let mut prepared = Prepared {
            key: Zeroizing::new(vec![0; self.encryption.key_length()]),
            encrypted_key: Vec::new(),
            epk: None,
        };
        if !matches!(self.management, K::Dir | K::EcdhEs) {
            aws_lc_rs::rand::fill(&mut prepared.key).map_err(|_| Error::Crypto)?;
        }
        match (&jwk.material, self.management) {
            (Material::Oct(shared), K::Dir) => prepared.key = shared.k.clone(),
            (Material::Oct(shared), _) => {
                check_wrapping_key(self.management, &shared.k)?;
                prepared.encrypted_key = wrap::wrap(&shared.k, &prepared.key)?;
            }
            (Material::Rsa(key), management) => {
                prepared.encrypted_key = oaep_encrypt(key, oaep(management)?, &prepared.key)?;
            }
            (_, management) => {
                let (epk, agreed) = agreement::send(jwk, &self.purpose(party_u, party_v))?;
                prepared.epk = Some(epk);
                if management == K::EcdhEs {
                    prepared.key = agreed;
                } else {
                    prepared.encrypted_key = wrap::wrap(&agreed, &prepared.key)?;
                }
            }
        }
        Ok(prepared)
    }

    /// For the recipient. When the encrypted key is wrong the result is a random key, so that neither the answer nor its time tells that from
    /// wrong content (RFC 7516 §11.5).
    pub(crate) fn recover(
        self,
        jwk: &Jwk,
        header: &Parsed<'_>,
        encrypted_key: &[u8],
    ) -> Result<Secret, Error> {
        use KeyManagement as K;
        self.check(jwk, &["decrypt", "unwrapKey", "deriveKey", "deriveBits"])?;
        if !jwk.is_private() {
            return Err(Error::NotPrivate);
        }
        let direct = matches!(self.management, K::Dir | K::EcdhEs);
        if direct && !encrypted_key.is_empty() {
            return Err(Error::Malformed("an encrypted key where there is none"));
        }
        let found = match &jwk.material {
            Material::Oct(shared) if direct => Ok(shared.k.clone()),
            Material::Oct(shared) => {
                check_wrapping_key(self.management, &shared.k)?;
                wrap::unwrap(&shared.k, encrypted_key)
            }
            Material::Rsa(key) => oaep_decrypt(key, oaep(self.management)?, encrypted_key),
            _ => {
                let epk = header.epk.clone().ok_or(Error::Malformed("no epk"))?;
                let epk = Jwk::from_value(epk)?;
                if epk.is_private() {
                    return Err(Error::KeyInHeader);
                }
                let party = |it: &Option<std::borrow::Cow<'_, str>>| {
                    base64url::decode(it.as_deref().unwrap_or(""))
                };
                let (party_u, party_v) = (party(&header.apu)?, party(&header.apv)?);
                let agreed = agreement::receive(jwk, &epk, &self.purpose(&party_u, &party_v))?;
                if direct {
                    Ok(agreed)
                } else {
                    wrap::unwrap(&agreed, encrypted_key)
                }
            }
        };
        match found {
            Ok(key) if key.len() == self.encryption.key_length() => Ok(key),
            Ok(_) if direct => Err(Error::InvalidKey(
                "a content encryption key of the wrong length",
            )),
            Ok(_) | Err(Error::Decryption) => {
                let mut random = Zeroizing::new(vec![0; self.encryption.key_length()]);
                aws_lc_rs::rand::fill(&mut random).map_err(|_| Error::Crypto)?;
                Ok(random)
            }
            Err(error) => Err(error),
        }
    }
}

/// Bytes of the wrapping key, where keys are wrapped with AES.
fn wrapping_length(management: KeyManagement) -> Option<usize> {
    use KeyManagement as K;
    match management {
        K::A128Kw | K::EcdhEsA128Kw => Some(16),
        K::A192Kw | K::EcdhEsA192Kw => Some(24),
        K::A256Kw | K::EcdhEsA256Kw => Some(32),
        K::Dir | K::EcdhEs | K::RsaOaep | K::RsaOaep256 => None,
    }
}

fn check_wrapping_key(management: KeyManagement, key: &[u8]) -> Result<(), Error> {
    if wrapping_length(management) == Some(key.len()) {
        Ok(())
    } else {
        Err(Error::InvalidKey("a wrapping key of the wrong length"))
    }
}

fn oaep(management: KeyManagement) -> Result<&'static OaepAlgorithm, Error> {
    match management {
        KeyManagement::RsaOaep => Ok(&OAEP_SHA1_MGF1SHA1),
        KeyManagement::RsaOaep256 => Ok(&OAEP_SHA256_MGF1SHA256),
        _ => Err(Error::KeyMismatch),
    }
}

fn oaep_encrypt(
    key: &Rsa,
    algorithm: &'static OaepAlgorithm,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let public: PublicEncryptingKey = key
        .public_components()
        .try_into()
        .map_err(|_| Error::Crypto)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| Error::Crypto)?;
    let mut ciphertext = vec![0; public.ciphertext_size()];
    let length = public
        .encrypt(algorithm, plaintext, &mut ciphertext, None)
        .map_err(|_| Error::Crypto)?
        .len();
    ciphertext.truncate(length);
    Ok(ciphertext)
}

fn oaep_decrypt(
    key: &Rsa,
    algorithm: &'static OaepAlgorithm,
    ciphertext: &[u8],
) -> Result<Secret, Error> {
    let private = key.oaep()?;
    let mut plaintext = Zeroizing::new(vec![0; private.min_output_size()]);
    let length = private
        .decrypt(algorithm, ciphertext, &mut plaintext, None)
        .map_err(|_| Error::Decryption)?
        .len();
    plaintext.truncate(length);
    Ok(plaintext)
}
