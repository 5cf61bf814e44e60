//! `grant_type=urn:openid:params:grant-type:ciba` (OpenID Connect Client-Initiated Backchannel Authentication Core 1.0): a client asks a person who is not at
//! a browser of its, the person allows it on a device of theirs, and the client gets its tokens.
//!
//! 1. `backchannel_authentication.rs` takes the request: `signed.rs` opens a signed one, `hint.rs` finds the person, `user_code.rs` and `limits.rs` keep the
//!    person from being disturbed. 2. `webhook.rs` rings, `mail.rs` writes. 3. `approvals.rs` shows the person who asks and for what, and `answer.rs` writes the answer. 4. A client
//!    that polls is answered here: `rules.rs` decides, and what was allowed becomes tokens as a code does. One that is called is called by `notification.rs`,
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
use db::params;
use fetch::{Fetch, FetchOptions};
use oauth::token::{Ciba as Request, TokenResponse};
use realm::outbox::Handler;
use realm::{Event, Mark};

use self::rules::{Allowed, Authentication, Decision};
use crate::authorization_code::{self, rules as code};
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, RemoteKeys};
use crate::commit::TRIES;
use crate::granting::rules::Wanted;
use crate::refusal::{Reason, Refusal};
use crate::{refresh_token, waiting};

pub(crate) use answer::submit;
pub(crate) use approvals::show;
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

/// Answers a poll.
pub(crate) async fn poll(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Request,
) -> Result<TokenResponse, Refusal> {
    let hash = authorization_code::hash(&request.auth_req_id);
    let mut lost = Reason::CibaSlowDown;
    for _ in 0..TRIES {
        let Some(found) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::CibaUnknown.into());
        };
        let asked = found.asked;
        let allowed = asked.state.allowed();
        match (rules::decide(&asked, client, call.now())?, allowed) {
            (Decision::Pending, _) => {
                if polled(call, client, &hash, (&asked, asked.interval)).await? {
                    return Err(Reason::CibaPending.into());
                }
            }
            (Decision::SlowDown { interval }, _) => {
                if polled(call, client, &hash, (&asked, interval)).await? {
                    return Err(Reason::CibaSlowDown.into());
                }
            }
            (Decision::Redeem, Some(allowed)) => {
                let code = as_code(&asked, allowed);
                if let Some(tokens) = redeem(call, client, request, (&hash, &code)).await? {
                    return Ok(tokens);
                }
                // Still allowed and yet not to be redeemed: revoked at another node, of which this one is about to hear.
                lost = Reason::GrantRevoked;
            }
            (Decision::Replay, Some(allowed)) => {
                return Err(replayed(call, client, &as_code(&asked, allowed)).await?);
            }
            (Decision::Redeem | Decision::Replay, None) => break,
        }
    }
    Err(lost.into())
}

/// Writes down when the client polled; `false` when another poll was faster.
async fn polled(
    call: &Call,
    client: &AuthenticatedClient,
    hash: &str,
    (asked, interval): (&Authentication, i64),
) -> Result<bool, Refusal> {
    let realm = &call.realm;
    let mut batch = client.batch(realm);
    let values = params![
        realm.name(),
        hash,
        call.now(),
        interval,
        asked.polled_at,
        asked.interval
    ];
    batch.expect(&sql::POLL_AUTHENTICATION, values, 1);
    Ok(client.commit(realm, batch).await?.is_some())
}

fn as_code(asked: &Authentication, allowed: &Allowed) -> code::Code {
    let code = waiting::as_code(&asked.client, &asked.resources, allowed, asked.expires_at);
    code::Code {
        details: asked.details.clone(),
        ..code
    }
}

/// Issues the tokens; `None` when another poll was faster.
async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Request,
    (hash, code): (&str, &code::Code),
) -> Result<Option<TokenResponse>, Refusal> {
    let realm = &call.realm;
    let wanted = Wanted {
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
    };
    let issued = authorization_code::fulfil(realm, &client.recipient(), code, wanted).await?;
    let mut batch = client.batch(realm);
    let marks = authorization_code::marks(code);
    let times = (code.issued_at, call.now());
    let values = sql::redeem((realm.name(), hash), marks, times, None);
    batch.expect(&sql::REDEEM_AUTHENTICATION, values, 1);
    if let Some(family) = &issued.family {
        refresh_token::begin(realm, &mut batch, family);
    }
    realm.record(&mut batch, event(call, "ciba.redeemed", code));
    Ok(client.commit(realm, batch).await?.map(|_| issued.tokens))
}

/// The tokens were fetched before: whoever has the request should not, so what it gave is revoked, as for authorization codes (RFC 6749 §4.1.2).
async fn replayed(
    call: &Call,
    client: &AuthenticatedClient,
    code: &code::Code,
) -> Result<Refusal, Refusal> {
    let realm = &call.realm;
    let grant = Mark::Grant(&code.grant_id);
    // Once is enough: whoever goes on presenting it must not fill the audit.
    if realm.revocations().is_revoked(grant, code.issued_at) {
        return Ok(Reason::CibaReplayed.into());
    }
    let event = event(call, "ciba.replayed", code);
    let because = (event, "an auth_req_id was used twice");
    refresh_token::end_grant(call, client, &code.grant_id, because).await?;
    Ok(Reason::CibaReplayed.into())
}

fn event(call: &Call, kind: &'static str, code: &code::Code) -> Event {
    let detail = serde_json::json!({ "grant": code.grant_id, "scope": code.scope });
    call.event(kind, Some(&code.person), &code.client)
        .detail(detail)
}
