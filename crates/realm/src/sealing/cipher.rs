use ambient::Entropy;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;

/// AES-256-GCM with a nonce of 192 bits: each message has a key of its own, derived from the nonce, so that one key may seal as many messages as
/// anybody wants (96 random bits alone would be worn out after 2^32).
#[derive(Clone)]
pub(crate) struct Cipher(hmac::Key);

const NONCE: usize = 24;
const TAG: usize = 16;

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub(crate) fn from_mac_key(key: hmac::Key) -> Self {
        Self(key)
    }

    /// Nonce, ciphertext and tag. Empty, and so never to be opened, for a plaintext beyond the 64 GiB that GCM can take.
    pub(crate) fn seal(&self, entropy: &Entropy, associated: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE>();
        let mut out = Vec::with_capacity(NONCE + plaintext.len() + TAG);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plaintext);
        let tag = self.message_key(&nonce).and_then(|(key, nonce)| {
            key.seal_in_place_separate_tag(nonce, Aad::from(associated), &mut out[NONCE..])
                .ok()
        });
        match tag {
            Some(tag) => out.extend_from_slice(tag.as_ref()),
            None => {
                zeroize::Zeroize::zeroize(&mut out);
            }
        }
        out
    }

    pub(crate) fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (key, nonce) = self.message_key(nonce)?;
        let mut rest = rest.to_vec();
        let length = key
            .open_in_place(nonce, Aad::from(associated), &mut rest)
            .ok()?
            .len();
        rest.truncate(length);
        Some(rest)
    }

    fn message_key(&self, nonce: &[u8; NONCE]) -> Option<(LessSafeKey, Nonce)> {
        let key = hmac::sign(&self.0, nonce);
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(&nonce[NONCE - 12..]).ok()?;
        Some((LessSafeKey::new(key), nonce))
    }
}
