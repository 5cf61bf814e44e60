//! How long the keys at a client's `jwks_uri` may be used.

use crate::freshness::Bounds;

/// How long fetched keys are taken as they are, in seconds: as their server says (OpenID Connect Core §10.2.1), ten minutes at most and where it says nothing.
pub const FRESH: Bounds = (60, 600, 600);
/// How long they are used while newer ones cannot be had, in seconds.
pub const USABLE: i64 = 3600;

/// Whether keys that were fetched then may still be used.
pub fn are_usable(fetched_at: i64, now: i64) -> bool {
    now.saturating_sub(fetched_at) < USABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_for_an_hour_when_newer_ones_cannot_be_had() {
        assert!(are_usable(0, USABLE - 1));
        assert!(!are_usable(0, USABLE));
    }
}
