//! How often, and for how long, a delivery is tried.

/// How long a node has for a delivery, in seconds, before another one may take it.
pub(crate) const LEASE: i64 = 60;
/// How long a handler may take, in seconds: well within the lease.
pub(crate) const PATIENCE: u64 = 30;
/// After so many attempts a message is given up: after about a day.
pub(crate) const ATTEMPTS: i64 = 32;

/// When to try again after the `attempt`th failure: after 5 seconds, then twice as long each time, an hour at most.
pub(crate) fn retry_at(attempt: i64, now: i64) -> i64 {
    let doublings = u32::try_from(attempt.clamp(1, 11) - 1).unwrap_or(0);
    now + (5_i64 << doublings).min(3600)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn each_pause_is_longer_than_the_one_before_up_to_an_hour() {
        let pauses: Vec<i64> = (1..=ATTEMPTS).map(|attempt| retry_at(attempt, 0)).collect();
        assert_eq!(&pauses[..3], &[5, 10, 20]);
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(pauses.last(), Some(&3600));
        let all: i64 = pauses.iter().sum();
        assert!((20 * 3600..30 * 3600).contains(&all), "{all}");
        assert_eq!(retry_at(i64::MAX, 0), 3600);
    }
}
