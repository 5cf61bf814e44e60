//! What a poll with a device code is answered (RFC 8628 §3.5).

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use realm::Client;

use crate::refusal::Reason;
use crate::waiting::rules::{self as waiting, Refused, Waiting};

pub use crate::waiting::rules::{Allowed, Decision, State};

/// How long a device code and its user code live, in seconds.
pub const LIFETIME: i64 = 600;
/// How long one that nobody allowed is still known after that, in seconds, so that a late poll learns that it expired.
pub const REMEMBERED: i64 = 300;
/// What a device asked for, and how far it has come. Neither of its codes is kept, only a hash of the one and a MAC of the other.
#[derive(Clone, Debug)]
pub struct Device {
    /// The client it was issued to.
    pub client: String,
    /// What was asked for.
    pub scope: Scope,
    /// The resources that tokens may be for.
    pub resources: Vec<String>,
    /// What was asked for in particular (RFC 9396).
    pub details: Option<AuthorizationDetails>,
    /// Where the device asked from.
    pub address: Option<String>,
    /// When it asked (unix seconds).
    pub created_at: i64,
    /// When nobody can allow or redeem it any more (unix seconds).
    pub expires_at: i64,
    /// How many seconds lie between two polls.
    pub interval: i64,
    /// When the last poll came (unix seconds); 0 before the first.
    pub polled_at: i64,
    /// How far it has come.
    pub state: State,
}

impl Device {
    /// What a poll is about.
    pub fn waiting(&self) -> Waiting<'_> {
        Waiting {
            client: &self.client,
            created_at: self.created_at,
            expires_at: self.expires_at,
            interval: self.interval,
            polled_at: self.polled_at,
            state: &self.state,
        }
    }
}

/// Decides about a poll. A client that presents another's code learns nothing and changes nothing, not even the pace.
///
/// # Errors
/// The reason why nothing is to be done.
pub fn decide(device: &Device, client: &Client, now: i64) -> Result<Decision, Reason> {
    waiting::decide(&device.waiting(), client, now).map_err(|refused| match refused {
        Refused::OfAnotherClient => Reason::DeviceCodeOfAnotherClient,
        Refused::Denied => Reason::DeviceDenied,
        Refused::Expired => Reason::DeviceCodeExpired,
        Refused::TooEarly => Reason::DeviceSlowDown,
    })
}

/// Whether a device belongs to this client: not to an earlier one that had the same identifier.
pub fn is_of(device: &Device, client: &Client) -> bool {
    waiting::is_of((&device.client, device.created_at), client)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use oauth::device_code::SLOW_DOWN;
    use proptest::prelude::*;

    use super::*;
    use crate::waiting::rules::{LEEWAY, LONGEST_INTERVAL};

    const NOW: i64 = 1_000_000;

    fn client(id: &str, created_at: i64) -> Client {
        Client {
            id: id.into(),
            created_at,
            ..Client::default()
        }
    }

    fn device(state: State) -> Device {
        Device {
            client: "tv".into(),
            scope: Scope::empty(),
            resources: Vec::new(),
            details: None,
            address: None,
            created_at: NOW,
            expires_at: NOW + LIFETIME,
            interval: 5,
            polled_at: 0,
            state,
        }
    }

    fn allowed() -> Box<Allowed> {
        Box::new(Allowed {
            grant_id: "grant".into(),
            person: "alice".into(),
            session: "session".into(),
            scope: Scope::empty(),
            auth_time: NOW,
            amr: Vec::new(),
            acr: None,
            at: NOW,
        })
    }

    fn outcome(device: &Device, now: i64) -> Result<Decision, Reason> {
        decide(device, &client("tv", NOW - 1), now)
    }

    #[test]
    fn each_state_has_its_answer() {
        let end = NOW + LIFETIME;
        let table = [
            (State::Pending, NOW, Ok(Decision::Pending)),
            (State::Pending, end - 1, Ok(Decision::Pending)),
            (State::Pending, end, Err(Reason::DeviceCodeExpired)),
            (State::Denied, NOW, Err(Reason::DeviceDenied)),
            (State::Denied, end, Err(Reason::DeviceDenied)),
            (State::Allowed(allowed()), end - 1, Ok(Decision::Redeem)),
            (
                State::Allowed(allowed()),
                end,
                Err(Reason::DeviceCodeExpired),
            ),
            (State::Redeemed(allowed()), NOW, Ok(Decision::Replay)),
            (State::Redeemed(allowed()), end, Ok(Decision::Replay)),
        ];
        for (state, now, expected) in table {
            assert_eq!(outcome(&device(state.clone()), now), expected, "{state:?}");
        }
    }

    #[test]
    fn another_client_learns_nothing_whatever_the_state() {
        for state in [
            State::Pending,
            State::Denied,
            State::Allowed(allowed()),
            State::Redeemed(allowed()),
        ] {
            let device = device(state);
            for client in [client("other", 0), client("tv", NOW + 1)] {
                for now in [NOW, NOW + LIFETIME] {
                    assert_eq!(
                        decide(&device, &client, now),
                        Err(Reason::DeviceCodeOfAnotherClient)
                    );
                }
            }
        }
    }

    #[test]
    fn a_poll_a_second_early_is_not_punished_and_an_earlier_one_is() {
        let polled = Device {
            polled_at: NOW,
            ..device(State::Pending)
        };
        assert_eq!(outcome(&polled, NOW + 4), Ok(Decision::Pending));
        for early in 0..4 {
            assert_eq!(
                outcome(&polled, NOW + early),
                Ok(Decision::SlowDown { interval: 10 })
            );
        }
    }

    #[test]
    fn whoever_has_slowed_down_enough_is_no_longer_written_down() {
        let slow = Device {
            polled_at: NOW,
            interval: LONGEST_INTERVAL,
            ..device(State::Pending)
        };
        assert_eq!(outcome(&slow, NOW + 1), Err(Reason::DeviceSlowDown));
        assert_eq!(outcome(&slow, NOW + 299), Ok(Decision::Pending));
    }

    proptest! {
        /// However a device polls, what is written is bounded by its lifetime, and never two answers of `authorization_pending` come within the
        /// interval.
        #[test]
        fn polling_writes_little_and_is_paced(steps in proptest::collection::vec(0_i64..40, 1..400)) {
            let mut device = device(State::Pending);
            let (mut now, mut written) = (NOW, 0);
            for step in steps {
                now += step;
                match outcome(&device, now) {
                    Ok(Decision::Pending) => {
                        prop_assert!(now + LEEWAY >= device.polled_at + device.interval);
                        device.polled_at = now;
                        written += 1;
                    }
                    Ok(Decision::SlowDown { interval }) => {
                        prop_assert_eq!(interval, device.interval + SLOW_DOWN);
                        device.interval = interval;
                        device.polled_at = now;
                        written += 1;
                    }
                    Err(reason) => prop_assert!(matches!(reason, Reason::DeviceSlowDown | Reason::DeviceCodeExpired)),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert!(written <= LIFETIME / 4 + 1 + LONGEST_INTERVAL / SLOW_DOWN);
        }
    }
}
