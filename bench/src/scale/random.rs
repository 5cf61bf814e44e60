//! Numbers that are the same in each run, and what grantor makes of random bytes.

use std::fmt::Write;

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [0, 1).
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 256 bits as base64url: a hash, a cookie.
    pub(super) fn token(&mut self) -> String {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes());
        }
        jose::base64url::encode(bytes)
    }

    /// A UUID of version 7 (RFC 9562 §5.7).
    pub(super) fn id(&mut self, millis: u64) -> String {
        let (a, b) = (self.next(), self.next());
        let mut out = String::with_capacity(36);
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
            millis >> 16,
            millis & 0xffff,
            a & 0xfff,
            0x8000 | (a >> 12) & 0x3fff,
            b & 0xffff_ffff_ffff
        );
        out
    }
}
