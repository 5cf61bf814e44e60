//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628): a device without a browser asks, a person allows it in a browser of theirs, and
//! the device, which polls meanwhile, gets its tokens.
//!
//! 1. `device_authorization.rs` makes the two codes. 2. `enter.rs` takes the one that the person types, who then signs in. 3. `confirm.rs` shows who
//!    asks and for what (`question.rs`), and writes the answer. 4. Here a poll is answered: `rules.rs` decides, and `waiting` does it; what was
//!    allowed becomes tokens as a code does.

mod confirm;
mod device_authorization;
mod enter;
mod limits;
mod question;
#[cfg(test)]
mod races;
pub mod rules;
pub(crate) mod sql;

use oauth::device_code::UserCode;
use oauth::token::{DeviceCode, TokenResponse};
use realm::Realm;

use self::rules::Device;
use crate::authorization_code;
use crate::call::Call;
use crate::client_auth::AuthenticatedClient;
use crate::commit::TRIES;
use crate::granting::rules::Wanted;
use crate::refusal::{Reason, Refusal};
use crate::waiting::{self, poll::Grant, poll::Outcome, poll::Polled};

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

/// What this grant has for itself.
static GRANT: Grant = Grant {
    poll: &sql::POLL_DEVICE,
    redeem: &sql::REDEEM_DEVICE,
    pending: Reason::DevicePending,
    slow_down: Reason::DeviceSlowDown,
    replayed: Reason::DeviceCodeReplayed,
    events: (
        "device_code.redeemed",
        "device_code.replayed",
        "a device code was used twice",
    ),
};

/// Answers a poll.
pub(crate) async fn poll(
    call: &Call,
    client: &AuthenticatedClient,
    request: &DeviceCode,
) -> Result<TokenResponse, Refusal> {
    let hash = authorization_code::hash(&request.device_code);
    let wanted = Wanted {
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
    };
    let mut why = Reason::DeviceSlowDown;
    for _ in 0..TRIES {
        let Some(device) = sql::find(&call.realm, &hash).await? else {
            call.server.guesses.failed(call, &client.id);
            return Err(Reason::DeviceCodeUnknown.into());
        };
        let decision = rules::decide(&device, client, call.now())?;
        let polled = (&polled(&device, &hash), decision);
        match waiting::poll::answer(call, client, &GRANT, polled, wanted).await? {
            Outcome::Tokens(tokens) => return Ok(*tokens),
            Outcome::Lost(reason) => why = reason,
        }
    }
    Err(why.into())
}

fn polled<'a>(device: &'a Device, hash: &'a str) -> Polled<'a> {
    Polled {
        hash,
        waiting: device.waiting(),
        resources: &device.resources,
        details: device.details.as_ref(),
    }
}
