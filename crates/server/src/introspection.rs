//! `POST /introspect` (RFC 7662): tells a resource server, or a client about its own, what a token is worth. Asks the memory and checks one signature;
//! only a refresh token costs a read. Who asks for it gets the answer as a JWT (RFC 9701).

pub mod rules;
mod signed;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use oauth::Params;
use oauth::authorization_details::AuthorizationDetails;
use oauth::claims::AccessToken;
use oauth::introspection::{Request, Response as Introspected};
use serde_json::{Map, Value};

use crate::answer;
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::refusal::{Reason, Refusal};
use crate::tokens::{access_token, refresh_token};

const ENDPOINT: Endpoint = Endpoint {
    name: "introspection",
    path: "/introspect",
    for_scripts: false,
};

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = introspect(&call, &client, &params).await;
    if wants_jwt(&call) {
        let outcome = match outcome {
            Ok(answer) => signed::text(&call, &client, &answer).await,
            Err(refusal) => Err(refusal),
        };
        let fulfilled = |text: &String| signed::response(text);
        return ENDPOINT.answer(&call, &client, outcome, fulfilled).await;
    }
    let fulfilled = |response: &Introspected| answer::json(StatusCode::OK, response);
    ENDPOINT.answer(&call, &client, outcome, fulfilled).await
}

fn wants_jwt(call: &Call) -> bool {
    let accept = call.headers.get_all(header::ACCEPT).iter();
    rules::wants_jwt(accept.filter_map(|value| value.to_str().ok()))
}

async fn introspect(
    call: &Call,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Introspected, Refusal> {
    // Whoever may ask without proof could try tokens (RFC 7662 §2.1, §4).
    if client.is_public() {
        return Err(Reason::ClientIsPublic.into());
    }
    let request = Request::parse(params)?;
    if refresh_token::looks_like(&request.token) {
        return refresh(call, client, &request.token).await;
    }
    match access_token::read(&call.realm, &request.token, call.now()).await {
        Ok(claims) if concerns(client, &claims) && holds(call, &claims).await? => {
            Ok(Introspected::access_token(&claims))
        }
        Ok(_) | Err(Refusal::Because(_)) => Ok(Introspected::inactive()),
        Err(failed) => Err(failed),
    }
}

/// Whether the token is the caller's own, or meant for an API that the caller is.
fn concerns(client: &AuthenticatedClient, claims: &AccessToken) -> bool {
    claims.client_id == client.id
        || claims
            .aud
            .iter()
            .any(|audience| client.introspects.iter().any(|own| own == audience))
}

/// Whether the token's client is still there.
async fn holds(call: &Call, claims: &AccessToken) -> Result<bool, Refusal> {
    let client = call.realm.client(&claims.client_id).await?;
    Ok(client.is_some_and(|client| !client.disabled))
}

async fn refresh(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Introspected, Refusal> {
    let Some(family) = crate::refresh_token::living(call, client, token).await? else {
        return Ok(Introspected::inactive());
    };
    Ok(Introspected {
        active: true,
        scope: Some(family.scope),
        client_id: Some(family.client),
        sub: Some(family.person),
        exp: Some(family.idle_expires_at.min(family.expires_at)),
        iat: Some(family.rotated_at),
        iss: Some(call.realm.issuer().to_owned()),
        extra: confirmation(family.confirmation.as_ref()),
        ..Introspected::default()
    })
}

/// What a refresh token is bound to, as a member of the answer.
fn confirmation(confirmation: Option<&Confirmation>) -> Map<String, Value> {
    confirmation
        .and_then(|confirmation| serde_json::to_value(confirmation).ok())
        .map(|value| ("cnf".to_owned(), value))
        .into_iter()
        .collect()
}
