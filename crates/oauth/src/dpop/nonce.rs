//! Nonces that nobody stores (RFC 9449 §8): the time, in coarse slots, under a MAC.

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;

/// How long a slot lasts, in seconds. A nonce is accepted in its slot and in the next.
pub const SLOT: i64 = 120;
/// How far the clocks of nodes that share a key may differ, in seconds.
const SKEW: i64 = 10;
/// How much of the MAC makes the nonce, in bytes.
const LENGTH: usize = 16;

/// Makes and checks nonces under a key. All who share the key accept each other's.
#[derive(Clone)]
pub struct Nonces(hmac::Key);

impl Nonces {
    /// Under this key, which is used for nothing else.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The nonce to offer at this time.
    pub fn current(&self, now: i64) -> String {
        self.of(slot(now))
    }

    /// Until when (unix seconds, exclusive) this nonce is accepted; `None` when it is not accepted now.
    pub fn accepted_until(&self, nonce: &str, now: i64) -> Option<i64> {
        let newest = slot(now.saturating_add(SKEW));
        let oldest = slot(now).saturating_sub(1);
        (oldest..=newest)
            .find(|slot| bool::from(self.of(*slot).as_bytes().ct_eq(nonce.as_bytes())))
            .map(|slot| slot.saturating_add(2).saturating_mul(SLOT))
    }

    fn of(&self, slot: i64) -> String {
        let mac = hmac::sign(&self.0, &slot.to_be_bytes());
        let mac = mac.as_ref();
        jose::base64url::encode(mac.get(..LENGTH).unwrap_or(mac))
    }
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nonces")
    }
}

fn slot(now: i64) -> i64 {
    now.div_euclid(SLOT)
}
