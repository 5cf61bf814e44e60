//! Encryption of the content (RFC 7518 §5): AES-GCM, and AES-CBC with HMAC.

use super::ContentEncryption;
use crate::{Error, jwk::members::Secret};
use aws_lc_rs::{
    aead::{self, AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{
        self, AES_128, AES_192, AES_256, DecryptionContext, EncryptionContext,
        PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    constant_time, hmac,
};
use zeroize::Zeroizing;

enum Cipher {
    Gcm(&'static aead::Algorithm),
    CbcHmac(&'static cipher::Algorithm, hmac::Algorithm),
}

fn cipher(encryption: ContentEncryption) -> Cipher {
    use ContentEncryption as E;
    match encryption {
        E::A128Gcm => Cipher::Gcm(&AES_128_GCM),
        E::A192Gcm => Cipher::Gcm(&AES_192_GCM),
        E::A256Gcm => Cipher::Gcm(&AES_256_GCM),
        E::A128CbcHs256 => Cipher::CbcHmac(&AES_128, hmac::HMAC_SHA256),
        E::A192CbcHs384 => Cipher::CbcHmac(&AES_192, hmac::HMAC_SHA384),
        E::A256CbcHs512 => Cipher::CbcHmac(&AES_256, hmac::HMAC_SHA512),
    }
}

/// What was encrypted.
pub(crate) struct Sealed {
    pub(crate) iv: Vec<u8>,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) tag: Vec<u8>,
}

/// A fresh initialisation vector of the right length.
pub(crate) fn new_iv(encryption: ContentEncryption) -> Result<Vec<u8>, Error> {
    let length = match cipher(encryption) {
        Cipher::Gcm(_) => 12,
        Cipher::CbcHmac(..) => 16,
    };
    let mut iv = vec![0; length];
    aws_lc_rs::rand::fill(&mut iv).map_err(|_| Error::Crypto)?;
    Ok(iv)
}

pub(crate) fn seal(
    encryption: ContentEncryption,
    key: &[u8],
    iv: Vec<u8>,
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Sealed, Error> {
    if key.len() != encryption.key_length() {
        return Err(Error::InvalidKey(
            "a content encryption key of the wrong length",
        ));
    }
    let mut ciphertext = plaintext.to_vec();
    let tag = match cipher(encryption) {
        Cipher::Gcm(algorithm) => {
            let key = UnboundKey::new(algorithm, key).map_err(|_| Error::Crypto)?;
            let nonce = Nonce::try_assume_unique_for_key(&iv).map_err(|_| Error::Crypto)?;
            let tag = LessSafeKey::new(key).seal_in_place_separate_tag(
                nonce,
                Aad::from(aad),
                &mut ciphertext,
            );
            tag.map_err(|_| Error::Crypto)?.as_ref().to_vec()
        }
        Cipher::CbcHmac(algorithm, hash) => {
            let (mac_key, cipher_key) = key.split_at(key.len() / 2);
            let cipher_key =
                UnboundCipherKey::new(algorithm, cipher_key).map_err(|_| Error::Crypto)?;
            let cipher =
                PaddedBlockEncryptingKey::cbc_pkcs7(cipher_key).map_err(|_| Error::Crypto)?;
            let vector = iv.as_slice().try_into().map_err(|_| Error::Crypto)?;
            cipher
                .less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(vector))
                .map_err(|_| Error::Crypto)?;
            mac(hash, mac_key, [aad, &iv, &ciphertext])
        }
    };
    Ok(Sealed {
        iv,
        ciphertext,
        tag,
    })
}

/// Any failure is [`Error::Decryption`], at any step.
pub(crate) fn open(
    encryption: ContentEncryption,
    key: &[u8],
    aad: &[u8],
    sealed: &Sealed,
) -> Result<Secret, Error> {
    if key.len() != encryption.key_length() {
        return Err(Error::Decryption);
    }
    let mut plaintext = Zeroizing::new(sealed.ciphertext.clone());
    match cipher(encryption) {
        Cipher::Gcm(algorithm) => {
            let key = UnboundKey::new(algorithm, key).map_err(|_| Error::Decryption)?;
            let nonce =
                Nonce::try_assume_unique_for_key(&sealed.iv).map_err(|_| Error::Decryption)?;
            // A shorter tag would be a weaker one.
            if sealed.tag.len() != algorithm.tag_len() {
                return Err(Error::Decryption);
            }
            LessSafeKey::new(key)
                .open_in_place_separate_tag(nonce, Aad::from(aad), &sealed.tag, &mut plaintext)
                .map_err(|_| Error::Decryption)?;
        }
        Cipher::CbcHmac(algorithm, hash) => {
            let (mac_key, cipher_key) = key.split_at(key.len() / 2);
            let expected = mac(hash, mac_key, [aad, &sealed.iv, &sealed.ciphertext]);
            constant_time::verify_slices_are_equal(&expected, &sealed.tag)
                .map_err(|_| Error::Decryption)?;
            let cipher_key =
                UnboundCipherKey::new(algorithm, cipher_key).map_err(|_| Error::Decryption)?;
            let cipher =
                PaddedBlockDecryptingKey::cbc_pkcs7(cipher_key).map_err(|_| Error::Decryption)?;
            let vector = sealed
                .iv
                .as_slice()
                .try_into()
                .map_err(|_| Error::Decryption)?;
            let length = cipher
                .decrypt(&mut plaintext, DecryptionContext::Iv128(vector))
                .map_err(|_| Error::Decryption)?
                .len();
            plaintext.truncate(length);
        }
    }
    Ok(plaintext)
}

/// RFC 7518 §5.2.2.1: HMAC over AAD, IV, ciphertext and the length of the AAD in bits, cut to half.
fn mac(hash: hmac::Algorithm, key: &[u8], [aad, iv, ciphertext]: [&[u8]; 3]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hash, key));
    context.update(aad);
    context.update(iv);
    context.update(ciphertext);
    context.update(&(aad.len() as u64 * 8).to_be_bytes());
    let tag = context.sign();
    tag.as_ref()[..key.len()].to_vec()
}
