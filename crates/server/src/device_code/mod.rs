//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628): a device without a browser asks, a person allows it in a browser of theirs, and
//! the device, which polls meanwhile, gets its tokens.
//!
//! 1. `device_authorization.rs` makes the two codes. 2. `enter.rs` takes the one that the person types, who then signs in. 3. `confirm.rs` shows who
//!    asks and for what (`question.rs`), and writes the answer. 4. Here a poll is answered: `rules.rs` decides, and what was allowed becomes tokens as a code does.

mod confirm;
mod device_authorization;
mod enter;
mod limits;
mod question;
#[cfg(test)]
mod races;
pub mod rules;
pub(crate) mod sql;

use db::params;
use oauth::device_code::UserCode;
use oauth::token::{DeviceCode, TokenResponse};
use realm::{Event, Mark, Realm};

use self::rules::{Allowed, Decision, Device};
use crate::authorization_code::{self, rules as code};
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::TRIES;
use crate::granting::rules::Wanted;
use crate::refusal::{Reason, Refusal};
use crate::{refresh_token, waiting};

pub(crate) use confirm::{show as ask, submit as answer};
pub(crate) use device_authorization::post as begin;
pub(crate) use enter::{show, submit};
pub(crate) use limits::Limits;
pub use limits::Rates;

/// How a device code begins, so that secret scanners know it.
const PREFIX: &str = "gdc_";

/// What a user code is stored as: it has so few bits that a hash alone would give it away.
fn seal(realm: &Realm, code: &UserCode) -> String {
    jose::base64url::encode(realm.mac("user_code", code.letters().as_bytes()))
}

/// Answers a poll.
pub(crate) async fn poll(
    call: &Call,
    client: &AuthenticatedClient,
    request: &DeviceCode,
) -> Result<TokenResponse, Refusal> {
    let hash = authorization_code::hash(&request.device_code);
    let mut lost = Reason::DeviceSlowDown;
    for _ in 0..TRIES {
        let Some(device) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::DeviceCodeUnknown.into());
        };
        let allowed = device.state.allowed();
        match (rules::decide(&device, client, call.now())?, allowed) {
            (Decision::Pending, _) => {
                let pace = (&device, device.interval);
                if polled(call, client, &hash, pace).await? {
                    return Err(Reason::DevicePending.into());
                }
            }
            (Decision::SlowDown { interval }, _) => {
                if polled(call, client, &hash, (&device, interval)).await? {
                    return Err(Reason::DeviceSlowDown.into());
                }
            }
            (Decision::Redeem, Some(allowed)) => {
                let code = as_code(&device, allowed);
                if let Some(tokens) = redeem(call, client, request, (&hash, &code)).await? {
                    return Ok(tokens);
                }
                // Still allowed and yet not to be redeemed: revoked at another node, of which this one is about to hear.
                lost = Reason::GrantRevoked;
            }
            (Decision::Replay, Some(allowed)) => {
                return Err(replayed(call, client, &as_code(&device, allowed)).await?);
            }
            (Decision::Redeem | Decision::Replay, None) => break,
        }
    }
    Err(lost.into())
}

/// Writes down when the device polled; `false` when another poll was faster.
async fn polled(
    call: &Call,
    client: &AuthenticatedClient,
    hash: &str,
    (device, interval): (&Device, i64),
) -> Result<bool, Refusal> {
    let realm = &call.realm;
    let mut batch = client.batch(realm);
    let values = params![
        realm.name(),
        hash,
        call.now(),
        interval,
        device.polled_at,
        device.interval
    ];
    batch.expect(&sql::POLL_DEVICE, values, 1);
    Ok(client.commit(realm, batch).await?.is_some())
}

fn as_code(device: &Device, allowed: &Allowed) -> code::Code {
    let code = waiting::as_code(
        &device.client,
        &device.resources,
        allowed,
        device.expires_at,
    );
    code::Code {
        details: device.details.clone(),
        ..code
    }
}

/// Issues the tokens; `None` when another poll was faster.
async fn redeem(
    call: &Call,
    client: &AuthenticatedClient,
    request: &DeviceCode,
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
    let values = sql::redeem((realm.name(), hash), marks, code.issued_at, call.now());
    batch.expect(&sql::REDEEM_DEVICE, values, 1);
    if let Some(family) = &issued.family {
        refresh_token::begin(realm, &mut batch, family);
    }
    realm.record(&mut batch, event(call, "device_code.redeemed", code));
    Ok(client.commit(realm, batch).await?.map(|_| issued.tokens))
}

/// The tokens were fetched before: whoever has the code should not, so what it gave is revoked, as for authorization codes (RFC 6749 §4.1.2).
async fn replayed(
    call: &Call,
    client: &AuthenticatedClient,
    code: &code::Code,
) -> Result<Refusal, Refusal> {
    let realm = &call.realm;
    let grant = Mark::Grant(&code.grant_id);
    // Once is enough: whoever goes on presenting it must not fill the audit.
    if realm.revocations().is_revoked(grant, code.issued_at) {
        return Ok(Reason::DeviceCodeReplayed.into());
    }
    let event = event(call, "device_code.replayed", code);
    refresh_token::end_grant(
        call,
        client,
        &code.grant_id,
        (event, "a device code was used twice"),
    )
    .await?;
    Ok(Reason::DeviceCodeReplayed.into())
}

fn event(call: &Call, kind: &'static str, code: &code::Code) -> Event {
    let detail = serde_json::json!({ "grant": code.grant_id, "scope": code.scope });
    call.event(kind, Some(&code.person), &code.client)
        .detail(detail)
}
