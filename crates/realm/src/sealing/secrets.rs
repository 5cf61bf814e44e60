use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ambient::Entropy;
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::{Cipher, Place};

/// How many derived keys are kept at hand. Purposes are constants of the program, so there are a dozen.
const KEPT: usize = 256;

/// What derives from a realm's root secret: a key for each purpose.
pub(crate) struct Secrets {
    realm: String,
    root: hkdf::Prk,
    macs: Derived,
    seals: Derived,
}

/// Keys by their purpose.
type Derived = RwLock<HashMap<String, Arc<hmac::Key>>>;

/// 32 bytes for one purpose (HKDF, RFC 5869).
pub(super) fn derive(secret: &[u8; 32], purpose: &str) -> Zeroizing<[u8; 32]> {
    expand(&extract(secret), &[purpose.as_bytes()])
}

fn extract(secret: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"grantor").extract(secret)
}

#[expect(
    clippy::expect_used,
    reason = "32 bytes are within what HKDF can give, whatever the purpose; carrying on with a key of zeros would be worse"
)]
fn expand(root: &hkdf::Prk, purpose: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    root.expand(purpose, hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(out.as_mut_slice()))
        .expect("32 bytes of HKDF-SHA256");
    out
}

impl Secrets {
    pub(crate) fn new(realm: &str, root: &[u8]) -> Self {
        Self {
            realm: realm.to_owned(),
            root: extract(root),
            macs: Derived::default(),
            seals: Derived::default(),
        }
    }

    pub(crate) fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.key(&self.macs, "mac", purpose), data);
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        out
    }

    pub(crate) fn verify(&self, purpose: &str, data: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.key(&self.macs, "mac", purpose), data, mac).is_ok()
    }

    pub(crate) fn seal(&self, entropy: &Entropy, purpose: &str, plaintext: &[u8]) -> String {
        jose::base64url::encode(self.cipher(purpose).seal(
            entropy,
            &self.associated(purpose),
            plaintext,
        ))
    }

    pub(crate) fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = jose::base64url::decode(sealed).ok()?;
        self.cipher(purpose).open(&self.associated(purpose), &bytes)
    }

    pub(crate) fn seal_at(&self, entropy: &Entropy, place: Place<'_>, plaintext: &[u8]) -> String {
        jose::base64url::encode(self.cipher(place.table).seal(
            entropy,
            &place.associated_data(&self.realm),
            plaintext,
        ))
    }

    pub(crate) fn open_at(&self, place: Place<'_>, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = jose::base64url::decode(sealed).ok()?;
        self.cipher(place.table)
            .open(&place.associated_data(&self.realm), &bytes)
            .map(Zeroizing::new)
    }

    fn associated(&self, purpose: &str) -> Vec<u8> {
        Place {
            table: "",
            column: "",
            row: purpose,
        }
        .associated_data(&self.realm)
    }

    fn cipher(&self, purpose: &str) -> Cipher {
        Cipher::from_mac_key(hmac::Key::clone(&self.key(&self.seals, "seal", purpose)))
    }

    fn key(&self, kept: &Derived, what: &str, purpose: &str) -> Arc<hmac::Key> {
        let derived = kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = derived.get(purpose) {
            return Arc::clone(key);
        }
        drop(derived);
        let parts = [
            self.realm.as_bytes(),
            b"\0",
            what.as_bytes(),
            b"\0",
            purpose.as_bytes(),
        ];
        let bytes = expand(&self.root, &parts);
        let key = Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()));
        let mut derived = kept.write().unwrap_or_else(PoisonError::into_inner);
        if derived.len() < KEPT {
            derived.insert(purpose.to_owned(), Arc::clone(&key));
        }
        key
    }
}
