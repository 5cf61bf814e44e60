use std::net::{IpAddr, Ipv6Addr};

use ambient::Clock;
use web::limit::{Limiter, RetryAfter};

use crate::digest::sha256;
use crate::people::rules::username_key;

/// So many at once, and so many more each minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// One more after this many seconds.
    pub refill_seconds: u32,
}

impl Rate {
    /// `burst` at once, one more every `refill_seconds`.
    pub const fn new(burst: u32, refill_seconds: u32) -> Self {
        Self {
            burst,
            refill_seconds,
        }
    }
}

/// How often a sign-in may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitOptions {
    /// For one user name from one address.
    pub per_name_and_address: Rate,
    /// From one address (of IPv6: from one /64), whatever the user name.
    pub per_address: Rate,
}

impl Default for LimitOptions {
    /// Ten tries at one name, then one each half minute; a hundred from one address, then one a second.
    fn default() -> Self {
        Self {
            per_name_and_address: Rate::new(10, 30),
            per_address: Rate::new(100, 1),
        }
    }
}

/// The limits, and what has been used of them; in bounded memory of this process.
pub(crate) struct Limits {
    pairs: Limiter,
    addresses: Limiter,
    failures: Limiter,
}

impl Limits {
    pub(crate) fn new(options: LimitOptions, clock: &Clock) -> Self {
        let limiter =
            |rate: Rate| Limiter::new(rate.burst, rate.refill_seconds, clock.clone());
        Self {
            pairs: limiter(options.per_name_and_address),
            addresses: limiter(options.per_address),
            failures: limiter(Rate::new(300, 1)),
        }
    }

    /// Counts a try. Each counts before its password is checked, so that many at once are no way around it.
    pub(super) fn check(
        &self,
        realm: &str,
        username: &str,
        address: Option<IpAddr>,
    ) -> Result<(), RetryAfter> {
        let address = network(address);
        self.addresses.check(&format!("{realm} {address}"))?;
        // Hashed, so that the key's length is bounded and the table holds no names.
        let name = sha256(&username_key(username.trim()));
        self.pairs.check(&format!("{realm} {address} {name}"))
    }

    /// Whether a failure may still be written as an event: a flood of them fills the log of the process, not the database.
    pub(super) fn may_record_failure(&self, realm: &str) -> bool {
        self.failures.check(realm).is_ok()
    }
}

/// The network that one subscriber has: a whole /64 of IPv6.
fn network(address: Option<IpAddr>) -> IpAddr {
    match address.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn limits() -> (Limits, Clock) {
        let clock = Clock::manual(1_800_000_000);
        let options = LimitOptions {
            per_name_and_address: Rate::new(3, 10),
            per_address: Rate::new(5, 1),
        };
        (Limits::new(options, &clock), clock)
    }

    #[test]
    fn a_name_is_limited_per_address_however_it_is_cased() {
        let (limits, clock) = limits();
        let here = Some("192.0.2.1".parse().unwrap());
        let there = Some("192.0.2.2".parse().unwrap());
        for name in ["alice", "ALICE", " Alice "] {
            assert!(limits.check("main", name, here).is_ok());
        }
        assert!(limits.check("main", "alice", here).is_err());
        assert!(limits.check("main", "bob", here).is_ok());
        assert!(limits.check("main", "alice", there).is_ok());
        clock.advance(10);
        assert!(limits.check("main", "alice", here).is_ok());
        assert!(limits.check("main", "alice", here).is_err());
    }

    #[test]
    fn an_address_is_limited_whatever_the_names_and_an_ipv6_subscriber_is_one_address() {
        let (limits, _) = limits();
        for n in 0..5 {
            let address = Some(format!("2001:db8::{n}").parse().unwrap());
            assert!(limits.check("main", &format!("p{n}"), address).is_ok());
        }
        let last = Some("2001:db8::ffff".parse().unwrap());
        assert!(limits.check("main", "other", last).is_err());
        let elsewhere = Some("2001:db8:0:1::1".parse().unwrap());
        assert!(limits.check("main", "other", elsewhere).is_ok());
    }
}
