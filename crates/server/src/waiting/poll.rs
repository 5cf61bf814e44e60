//! Answering a poll, whichever of the grants it is of: not yet, at this pace; the tokens, once; or the end of the grant, when what was fetched is fetched again.

use db::{Stmt, params};
use oauth::authorization_details::AuthorizationDetails;
use oauth::token::TokenResponse;
use realm::{Event, Mark};

use super::rules::{Allowed, Decision, Waiting};
use super::stored;
use crate::authorization_code::{self, Recipient, rules as code};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::granting::rules::Wanted;
use crate::refresh_token;
use crate::refusal::{Reason, Refusal};

/// What one of the grants has for itself: its rows and its words.
pub(crate) struct Grant {
    /// Writes a poll down, unless another one came since the request was read: `$3` is now, `$4` the interval from now on, `$5` and `$6` what was read.
    pub(crate) poll: &'static Stmt,
    /// Redeems the request, with the parameters of [`stored::redeem`].
    pub(crate) redeem: &'static Stmt,
    /// Nobody has decided.
    pub(crate) pending: Reason,
    /// The poll came too early.
    pub(crate) slow_down: Reason,
    /// The tokens were fetched before.
    pub(crate) replayed: Reason,
    /// The events of tokens that are fetched, and fetched again, and what the log says of that.
    pub(crate) events: (&'static str, &'static str, &'static str),
}

/// A request as it was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polled<'a> {
    /// Under which it is stored.
    pub(crate) hash: &'a str,
    /// How far it has come.
    pub(crate) waiting: Waiting<'a>,
    /// The resources that tokens may be for.
    pub(crate) resources: &'a [String],
    /// What was asked for in particular (RFC 9396).
    pub(crate) details: Option<&'a AuthorizationDetails>,
}

/// What comes of a poll that is not refused.
pub(crate) enum Outcome {
    /// The tokens.
    Tokens(Box<TokenResponse>),
    /// Another one was faster: to be read and decided again, or else refused for this reason.
    Lost(Reason),
}

impl Polled<'_> {
    /// What was allowed, as the code grant has it: from here on they are alike.
    pub(crate) fn as_code(&self, allowed: &Allowed) -> code::Code {
        code::Code {
            grant_id: allowed.grant_id.clone(),
            client: self.waiting.client.to_owned(),
            person: allowed.person.clone(),
            session: allowed.session.clone(),
            redirect_uri: String::new(),
            redirect_uri_sent: false,
            challenge: None,
            scope: allowed.scope.clone(),
            resources: self.resources.to_vec(),
            details: self.details.cloned(),
            claims: None,
            nonce: None,
            auth_time: allowed.auth_time,
            amr: allowed.amr.clone(),
            acr: allowed.acr.clone(),
            confirmation: None,
            issued_at: allowed.at,
            expires_at: self.waiting.expires_at,
            state: code::State::Fresh,
        }
    }
}

/// Does what was decided about a poll.
///
/// # Errors
/// Why there are no tokens.
pub(crate) async fn answer(
    call: &Call,
    client: &AuthenticatedClient,
    grant: &Grant,
    (polled, decision): (&Polled<'_>, Decision),
    wanted: Wanted<'_>,
) -> Result<Outcome, Refusal> {
    let (interval, said) = match (decision, polled.waiting.state.allowed()) {
        (Decision::Pending, _) => (polled.waiting.interval, grant.pending),
        (Decision::SlowDown { interval }, _) => (interval, grant.slow_down),
        (Decision::Redeem, Some(allowed)) => {
            let tokens = redeem(call, client, grant, (polled, allowed), wanted).await?;
            // Still allowed and yet not to be redeemed: revoked at another node, of which this one is about to hear.
            return Ok(
                tokens.map_or(Outcome::Lost(Reason::GrantRevoked), |tokens| {
                    Outcome::Tokens(Box::new(tokens))
                }),
            );
        }
        (Decision::Replay, Some(allowed)) => {
            let code = polled.as_code(allowed);
            return Err(end(call, client, grant, &code).await?);
        }
        (Decision::Redeem | Decision::Replay, None) => return Err(grant.slow_down.into()),
    };
    if note(call, client, grant, (polled, interval)).await? {
        Err(said.into())
    } else {
        Ok(Outcome::Lost(grant.slow_down))
    }
}

/// Writes down when the client polled; `false` when another poll was faster.
async fn note(
    call: &Call,
    client: &AuthenticatedClient,
    grant: &Grant,
    (polled, interval): (&Polled<'_>, i64),
) -> Result<bool, Refusal> {
    let realm = &call.realm;
    let mut batch = client.batch(realm);
    let values = params![
        realm.name(),
        polled.hash,
        call.now(),
        interval,
        polled.waiting.polled_at,
        polled.waiting.interval
    ];
    batch.expect(grant.poll, values, 1);
    Ok(client.commit(realm, batch).await?.is_some())
}

/// Issues the tokens; `None` when another poll was faster.
async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    grant: &Grant,
    (polled, allowed): (&Polled<'_>, &Allowed),
    wanted: Wanted<'_>,
) -> Result<Option<TokenResponse>, Refusal> {
    let realm = &call.realm;
    let code = polled.as_code(allowed);
    let issued = authorization_code::fulfil(realm, &Recipient::of(client), &code, wanted).await?;
    let mut batch = client.batch(realm);
    let marks = authorization_code::marks(&code);
    let times = (code.issued_at, call.now());
    let values = stored::redeem((realm.name(), polled.hash), marks, times);
    batch.expect(grant.redeem, values, 1);
    if let Some(family) = &issued.family {
        refresh_token::begin(realm, &mut batch, family);
    }
    let (redeemed, ..) = grant.events;
    realm.record(&mut batch, event(call, redeemed, &code));
    Ok(client.commit(realm, batch).await?.map(|_| issued.tokens))
}

/// The tokens were fetched before: whoever has what names the request should not, so what it gave is revoked, as for authorization codes (RFC 6749 §4.1.2).
async fn end(
    call: &Call,
    client: &AuthenticatedClient,
    grant: &Grant,
    code: &code::Code,
) -> Result<Refusal, Refusal> {
    let mark = Mark::Grant(&code.grant_id);
    // Once is enough: whoever goes on presenting it must not fill the audit.
    if !call.realm.revocations().is_revoked(mark, code.issued_at) {
        let (_, replayed, words) = grant.events;
        let because = (event(call, replayed, code), words);
        refresh_token::end_grant(call, client, &code.grant_id, because).await?;
    }
    Ok(grant.replayed.into())
}

/// An event about what was allowed.
pub(crate) fn event(call: &Call, kind: &'static str, code: &code::Code) -> Event {
    let detail = serde_json::json!({ "grant": code.grant_id, "scope": code.scope });
    call.event(kind, Some(&code.person), &code.client)
        .detail(detail)
}
