//! `grant_type=urn:openid:params:grant-type:ciba` (OpenID Connect Client-Initiated Backchannel Authentication Core 1.0): a client asks a person who is not at
//! a browser of its, the person allows it on a device of theirs, and the client gets its tokens.
//!
//! 1. `backchannel_authentication.rs` takes the request: `signed.rs` opens a signed one, `hint.rs` finds the person, `user_code.rs` and `limits.rs` keep the
//!    person from being disturbed. 2. `webhook.rs` rings, `mail.rs` writes. 3. `approvals.rs` shows the person who asks and for what, and `answer.rs` writes the answer. 4. A client
//!    that polls is answered here: `rules.rs` decides and `waiting` does it; what was allowed becomes tokens as a code does. One that is called is called by `notification.rs`,
//!    with the tokens themselves in the mode push (`push.rs`).

mod answer;
mod approvals;
mod backchannel_authentication;
mod hint;
mod limits;
mod mail;
mod notification;
mod push;
#[cfg(test)]
mod races;
pub mod rules;
mod signed;
pub(crate) mod sql;
mod user_code;
mod webhook;

use std::sync::Arc;

use ::mail::Mailer;
use ambient::Clock;
use fetch::{Fetch, FetchOptions};
use oauth::token::{Ciba as Request, TokenResponse};
use realm::outbox::Handler;

use self::rules::Authentication;
use crate::authorization_code;
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::TRIES;
use crate::granting::rules::Wanted;
use crate::refusal::{Reason, Refusal};
use crate::remote_keys::RemoteKeys;
use crate::waiting::{self, poll::Grant, poll::Outcome, poll::Polled};

pub(crate) use answer::submit;
pub(crate) use approvals::{show, signed_in};
pub(crate) use backchannel_authentication::post as begin;
pub use limits::Rates;
pub(crate) use user_code::{show as show_user_code, submit as submit_user_code};

/// How an `auth_req_id` begins, so that secret scanners know it.
const PREFIX: &str = "gar_";

/// What the process has for this grant.
pub(crate) struct Ciba {
    limits: limits::Limits,
    /// How clients and webhooks are called, through the guard.
    caller: Option<Fetch>,
    /// The keys of clients to whom tokens are pushed encrypted.
    keys: Arc<RemoteKeys>,
    /// How letters go to people.
    mailer: Mailer,
}

impl Ciba {
    pub(crate) fn new(
        (rates, clock): (&Rates, &Clock),
        (outbound, keys): (&FetchOptions, &Arc<RemoteKeys>),
        mailer: Mailer,
    ) -> Self {
        let options = FetchOptions {
            timeout: outbound.timeout.min(notification::PATIENCE),
            max_bytes: notification::LONGEST_ANSWER,
            ..outbound.clone()
        };
        let caller = Fetch::new(options)
            .inspect_err(|error| tracing::error!(%error, "no client can be called"))
            .ok();
        Self {
            limits: limits::Limits::new(rates, clock),
            caller,
            keys: Arc::clone(keys),
            mailer,
        }
    }

    /// Whether people are written to.
    fn writes_letters(&self) -> bool {
        self.mailer.is_set_up()
    }

    /// What calls clients and webhooks and writes to people: the kinds of messages and who handles them.
    pub(crate) fn handlers(&self) -> Vec<(&'static str, Arc<dyn Handler>)> {
        let mut handlers: Vec<(&'static str, Arc<dyn Handler>)> = Vec::new();
        if let Some(caller) = &self.caller {
            let client = notification::Caller {
                fetch: caller.clone(),
                keys: Arc::clone(&self.keys),
            };
            handlers.push((notification::KIND, Arc::new(client)));
            handlers.push((webhook::KIND, Arc::new(webhook::Webhook(caller.clone()))));
        }
        if self.writes_letters() {
            let writer = mail::Writer(self.mailer.clone());
            handlers.push((mail::KIND, Arc::new(writer)));
        }
        handlers
    }
}

/// What this grant has for itself.
static GRANT: Grant = Grant {
    poll: &sql::POLL_AUTHENTICATION,
    redeem: &sql::REDEEM_AUTHENTICATION,
    pending: Reason::CibaPending,
    slow_down: Reason::CibaSlowDown,
    replayed: Reason::CibaReplayed,
    events: (
        "ciba.redeemed",
        "ciba.replayed",
        "an auth_req_id was used twice",
    ),
};

/// Answers a poll.
pub(crate) async fn poll(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Request,
) -> Result<TokenResponse, Refusal> {
    let hash = authorization_code::hash(&request.auth_req_id);
    let wanted = Wanted {
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
    };
    let mut why = Reason::CibaSlowDown;
    for _ in 0..TRIES {
        let Some(found) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::CibaUnknown.into());
        };
        let decision = rules::decide(&found.asked, client, call.now())?;
        let polled = (&polled(&found.asked, &hash), decision);
        match waiting::poll::answer(call, client, &GRANT, polled, wanted).await? {
            Outcome::Tokens(tokens) => return Ok(*tokens),
            Outcome::Lost(reason) => why = reason,
        }
    }
    Err(why.into())
}

fn polled<'a>(asked: &'a Authentication, hash: &'a str) -> Polled<'a> {
    Polled {
        hash,
        waiting: asked.waiting(),
        resources: &asked.resources,
        details: asked.details.as_ref(),
    }
}
