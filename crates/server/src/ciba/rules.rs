//! How far a request to ask a person has come, and what follows for a poll and for the person (OpenID Connect CIBA Core §7, §11).

use oauth::Scope;
use oauth::authorization_details::AuthorizationDetails;
use oauth::ciba::DeliveryMode;
use realm::Client;

use crate::refusal::Reason;
use crate::waiting::rules::{self as waiting, Refused, Waiting};

pub use crate::waiting::rules::{Allowed, Decision, State};

/// How long a request stands when the client does not say, in seconds.
pub const LIFETIME: i64 = 300;
/// How long it stands at most, whatever the client says (§7.1: the server may shorten it).
pub const LONGEST_LIFETIME: i64 = 3600;
/// How long one that nobody allowed is still known after that, in seconds, so that a late poll learns that it expired.
pub const REMEMBERED: i64 = 300;
/// How many requests of one client wait for one person at most.
pub const PENDING_OF_CLIENT: usize = 3;
/// How many requests of all clients wait for one person at most: what one page shows.
pub const PENDING: usize = 10;

/// What a client asked a person for, and how far it has come. Its `auth_req_id` is not kept, only a hash.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// Names it to the person: not a secret.
    pub id: String,
    /// The client that asked.
    pub client: String,
    /// The person who is asked.
    pub person: String,
    /// How the tokens reach the client.
    pub delivery: DeliveryMode,
    /// What was asked for.
    pub scope: Scope,
    /// The resources that tokens may be for.
    pub resources: Vec<String>,
    /// What was asked for in particular (RFC 9396).
    pub details: Option<AuthorizationDetails>,
    /// What the person compares.
    pub binding_message: Option<String>,
    /// How long ago the person may have signed in, in seconds.
    pub max_age: Option<i64>,
    /// The strengths of a sign-in that were asked for; binding where the realm names strengths (RFC 9470 §5).
    pub acr_values: Vec<String>,
    /// Where the client asked from.
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

impl Authentication {
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

/// For how many seconds a request stands (§7.1, `requested_expiry`).
pub fn lifetime(requested: Option<i64>) -> i64 {
    requested.map_or(LIFETIME, |seconds| seconds.clamp(1, LONGEST_LIFETIME))
}

/// Decides about a poll. A client that presents another's request learns nothing and changes nothing; one that is pushed to does not poll (§11).
///
/// # Errors
/// The reason why nothing is to be done.
pub fn decide(asked: &Authentication, client: &Client, now: i64) -> Result<Decision, Reason> {
    let pushed = asked.delivery == DeliveryMode::Push;
    if pushed && is_of(asked, client) {
        return Err(Reason::CibaIsPushed);
    }
    waiting::decide(&asked.waiting(), client, now).map_err(|refused| match refused {
        Refused::OfAnotherClient => Reason::CibaOfAnotherClient,
        Refused::Denied => Reason::CibaDenied,
        Refused::Expired => Reason::CibaExpired,
        Refused::TooEarly => Reason::CibaSlowDown,
    })
}

/// Whether a request belongs to this client: not to an earlier one that had the same identifier.
pub fn is_of(asked: &Authentication, client: &Client) -> bool {
    waiting::is_of((&asked.client, asked.created_at), client)
}

/// Whether the person can still decide.
pub fn waits(asked: &Authentication, now: i64) -> bool {
    matches!(asked.state, State::Pending) && now < asked.expires_at
}

/// Whether a sign-in at this time is as fresh as the request demands. One since the request was made always is, so that signing in again is never asked for
/// twice.
pub fn is_fresh(asked: &Authentication, auth_time: i64, now: i64) -> bool {
    let age = now.saturating_sub(auth_time);
    auth_time >= asked.created_at || asked.max_age.is_none_or(|most| age <= most)
}

/// Whether one more request of this client may wait for a person for whom those of these clients do: else the phone rings until somebody presses anything
/// (prompt bombing).
pub fn may_wait<'a>(client: &str, waiting: impl Iterator<Item = &'a str>) -> bool {
    let (mut own, mut all) = (0, 0);
    for other in waiting {
        all += 1;
        own += usize::from(other == client);
    }
    own < PENDING_OF_CLIENT && all < PENDING
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_000_000;

    fn client(id: &str) -> Client {
        Client {
            id: id.into(),
            created_at: NOW - 1,
            ..Client::default()
        }
    }

    fn asked(delivery: DeliveryMode, state: State) -> Authentication {
        Authentication {
            id: "id".into(),
            client: "agent".into(),
            person: "alice".into(),
            delivery,
            scope: Scope::empty(),
            resources: Vec::new(),
            details: None,
            binding_message: None,
            max_age: None,
            acr_values: Vec::new(),
            address: None,
            created_at: NOW,
            expires_at: NOW + LIFETIME,
            interval: 5,
            polled_at: 0,
            state,
        }
    }

    fn states() -> [State; 4] {
        let allowed = Box::new(Allowed {
            grant_id: "grant".into(),
            person: "alice".into(),
            session: "session".into(),
            scope: Scope::empty(),
            auth_time: NOW,
            amr: Vec::new(),
            acr: None,
            at: NOW,
        });
        [
            State::Pending,
            State::Denied,
            State::Allowed(allowed.clone()),
            State::Redeemed(allowed),
        ]
    }

    #[test]
    fn each_state_has_its_answer_and_a_client_that_is_pushed_to_has_one_for_all() {
        let expected = [
            Ok(Decision::Pending),
            Err(Reason::CibaDenied),
            Ok(Decision::Redeem),
            Ok(Decision::Replay),
        ];
        for (state, expected) in states().into_iter().zip(expected) {
            for delivery in [DeliveryMode::Poll, DeliveryMode::Ping] {
                let asked = asked(delivery, state.clone());
                assert_eq!(decide(&asked, &client("agent"), NOW), expected);
            }
            let pushed = asked(DeliveryMode::Push, state.clone());
            let refused = Err(Reason::CibaIsPushed);
            assert_eq!(decide(&pushed, &client("agent"), NOW), refused);
        }
        let late = asked(DeliveryMode::Poll, State::Pending);
        let refused = Err(Reason::CibaExpired);
        assert_eq!(decide(&late, &client("agent"), NOW + LIFETIME), refused);
    }

    #[test]
    fn another_client_learns_nothing_whatever_the_state_and_the_mode() {
        for state in states() {
            for delivery in DeliveryMode::ALL {
                let asked = asked(delivery, state.clone());
                let later = Client {
                    created_at: NOW + 1,
                    ..client("agent")
                };
                for other in [client("other"), later] {
                    let refused = Err(Reason::CibaOfAnotherClient);
                    assert_eq!(decide(&asked, &other, NOW), refused);
                }
            }
        }
    }

    #[test]
    fn a_sign_in_since_the_request_is_always_fresh_and_an_older_one_within_max_age() {
        let mut asked = asked(DeliveryMode::Poll, State::Pending);
        assert!(is_fresh(&asked, 0, NOW));
        asked.max_age = Some(60);
        assert!(is_fresh(&asked, NOW - 50, NOW + 10));
        assert!(!is_fresh(&asked, NOW - 50, NOW + 11));
        asked.max_age = Some(0);
        assert!(!is_fresh(&asked, NOW - 1, NOW));
        assert!(is_fresh(&asked, NOW, NOW + 299));
    }

    #[test]
    fn few_requests_wait_for_a_person() {
        let wait = |names: &[&'static str]| may_wait("agent", names.iter().copied());
        assert!(wait(&[]));
        assert!(wait(&["agent"; PENDING_OF_CLIENT - 1]));
        assert!(!wait(&["agent"; PENDING_OF_CLIENT]));
        assert!(wait(&["other"; PENDING - 1]));
        assert!(!wait(&["other"; PENDING]));
    }

    proptest! {
        #[test]
        fn a_request_stands_for_a_while_whatever_is_asked_for(requested in proptest::option::of(any::<i64>())) {
            prop_assert!((1..=LONGEST_LIFETIME).contains(&lifetime(requested)));
        }
    }
}
