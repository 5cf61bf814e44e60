//! How often people may be asked, and how often clients may guess (OpenID Connect CIBA Core §15). In bounded memory of this process; how many requests wait for
//! a person at once is bounded in the database too, for all processes.

use ambient::Clock;
use web::limit::{Limiter, Rate};

use crate::call::Call;
use crate::limits::RequestRate;
use crate::refusal::Refusal;

/// The rates.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests of one client.
    pub asking: Rate,
    /// Requests of one client to one person.
    pub asking_person: Rate,
    /// Requests of all clients to one person.
    pub asked: Rate,
    /// Hints of one client that name nobody.
    pub unknown: Rate,
    /// Wrong user codes of one person.
    pub wrong_codes: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            asking: rate(600, 1),
            asking_person: rate(5, 60),
            asked: rate(20, 30),
            unknown: rate(30, 10),
            wrong_codes: rate(5, 300),
        }
    }
}

const fn rate(burst: u32, seconds_each: u32) -> Rate {
    Rate {
        burst,
        seconds_each,
    }
}

impl Rates {
    /// As usual, but so many requests of one client to one person, and four times as many of all.
    pub fn of_person(person: RequestRate) -> Self {
        let RequestRate { count, seconds } = person;
        let all = count.saturating_mul(4);
        let usual = Self::default();
        Self {
            asking: rate(usual.asking.burst.max(count), 1),
            asking_person: rate(count, seconds.div_ceil(count.max(1)).max(1)),
            asked: rate(all, seconds.div_ceil(all.max(1)).max(1)),
            ..usual
        }
    }

    /// The same rate for everything.
    pub fn all(rate: Rate) -> Self {
        Self {
            asking: rate,
            asking_person: rate,
            asked: rate,
            unknown: rate,
            wrong_codes: rate,
        }
    }
}

/// What has been used of the rates.
pub(crate) struct Limits {
    asking: Limiter,
    asking_person: Limiter,
    asked: Limiter,
    unknown: Limiter,
    wrong_codes: Limiter,
}

impl Limits {
    pub(crate) fn new(rates: &Rates, clock: &Clock) -> Self {
        let limiter = |rate| Limiter::new(clock.clone(), rate);
        Self {
            asking: limiter(rates.asking),
            asking_person: limiter(rates.asking_person),
            asked: limiter(rates.asked),
            unknown: limiter(rates.unknown),
            wrong_codes: limiter(rates.wrong_codes),
        }
    }

    /// Counts a request of a client, before anything of it is looked at.
    ///
    /// # Errors
    /// [`Refusal::TooMany`], also while the client has named too many people who are not there.
    pub(super) fn ask(&self, call: &Call, client: &str) -> Result<(), Refusal> {
        let key = (call.realm.name(), client);
        self.unknown
            .check(key)
            .and_then(|()| self.asking.take(key))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts a hint that names nobody.
    pub(super) fn unknown(&self, call: &Call, client: &str) {
        self.unknown.penalize((call.realm.name(), client));
    }

    /// Counts a request to a person.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn disturb(&self, call: &Call, client: &str, person: &str) -> Result<(), Refusal> {
        let realm = call.realm.name();
        self.asking_person
            .take((realm, client, person))
            .and_then(|()| self.asked.take((realm, person)))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts a user code before it is compared, so that many at once are no way around it: [`right`](Self::right) takes that back. Per client, so that one
    /// does not lock the person out for another.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn guess(&self, call: &Call, client: &str, person: &str) -> Result<(), Refusal> {
        self.wrong_codes
            .take((call.realm.name(), client, person))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// The code that was counted is the person's.
    pub(super) fn right(&self, call: &Call, client: &str, person: &str) {
        self.wrong_codes
            .give_back((call.realm.name(), client, person));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    #[test]
    fn what_the_operator_allows_comes_back_evenly_and_four_times_as_much_for_all() {
        let hourly = RequestRate {
            count: 60,
            seconds: 3600,
        };
        let rates = Rates::of_person(hourly);
        assert_eq!(rates.asking_person, rate(60, 60));
        assert_eq!(rates.asked, rate(240, 15));
        assert_eq!(rates.wrong_codes, Rates::default().wrong_codes);
        let often = RequestRate {
            count: 1_000_000,
            seconds: 1,
        };
        assert_eq!(Rates::of_person(often).asking_person, rate(1_000_000, 1));
    }
}
