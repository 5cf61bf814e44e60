//! `POST /bc-authorize` (OpenID Connect CIBA Core §7): a client asks a person, who hears of it on a device of their own.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use db::params;
use identity::Person;
use identity::methods::Method;
use oauth::ciba::{self, DEFAULT_INTERVAL, DeliveryMode, Request};
use oauth::token::GrantType;
use oauth::{ErrorCode, Params};

use super::notification::{self, Kept};
use super::rules::{self, Authentication, PENDING, REMEMBERED, State};
use super::signed::{self, Spendable};
use super::{PREFIX, hint, mail, sql, user_code, webhook};
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::granting::authorization_details as details;
use crate::granting::rules as granting;
use crate::refusal::{Reason, Refusal};
use crate::{answer, authorization_code};

const ENDPOINT: Endpoint = Endpoint {
    name: "backchannel_authentication",
    path: "/bc-authorize",
    for_scripts: false,
};

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = Box::pin(ask(&call, &client, params)).await;
    let forbidden = outcome
        .as_ref()
        .is_err_and(|refusal| refusal.wire().0 == ErrorCode::AccessDenied);
    let fulfilled = |response: &ciba::Response| answer::json(StatusCode::OK, response);
    let mut response = ENDPOINT.answer(&call, &client, outcome, fulfilled).await;
    if forbidden && response.status() == StatusCode::BAD_REQUEST {
        // §13 has another status than the token endpoint.
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    response
}

async fn ask(
    call: &Call,
    client: &AuthenticatedClient,
    params: Params,
) -> Result<ciba::Response, Refusal> {
    if client.is_public() {
        return Err(Reason::ClientIsPublic.into());
    }
    if !client.allows_grant(GrantType::Ciba) {
        return Err(Reason::GrantTypeNotRegistered.into());
    }
    call.server.ciba.limits.ask(call, &client.id)?;
    let (params, spendable) = signed::open(call, client, params).await?;
    let request = Request::parse(&params)?;
    let mode = client.backchannel.mode();
    if mode.calls() && request.client_notification_token.is_none() {
        return Err(Reason::CibaTokenMissing.into());
    }
    let possible = Method::ALL.map(Method::amr).concat();
    let settings = call.realm.settings();
    if !settings.acr.meets(&request.acr_values, &possible) {
        return Err(Reason::AcrUnreachable.into());
    }
    let catalogue = call.realm.catalogue().await?;
    let asked = granting::Asked {
        scope: Some(&request.scope),
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
        person: granting::Part::Asked,
    };
    let terms = granting::terms(&asked, client, &catalogue)?;
    let person = person(call, client, &request).await?;
    // Nobody is asked for what they cannot give.
    let facts = person.facts();
    let granted = (&**client, &*catalogue);
    details::grantable(asked.details, Some(&facts), granted)?;
    granting::left(&terms, asked.details, Some(&facts), granted)?;
    user_code::check(call, client, &person, request.user_code.as_deref()).await?;
    room(call, client, &person.id).await?;
    let limits = &call.server.ciba.limits;
    limits.disturb(call, &client.id, &person.id)?;
    let now = call.now();
    let asked = Authentication {
        id: call.realm.ambient().id(),
        client: client.id.clone(),
        person: person.id.clone(),
        delivery: mode,
        scope: terms.scope,
        resources: terms.resources,
        details: request.authorization_details,
        binding_message: request
            .binding_message
            .map(|message| message.as_str().to_owned()),
        max_age: request.max_age.or(client.openid.default_max_age),
        acr_values: request.acr_values,
        address: call.address.map(|address| address.to_string()),
        created_at: now,
        expires_at: now.saturating_add(rules::lifetime(request.requested_expiry)),
        interval: DEFAULT_INTERVAL,
        polled_at: 0,
        state: State::Pending,
    };
    let token = request.client_notification_token;
    let token = token.as_ref().map(|token| token.as_str());
    begin(call, (client, &person), &asked, (token, spendable)).await
}

/// The person who is asked. Clients that name many who are not there are slowed down.
async fn person(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Request,
) -> Result<Person, Refusal> {
    let found = hint::person(call, client, &request.hint).await;
    if let Err(Refusal::Because(Reason::CibaUserUnknown)) = &found {
        call.server.ciba.limits.unknown(call, &client.id);
    }
    found
}

/// Whether one more request may be put before the person. The commit looks again.
///
/// # Errors
/// [`Refusal::TooMany`], until the first of those that wait has expired.
async fn room(call: &Call, client: &AuthenticatedClient, person: &str) -> Result<(), Refusal> {
    let now = call.now();
    let waiting = sql::waiting_clients(&call.realm, person, (now, PENDING)).await?;
    let names = waiting.iter().map(|(name, _)| name.as_str());
    if !rules::may_wait(&client.id, names) {
        let first = waiting.iter().map(|(_, until)| until - now).min();
        return Err(Refusal::TooMany(first.unwrap_or(1).max(1)));
    }
    Ok(())
}

/// Makes it true that the client has asked.
async fn begin(
    call: &Call,
    (client, person): (&AuthenticatedClient, &Person),
    asked: &Authentication,
    (token, spendable): (Option<&str>, Option<Spendable>),
) -> Result<ciba::Response, Refusal> {
    let realm = &call.realm;
    let auth_req_id = format!("{PREFIX}{}", realm.ambient().token());
    let hash = authorization_code::hash(&auth_req_id);
    let kept = token.filter(|_| asked.delivery.calls()).map(|token| {
        let kept = Kept::waiting(&auth_req_id, token, client.instance_key());
        kept.seal(realm)
    });
    let kept = kept.transpose()?;
    let keep_until = asked.expires_at.saturating_add(REMEMBERED);
    let mut batch = client.batch(realm);
    if let Some(spendable) = &spendable {
        spendable.spend(realm, &mut batch);
    }
    let rest = (kept.as_deref(), keep_until);
    let held = params![realm.name(), &asked.person, asked.expires_at];
    batch.run(&sql::HOLD_ASKED_PERSON, held);
    let values = sql::begin(realm.name(), &hash, asked, rest);
    batch.expect(&sql::BEGIN_AUTHENTICATION, values, 1);
    if asked.delivery.calls() {
        notification::enqueue(realm, &mut batch, (&client.id, &hash), asked.expires_at);
    }
    webhook::enqueue(realm, &mut batch, &hash);
    if call.server.ciba.writes_letters() && mail::address(person).is_some() {
        mail::enqueue(realm, &mut batch, &hash);
    }
    let detail = serde_json::json!({ "request": asked.id, "scope": asked.scope });
    let event = call.event("ciba.requested", Some(&asked.person), &client.id);
    realm.record(&mut batch, event.detail(detail));
    if client.commit(realm, batch).await?.is_none() {
        // Others were faster; or else the signed request came before, since all the rest has a name of its own.
        room(call, client, &asked.person).await?;
        return Err(match spendable {
            Some(_) => Reason::CibaRequestReplayed.into(),
            None => Reason::Contended.into(),
        });
    }
    Ok(ciba::Response {
        auth_req_id,
        expires_in: asked.expires_at.saturating_sub(asked.created_at),
        interval: (asked.delivery != DeliveryMode::Push).then_some(asked.interval),
    })
}
