//! The mode push (OpenID Connect CIBA Core §10.3): the tokens are made once, kept sealed with the request, and sent until the client has them.

use std::sync::Arc;

use db::Batch;
use oauth::ErrorCode;
use oauth::ciba::{Ping, Push, PushError};
use oauth::claims::Confirmation;
use realm::{Client, Event, Realm};

use super::notification::{Caller, Heard, Kept, Made, forget, words};
use super::polled;
use super::rules::{Allowed, State};
use super::sql::{self, Found};
use crate::authorization_code::{self, Recipient};
use crate::client_auth::Envelope;
use crate::granting::rules::Wanted;
use crate::refresh_token;
use crate::refusal::Refusal;

/// Sends what a request has come to: the tokens, or why there are none.
///
/// # Errors
/// When it is to be tried again.
pub(super) async fn deliver(
    caller: &Caller,
    realm: &Arc<Realm>,
    (client, endpoint): (&Client, &str),
    (found, mut kept): (&Found, Kept),
) -> Result<(), String> {
    let failure = match &found.asked.state {
        State::Pending => Some((ErrorCode::ExpiredToken, "nobody decided in time")),
        State::Denied => Some((ErrorCode::AccessDenied, "the person denied the request")),
        State::Allowed(allowed) => {
            let made = make(caller, (realm, client), (found, &mut kept), allowed).await?;
            (!made).then_some((ErrorCode::TransactionFailed, "the grant is no longer valid"))
        }
        State::Redeemed(_) => None,
    };
    if let Some((code, description)) = failure {
        let error = PushError::new(kept.auth_req_id.clone(), code, description);
        caller.say(endpoint, &kept, &error).await?;
        return done(realm, client, found, Ok(Heard::Yes)).await;
    }
    let Some(made) = &kept.tokens else {
        return Err("the tokens are not there".to_owned());
    };
    // Nobody wants what has expired on its way.
    let lifetime = made.tokens.expires_in.unwrap_or(0);
    if realm.now() >= made.at.saturating_add(lifetime) {
        return done(realm, client, found, Ok(Heard::Never)).await;
    }
    let push = Push {
        request: Ping {
            auth_req_id: kept.auth_req_id.clone(),
        },
        tokens: made.tokens.clone(),
    };
    let heard = caller.say(endpoint, &kept, &push).await;
    done(realm, client, found, heard).await
}

/// Makes the tokens and makes it true that they are issued; `false` when what was allowed does not hold any more.
async fn make(
    caller: &Caller,
    (realm, client): (&Arc<Realm>, &Client),
    (found, kept): (&Found, &mut Kept),
    allowed: &Allowed,
) -> Result<bool, String> {
    let envelope = Envelope::of_id_tokens(&caller.keys, realm, client).await;
    let envelope = envelope.map_err(words)?;
    let code = polled(&found.asked, &found.hash).as_code(allowed);
    let instance = kept.instance.clone().map(Confirmation::key);
    let recipient = Recipient {
        client,
        confirmation: None,
        auth_req_id: Some(&kept.auth_req_id),
        instance: instance.as_ref(),
    };
    let issued = match authorization_code::fulfil(realm, &recipient, &code, Wanted::default()).await
    {
        Ok(issued) => issued,
        Err(Refusal::Because(reason)) => {
            tracing::info!(
                realm = realm.name(),
                client = client.id,
                reason = reason.name(),
                "nothing is pushed"
            );
            return Ok(false);
        }
        Err(refusal) => return Err(words(refusal)),
    };
    let mut tokens = issued.tokens;
    if let (Some(envelope), Some(jwt)) = (&envelope, &tokens.id_token) {
        tokens.id_token = Some(envelope.seal(jwt).map_err(words)?);
    }
    kept.tokens = Some(Made {
        at: realm.now(),
        tokens,
    });
    let sealed = kept.seal(realm).map_err(words)?;
    let mut batch = Batch::new();
    let marks = authorization_code::marks(&code);
    // It was allowed in time, whenever it is sent.
    let times = (allowed.at, allowed.at);
    let values = sql::push((realm.name(), &found.hash), marks, times, &sealed);
    batch.expect(&sql::PUSH_AUTHENTICATION, values, 1);
    if let Some(family) = &issued.family {
        refresh_token::begin(realm, &mut batch, family);
    }
    realm.record(&mut batch, event("ciba.redeemed", client, found));
    let committed = crate::commit::commit(realm, batch).await.map_err(words)?;
    // Still allowed and yet not to be redeemed: revoked at another node, or another one has sent it.
    committed
        .map(|_| true)
        .ok_or_else(|| "lost a race".to_owned())
}

/// What was said is not kept. Tokens that the client did not take are nobody's.
async fn done(
    realm: &Arc<Realm>,
    client: &Client,
    found: &Found,
    heard: Result<Heard, String>,
) -> Result<(), String> {
    let mut batch = Batch::new();
    forget(realm, &mut batch, &found.hash);
    if heard? == Heard::Never
        && let Some(allowed) = found.asked.state.allowed()
    {
        tracing::warn!(
            realm = realm.name(),
            client = client.id,
            "tokens were pushed in vain"
        );
        realm.record(&mut batch, event("ciba.push_refused", client, found));
        refresh_token::revoke_grant(realm, &mut batch, &allowed.grant_id, realm.now());
    }
    realm
        .commit(batch)
        .await
        .map_err(|error| error.to_string())?;
    Ok(())
}

fn event(kind: &str, client: &Client, found: &Found) -> Event {
    let allowed = found.asked.state.allowed();
    let detail = serde_json::json!({
        "request": found.asked.id,
        "grant": allowed.map(|allowed| &allowed.grant_id),
        "scope": allowed.map(|allowed| &allowed.scope),
    });
    let mut event = Event::new(kind).client(&client.id).detail(detail);
    event.person = Some(found.asked.person.clone());
    event
}
