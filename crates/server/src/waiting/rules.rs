//! What a poll is answered (RFC 8628 §3.5, OpenID Connect CIBA Core §11).

use identity::Session;
use oauth::Scope;
use oauth::device_code::SLOW_DOWN;
use realm::Client;

/// How much earlier than the interval a poll may come, in seconds: for timers that are not exact and clocks of nodes that differ.
pub const LEEWAY: i64 = 1;
/// From here on the interval does not grow, and polls that come too early are not even written down: whoever polls without a pause costs one read.
pub const LONGEST_INTERVAL: i64 = 300;

/// A request that a client polls for.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    /// The client that asked.
    pub client: &'a str,
    /// When it asked (unix seconds).
    pub created_at: i64,
    /// When nobody can allow or redeem it any more (unix seconds).
    pub expires_at: i64,
    /// How many seconds lie between two polls.
    pub interval: i64,
    /// When the last poll came (unix seconds); 0 before the first.
    pub polled_at: i64,
    /// How far it has come.
    pub state: &'a State,
}

/// How far a request has come.
#[derive(Clone, Debug)]
pub enum State {
    /// Nobody has decided.
    Pending,
    /// Somebody said no.
    Denied,
    /// Somebody said yes; the client does not have its tokens.
    Allowed(Box<Allowed>),
    /// The client has its tokens.
    Redeemed(Box<Allowed>),
}

impl State {
    /// What was allowed, if anything was.
    pub fn allowed(&self) -> Option<&Allowed> {
        match self {
            Self::Allowed(allowed) | Self::Redeemed(allowed) => Some(allowed),
            Self::Pending | Self::Denied => None,
        }
    }
}

/// What somebody allowed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The grant; what is issued for it carries this name.
    pub grant_id: String,
    /// The person.
    pub person: String,
    /// The session in which it was allowed.
    pub session: String,
    /// What of the scope was allowed.
    pub scope: Scope,
    /// When the person signed in (unix seconds).
    pub auth_time: i64,
    /// How the person signed in (RFC 8176).
    pub amr: Vec<String>,
    /// How strongly the person signed in.
    pub acr: Option<String>,
    /// When it was allowed (unix seconds).
    pub at: i64,
}

impl Allowed {
    /// What the person of this session, which counts as `acr`, allows now, as a grant with this name.
    pub fn in_session(
        (session, acr): (&Session, Option<String>),
        grant_id: String,
        scope: Scope,
        now: i64,
    ) -> Self {
        Self {
            grant_id,
            person: session.person.clone(),
            session: session.id.clone(),
            scope,
            auth_time: session.auth_time,
            amr: session.amr.clone(),
            acr,
            // A session may begin a second from now, right after a sign-out everywhere.
            at: now.max(session.created_at),
        }
    }
}

/// What becomes of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is written down; the person has not decided.
    Pending,
    /// It came too early: the interval is now this many seconds.
    SlowDown {
        /// In seconds.
        interval: i64,
    },
    /// The tokens are issued.
    Redeem,
    /// They were issued before: what was issued is revoked.
    Replay,
}

/// Why nothing is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is another client's. That client learns nothing and changes nothing, not even the pace.
    OfAnotherClient,
    /// The person said no.
    Denied,
    /// Nobody allowed it in time, or nobody fetched it.
    Expired,
    /// It came too early, once more.
    TooEarly,
}

/// Decides about a poll.
///
/// # Errors
/// The reason why nothing is to be done.
pub fn decide(waiting: &Waiting<'_>, client: &Client, now: i64) -> Result<Decision, Refused> {
    if !is_of((waiting.client, waiting.created_at), client) {
        return Err(Refused::OfAnotherClient);
    }
    match waiting.state {
        State::Redeemed(_) => Ok(Decision::Replay),
        State::Denied => Err(Refused::Denied),
        _ if now >= waiting.expires_at => Err(Refused::Expired),
        State::Allowed(_) => Ok(Decision::Redeem),
        State::Pending => pace(waiting, now),
    }
}

/// Whether what a client of this name asked for then belongs to this client: not to an earlier one that had the same identifier.
pub fn is_of((asker, asked_at): (&str, i64), client: &Client) -> bool {
    asker == client.id && asked_at >= client.created_at
}

fn pace(waiting: &Waiting<'_>, now: i64) -> Result<Decision, Refused> {
    let early = now.saturating_add(LEEWAY) < waiting.polled_at.saturating_add(waiting.interval);
    if !early {
        return Ok(Decision::Pending);
    }
    if waiting.interval >= LONGEST_INTERVAL {
        return Err(Refused::TooEarly);
    }
    Ok(Decision::SlowDown {
        interval: waiting.interval.saturating_add(SLOW_DOWN),
    })
}
