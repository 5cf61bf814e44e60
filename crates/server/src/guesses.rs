//! How often a client's secret, a code or a refresh token may be guessed wrongly from one address, where what succeeds costs nothing; and how often an
//! address may send what has to be stored before anybody has signed in.

use std::hash::Hash;

use ambient::Clock;
use web::limit::{Limiter, Rate};

use crate::call::Call;
use crate::refusal::Refusal;

/// Thirty wrong guesses at once, then one each ten seconds.
pub(crate) const DEFAULT: Rate = Rate {
    burst: 30,
    seconds_each: 10,
};

/// Thirty authorization requests too large to travel at once, then one each five seconds: what they leave in the database stays small.
const LARGE: Rate = Rate {
    burst: 30,
    seconds_each: 5,
};

/// The limit for each client and address, in bounded memory of this process.
pub(crate) struct Guesses {
    limiter: Limiter,
    large: Limiter,
}

impl Guesses {
    pub(crate) fn new(rate: Rate, clock: &Clock) -> Self {
        Self {
            limiter: Limiter::new(clock.clone(), rate),
            large: Limiter::new(clock.clone(), LARGE),
        }
    }

    /// Counts an authorization request that is too large to travel sealed.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn large(&self, call: &Call) -> Result<(), Refusal> {
        self.large
            .take(key(call, ""))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Refuses while too many wrong guesses were made at this client from this address.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub(crate) fn check(&self, call: &Call, client: &str) -> Result<(), Refusal> {
        self.limiter
            .check(key(call, client))
            .map_err(|wait| Refusal::TooMany(wait.0))
    }

    /// Counts a wrong guess.
    pub(crate) fn failed(&self, call: &Call, client: &str) {
        self.limiter.penalize(key(call, client));
    }
}

fn key<'a>(call: &'a Call, client: &'a str) -> impl Hash {
    let network = call.address.map(|address| address.network());
    (call.realm.name(), network, client)
}
