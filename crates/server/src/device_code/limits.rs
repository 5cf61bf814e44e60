//! How often people may type a wrong code (RFC 8628 §5.1). In bounded memory of this process.
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
            wrong_from_address: rate,
            wrong_in_session: rate,
            wrong_in_realm: rate,
        }
    }
}

/// What has been used of the rates.
pub(crate) struct Limits {
    wrong_from_address: Limiter,
    wrong_in_session: Limiter,
    wrong_in_realm: Limiter,
}

impl Limits {
    pub(crate) fn new(rates: &Rates, clock: &Clock) -> Self {
        let limiter = |rate| Limiter::new(clock.clone(), rate);
        Self {
            wrong_from_address: limiter(rates.wrong_from_address),
            wrong_in_session: limiter(rates.wrong_in_session),
            wrong_in_realm: limiter(rates.wrong_in_realm),
        }
    }

    /// Counts what can be no code at all, before anybody is signed in.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn mistype(&self, call: &Call) -> Result<(), Refusal> {
        self.wrong_from_address
            .take(key(call, ""))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Whether an address may type anything, right or wrong.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn check(&self, call: &Call) -> Result<(), Refusal> {
        self.wrong_from_address
            .check(key(call, ""))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts a code before it is looked up, so that many at once are no way around it: [`right`](Self::right) takes that back.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(super) fn guess(&self, call: &Call, session: &str) -> Result<(), Refusal> {
        let realm = call.realm.name();
        self.wrong_from_address
            .take(key(call, ""))
            .and_then(|()| self.wrong_in_session.take((realm, session)))
            .and_then(|()| self.wrong_in_realm.take(realm))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// The code that was counted is one that waits.
    pub(super) fn right(&self, call: &Call, session: &str) {
        let realm = call.realm.name();
        self.wrong_from_address.give_back(key(call, ""));
        self.wrong_in_session.give_back((realm, session));
        self.wrong_in_realm.give_back(realm);
    }
}

/// The realm, where the request came from, and a client.
fn key<'a>(call: &'a Call, client: &'a str) -> impl Hash {
    let network = call.address.map(|address| address.network());
    (call.realm.name(), network, client)
}
