use ambient::Clock;
use web::address::ClientAddress;
pub use web::limit::Rate;
use web::limit::{Limiter, RetryAfter};

use crate::people::rules::username_key;

/// How often a sign-in may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitOptions {
    /// For one user name from one address.
    pub per_name_and_address: Rate,
    /// Failures from one address (of IPv6: from one /64), whatever the user name.
    pub per_address: Rate,
}

impl Default for LimitOptions {
    /// Ten tries at one name, then one each half minute; a hundred failures from one address, then one a second.
    fn default() -> Self {
        Self {
            per_name_and_address: rate(10, 30),
            per_address: rate(100, 1),
        }
    }
}

const fn rate(burst: u32, seconds_each: u32) -> Rate {
    Rate {
        burst,
        seconds_each,
    }
}

/// The limits, and what has been used of them; in bounded memory of this process.
pub(crate) struct Limits {
    pairs: Limiter,
    addresses: Limiter,
    /// Failures that may be written down, of an address and of a realm.
    recorded: [Limiter; 2],
}

impl Limits {
    pub(crate) fn new(options: LimitOptions, clock: &Clock) -> Self {
        let limiter = |rate: Rate| Limiter::new(clock.clone(), rate);
        Self {
            pairs: limiter(options.per_name_and_address),
            addresses: limiter(options.per_address),
            recorded: [limiter(rate(20, 60)), limiter(rate(300, 10))],
        }
    }

    /// Counts a try at a name before its password is checked, so that many at once are no way around it. Only failures count against the
    /// address, so that an office behind one is not kept out by its number; how many are under way at once is bounded by the password pool.
    pub(super) fn check(&self, tried: &Tried<'_>) -> Result<(), RetryAfter> {
        self.addresses.check(tried.address())?;
        self.pairs.take(tried.pair())
    }

    /// The try came to nothing.
    pub(super) fn failed(&self, tried: &Tried<'_>) {
        self.addresses.penalize(tried.address());
    }

    /// The try was good: earlier slips at this name from this address are forgotten.
    pub(super) fn succeeded(&self, tried: &Tried<'_>) {
        self.pairs.forgive(tried.pair());
    }

    /// Whether a failure may still be written as an event: a flood of them, from one address or from many, fills the log of the process, not the
    /// database. A realm gets at most nine thousand a day.
    pub(super) fn may_record_failure(&self, realm: &str, address: ClientAddress) -> bool {
        let of_address = format!("{realm} {}", address.limit_key());
        let [addresses, realms] = &self.recorded;
        addresses.take(&of_address).is_ok() && realms.take(realm).is_ok()
    }
}

/// What is tried, and from where.
pub(super) struct Tried<'a> {
    pub(super) realm: &'a str,
    pub(super) username: &'a str,
    pub(super) address: ClientAddress,
}

impl Tried<'_> {
    fn address(&self) -> String {
        format!("{} {}", self.realm, self.address.limit_key())
    }

    fn pair(&self) -> String {
        format!("{} {}", self.address(), username_key(self.username.trim()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn limits() -> (Limits, Clock) {
        let clock = Clock::manual(1_800_000_000);
        let options = LimitOptions {
            per_name_and_address: rate(3, 10),
            per_address: rate(5, 1),
        };
        (Limits::new(options, &clock), clock)
    }

    fn tried<'a>(username: &'a str, address: &str) -> Tried<'a> {
        Tried {
            realm: "main",
            username,
            address: ClientAddress(address.parse().unwrap()),
        }
    }

    #[test]
    fn a_name_is_limited_per_address_however_it_is_cased() {
        let (limits, clock) = limits();
        for name in ["alice", "ALICE", " Alice "] {
            assert!(limits.check(&tried(name, "192.0.2.1")).is_ok());
        }
        assert!(limits.check(&tried("alice", "192.0.2.1")).is_err());
        assert!(limits.check(&tried("bob", "192.0.2.1")).is_ok());
        assert!(limits.check(&tried("alice", "192.0.2.2")).is_ok());
        clock.advance(10);
        assert!(limits.check(&tried("alice", "192.0.2.1")).is_ok());
        assert!(limits.check(&tried("alice", "192.0.2.1")).is_err());
        limits.succeeded(&tried("alice", "192.0.2.1"));
        assert!(limits.check(&tried("alice", "192.0.2.1")).is_ok());
    }

    #[test]
    fn failures_are_written_down_within_bounds_from_one_address_and_from_many() {
        let (limits, clock) = limits();
        let written = |from: &dyn Fn(u32) -> String| {
            let addresses = (0..1000).map(|n| ClientAddress(from(n).parse().unwrap()));
            addresses
                .filter(|address| limits.may_record_failure("main", *address))
                .count()
        };
        assert_eq!(written(&|_| "192.0.2.1".to_owned()), 20);
        assert_eq!(written(&|n| format!("10.0.{}.{}", n / 256, n % 256)), 280);
        clock.advance(60);
        assert_eq!(written(&|_| "192.0.2.1".to_owned()), 1);
        assert_eq!(written(&|n| format!("10.1.{}.{}", n / 256, n % 256)), 5);
    }

    #[test]
    fn failures_count_against_an_address_whatever_the_names_and_successes_do_not() {
        let (limits, _) = limits();
        for n in 0..50 {
            let name = format!("p{n}");
            let tried = tried(&name, "2001:db8::1");
            assert!(limits.check(&tried).is_ok());
            limits.succeeded(&tried);
        }
        for n in 0..5 {
            let (name, address) = (format!("p{n}"), format!("2001:db8::{n}"));
            let tried = tried(&name, &address);
            assert!(limits.check(&tried).is_ok());
            limits.failed(&tried);
        }
        assert!(limits.check(&tried("other", "2001:db8::ffff")).is_err());
        assert!(limits.check(&tried("other", "2001:db8:0:1::1")).is_ok());
    }
}
