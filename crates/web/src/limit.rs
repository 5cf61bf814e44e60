//! Limits of how often something may happen per key (an address, a client, a user name), in bounded memory. A key has `burst` tries at once
//! and gets one back every `seconds_each`. A key is whatever can be hashed; equal keys of one type are one key. Counting is the generic cell rate algorithm: one number per key.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use ambient::Clock;
use http::HeaderValue;

/// How long to wait, in seconds, at least 1: for the `Retry-After` header of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub i64);

impl RetryAfter {
    /// The header's value.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from(self.0)
    }
}

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many tries a key that was quiet has at once; at least 1.
    pub burst: u32,
    /// After how many seconds one more try is allowed; at least 1.
    pub seconds_each: u32,
}

/// Counts tries per key. When all room is taken, the keys closest to being forgotten give way.
#[derive(Debug)]
pub struct Limiter {
    clock: Clock,
    /// How many tries at once, less one, in microseconds.
    depth: i64,
    /// How long one try takes to come back, in microseconds.
    each: i64,
    capacity: usize,
    hasher: RandomState,
    /// Per key (hashed: the map holds no names) when its bucket is full again, in microseconds.
    full_at: Mutex<HashMap<u64, i64>>,
}

/// How many keys a limiter remembers unless told otherwise: about 2 MiB.
pub const DEFAULT_CAPACITY: usize = 65_536;

impl Limiter {
    /// A limiter that remembers [`DEFAULT_CAPACITY`] keys.
    pub fn new(clock: Clock, rate: Rate) -> Self {
        Self::with_capacity(clock, rate, DEFAULT_CAPACITY)
    }

    /// A limiter that remembers `capacity` keys.
    pub fn with_capacity(clock: Clock, rate: Rate, capacity: usize) -> Self {
        let each = i64::from(rate.seconds_each.max(1)) * 1_000_000;
        Self::new_with(clock, (rate.burst, each), capacity)
    }

    /// A limiter that remembers [`DEFAULT_CAPACITY`] keys, each with `count` tries at once that come back evenly within `seconds`; more than a million a second
    /// count as that many.
    pub fn per(clock: Clock, count: u32, seconds: u32) -> Self {
        let count = count.max(1);
        let within = i64::from(seconds.max(1)) * 1_000_000;
        let each = (within / i64::from(count)).max(1);
        Self::new_with(clock, (count, each), DEFAULT_CAPACITY)
    }

    fn new_with(clock: Clock, (burst, each): (u32, i64), capacity: usize) -> Self {
        Self {
            clock,
            depth: each
                .saturating_mul(i64::from(burst.saturating_sub(1)))
                .min(i64::MAX / 4),
            each,
            capacity: capacity.max(1),
            hasher: RandomState::new(),
            full_at: Mutex::new(HashMap::new()),
        }
    }

    /// Whether `key` has a try left, without taking one: where only failures count, check first and [`Limiter::penalize`] afterwards.
    ///
    /// # Errors
    /// How long to wait when there is none.
    pub fn check(&self, key: impl Hash) -> Result<(), RetryAfter> {
        let now = self.now();
        let full_at = self.lock().get(&self.hash(&key)).copied().unwrap_or(now);
        self.judge(full_at, now)
    }

    /// Takes a try of `key`, whether there is one or not; one that is already used up stays where it is.
    pub fn penalize(&self, key: impl Hash) {
        let _ = self.take(key);
    }

    /// Checks and takes a try in one step.
    ///
    /// # Errors
    /// How long to wait when there is none.
    pub fn take(&self, key: impl Hash) -> Result<(), RetryAfter> {
        let now = self.now();
        let key = self.hash(&key);
        let mut map = self.lock();
        let full_at = map.get(&key).copied().unwrap_or(now).max(now);
        self.judge(full_at, now)?;
        if !map.contains_key(&key) && map.len() >= self.capacity {
            make_room(&mut map, now);
        }
        map.insert(key, full_at + self.each);
        Ok(())
    }

    /// Gives `key` one try back, that was taken for what came to good: where many at once must not all be let in before the first of them is judged.
    pub fn give_back(&self, key: impl Hash) {
        let key = self.hash(&key);
        if let Some(full_at) = self.lock().get_mut(&key) {
            *full_at -= self.each;
        }
    }

    /// Gives `key` all its tries back: after a success.
    pub fn forgive(&self, key: impl Hash) {
        let key = self.hash(&key);
        self.lock().remove(&key);
    }

    fn judge(&self, full_at: i64, now: i64) -> Result<(), RetryAfter> {
        let wait = full_at - self.depth - now;
        if wait <= 0 {
            return Ok(());
        }
        Err(RetryAfter((wait + 999_999) / 1_000_000))
    }

    fn now(&self) -> i64 {
        let millis = i64::try_from(self.clock.now_millis()).unwrap_or(i64::MAX);
        millis.clamp(0, i64::MAX / 4_000) * 1000
    }

    fn hash(&self, key: &impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, i64>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the keys whose buckets are full; if all are in use, the one of a few that is closest to it.
fn make_room(map: &mut HashMap<u64, i64>, now: i64) {
    let sample: Vec<(u64, i64)> = map.iter().take(16).map(|(key, at)| (*key, *at)).collect();
    let least = sample.into_iter().min_by_key(|(_, at)| *at);
    if let Some((key, at)) = least {
        map.remove(&key);
        if at <= now {
            map.retain(|_, at| *at > now);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limiter(clock: &Clock, capacity: usize) -> Limiter {
        let rate = Rate {
            burst: 3,
            seconds_each: 10,
        };
        Limiter::with_capacity(clock.clone(), rate, capacity)
    }

    #[test]
    fn a_key_has_its_burst_and_then_waits() {
        let clock = Clock::manual(1_000);
        let limiter = limiter(&clock, 10);
        for _ in 0..3 {
            assert_eq!(limiter.take("a"), Ok(()));
        }
        assert_eq!(limiter.take("a"), Err(RetryAfter(10)));
        assert_eq!(limiter.take("b"), Ok(()));
        clock.advance(4);
        assert_eq!(limiter.check("a"), Err(RetryAfter(6)));
        clock.advance(6);
        assert_eq!(limiter.take("a"), Ok(()));
        assert_eq!(limiter.take("a"), Err(RetryAfter(10)));
    }

    #[test]
    fn a_rate_may_be_many_in_a_second() {
        let clock = Clock::manual(1_000);
        let limiter = Limiter::per(clock.clone(), 500, 1);
        for _ in 0..500 {
            assert_eq!(limiter.take("a"), Ok(()));
        }
        assert_eq!(limiter.take("a"), Err(RetryAfter(1)));
        clock.advance(1);
        for _ in 0..500 {
            assert_eq!(limiter.take("a"), Ok(()));
        }
        assert_eq!(limiter.take("a"), Err(RetryAfter(1)));
        let slow = Limiter::per(clock.clone(), 2, 3600);
        assert_eq!((slow.take("a"), slow.take("a")), (Ok(()), Ok(())));
        assert_eq!(slow.take("a"), Err(RetryAfter(1800)));
    }

    #[test]
    fn checking_takes_nothing_and_a_success_forgives() {
        let limiter = limiter(&Clock::manual(1_000), 10);
        for _ in 0..10 {
            assert_eq!(limiter.check("a"), Ok(()));
        }
        for _ in 0..5 {
            limiter.penalize("a");
        }
        assert_eq!(limiter.check("a"), Err(RetryAfter(10)));
        limiter.forgive("a");
        assert_eq!(limiter.check("a"), Ok(()));
    }

    #[test]
    fn a_try_that_is_given_back_was_not_taken_and_the_others_were() {
        let limiter = limiter(&Clock::manual(1_000), 10);
        for _ in 0..10 {
            assert_eq!(limiter.take("a"), Ok(()));
            limiter.give_back("a");
        }
        for _ in 0..3 {
            assert_eq!(limiter.take("a"), Ok(()));
        }
        assert_eq!(limiter.take("a"), Err(RetryAfter(10)));
        limiter.give_back("a");
        assert_eq!(limiter.take("a"), Ok(()));
        assert_eq!(limiter.take("a"), Err(RetryAfter(10)));
        limiter.give_back("unknown");
    }

    #[test]
    fn memory_is_bounded_and_a_flood_of_new_keys_does_not_free_the_worst_one() {
        let limiter = limiter(&Clock::manual(1_000), 12);
        for _ in 0..3 {
            limiter.penalize("guesser");
        }
        for n in 0..10_000 {
            limiter.penalize(n.to_string());
            assert!(limiter.lock().len() <= 12);
        }
        assert_eq!(limiter.check("guesser"), Err(RetryAfter(10)));
    }

    proptest! {
        #[test]
        fn never_more_than_burst_and_refill_pass(steps in proptest::collection::vec(0_i64..15, 1..80)) {
            let clock = Clock::manual(0);
            let limiter = limiter(&clock, 10);
            let (mut passed, mut elapsed) = (0_i64, 0_i64);
            for step in steps {
                clock.advance(step);
                elapsed += step;
                let checked = limiter.check("a");
                prop_assert_eq!(checked, limiter.take("a"));
                passed += i64::from(checked.is_ok());
                prop_assert!(passed <= 3 + elapsed / 10);
            }
        }
    }
}
