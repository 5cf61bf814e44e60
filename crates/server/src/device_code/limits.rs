//! How often devices may ask, and how often people may type a wrong code (RFC 8628 §5.1). In bounded memory of this process.
//!
//! A user code is one of 20^8. Only people who are signed in can try whether one exists; with the rate below, all of them together find one of a thousand
//! that wait with a probability of 1 in 300 in a day without pause.

use std::hash::Hash;

use ambient::Clock;
use web::limit::{Limiter, Rate};

use crate::call::Call;
use crate::refusal::Refusal;

/// The rates.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Devices that ask, of one client from one address.
    pub asking: Rate,
    /// Devices that ask from one address, of whatever client.
    pub asking_from_address: Rate,
    /// Wrong codes from one address.
    pub wrong_from_address: Rate,
    /// Wrong codes in one session.
    pub wrong_in_session: Rate,
    /// Wrong codes that could have been right, in the whole realm.
    pub wrong_in_realm: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            asking: rate(30, 5),
            asking_from_address: rate(60, 2),
            wrong_from_address: rate(20, 15),
            wrong_in_session: rate(10, 30),
            wrong_in_realm: rate(600, 1),
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
    /// The same rate for everything.
    pub fn all(rate: Rate) -> Self {
        Self {
            asking: rate,
            asking_from_address: rate,
            wrong_from_address: rate,
            wrong_in_session: rate,
            wrong_in_realm: rate,
        }
    }
}

/// What has been used of the rates.
pub(crate) struct Limits {
    asking: Limiter,
    asking_from_address: Limiter,
    wrong_from_address: Limiter,
    wrong_in_session: Limiter,
    wrong_in_realm: Limiter,
}

impl Limits {
    pub(crate) fn new(rates: &Rates, clock: &Clock) -> Self {
        let limiter = |rate| Limiter::new(clock.clone(), rate);
        Self {
            asking: limiter(rates.asking),
            asking_from_address: limiter(rates.asking_from_address),
            wrong_from_address: limiter(rates.wrong_from_address),
            wrong_in_session: limiter(rates.wrong_in_session),
            wrong_in_realm: limiter(rates.wrong_in_realm),
        }
    }

    /// Counts a device that asks.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn ask(&self, call: &Call, client: &str) -> Result<(), Refusal> {
        self.asking
            .take(key(call, client))
            .and_then(|()| self.asking_from_address.take(key(call, "")))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Refuses to look at a code, right or wrong, after too many wrong ones. Before anybody is signed in only the address counts.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn check(&self, call: &Call, session: Option<&str>) -> Result<(), Refusal> {
        let mut verdict = self.wrong_from_address.check(key(call, ""));
        if let Some(session) = session {
            verdict = verdict
                .and_then(|()| self.wrong_in_session.check((call.realm.name(), session)))
                .and_then(|()| self.wrong_in_realm.check(call.realm.name()));
        }
        verdict.map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts what can be no code at all.
    pub(super) fn mistyped(&self, call: &Call) {
        self.wrong_from_address.penalize(key(call, ""));
    }

    /// Counts a code that is not known.
    pub(super) fn wrong(&self, call: &Call, session: &str) {
        self.mistyped(call);
        self.wrong_in_session.penalize((call.realm.name(), session));
        self.wrong_in_realm.penalize(call.realm.name());
    }
}

/// The realm, where the request came from, and a client.
fn key<'a>(call: &'a Call, client: &'a str) -> impl Hash {
    let network = call.address.map(|address| address.network());
    (call.realm.name(), network, client)
}
