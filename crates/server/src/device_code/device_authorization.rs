//! `POST /device_authorization` (RFC 8628 §3.1, §3.2).

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::device_code::{self, DEFAULT_INTERVAL, Request, UserCode};
use oauth::token::GrantType;

use super::rules::{Device, LIFETIME, REMEMBERED, State};
use super::{PREFIX, seal, sql};
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::granting::rules as granting;
use crate::refusal::{Reason, Refusal};
use crate::{answer, authorization_code};

const ENDPOINT: Endpoint = Endpoint {
    name: "device_authorization",
    path: "/device_authorization",
    for_scripts: false,
};

/// How often another user code is tried when the first is taken: of 20^8, by chance never.
const TRIES: usize = 5;

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = match Request::parse(&params) {
        Ok(request) => begin(&call, &client, &request).await,
        Err(error) => Err(error.into()),
    };
    let fulfilled = |response: &device_code::Response| answer::json(StatusCode::OK, response);
    ENDPOINT.answer(&call, &client, outcome, fulfilled).await
}

async fn begin(
    call: &Call,
    client: &AuthenticatedClient,
    request: &Request,
) -> Result<device_code::Response, Refusal> {
    let realm = &call.realm;
    if !client.allows_grant(GrantType::DeviceCode) {
        return Err(Reason::GrantTypeNotRegistered.into());
    }
    let catalogue = realm.catalogue().await?;
    let asked = granting::Asked {
        scope: request.scope.as_ref(),
        resources: &request.resource,
        details: request.authorization_details.as_ref(),
        person: granting::Part::Asked,
    };
    let terms = granting::terms(&asked, client, &catalogue)?;
    let now = call.now();
    let device = Device {
        client: client.id.clone(),
        scope: terms.scope,
        resources: terms.resources,
        details: request.authorization_details.clone(),
        address: call.address.map(|address| address.to_string()),
        created_at: now,
        expires_at: now.saturating_add(LIFETIME),
        interval: DEFAULT_INTERVAL,
        polled_at: 0,
        state: State::Pending,
    };
    for _ in 0..TRIES {
        let device_code = format!("{PREFIX}{}", realm.ambient().token());
        let user_code = UserCode::from_random(realm.ambient().entropy.bytes());
        let hash = authorization_code::hash(&device_code);
        let sealed = seal(realm, &user_code);
        let keep_until = device.expires_at.saturating_add(REMEMBERED);
        let mut batch = client.batch(realm);
        let values = sql::begin(realm.name(), (&hash, &sealed), &device, keep_until);
        batch.run(&sql::BEGIN_DEVICE, values);
        if client.commit(realm, batch).await?.is_some() {
            return Ok(response(call, device_code, &user_code));
        }
    }
    Err(Reason::Contended.into())
}

fn response(call: &Call, device_code: String, user_code: &UserCode) -> device_code::Response {
    let page = call.realm.url("/device");
    device_code::Response {
        device_code,
        user_code: user_code.to_string(),
        verification_uri_complete: Some(format!("{page}?user_code={user_code}")),
        verification_uri: page,
        expires_in: LIFETIME,
        interval: Some(DEFAULT_INTERVAL),
    }
}
