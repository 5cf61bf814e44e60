//! `POST /introspect` (RFC 7662): tells a resource server, or a client about its own, what a token is worth. Asks the memory and checks one signature;
//! only a refresh token costs a read. Who asks for it gets the answer as a JWT (RFC 9701).

pub mod rules;
mod signed;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use oauth::Params;
use oauth::claims::AccessToken;
use oauth::introspection::{Request, Response as Introspected};
use realm::Client;
use serde_json::{Map, Value};

use crate::answer;
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::granting::authorization_details::belongs;
use crate::refresh_token::rules::Family;
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token::{self, DETAILS};
use crate::tokens::{refresh_token, subject};

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
    let profile = client.profile(&call.realm.settings());
    if wants_jwt(&call) || profile.demands_signed_introspection() {
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
        Ok(mut claims) if concerns(client, &claims) => {
            let Some(holder) = holder(call, &claims).await? else {
                return Ok(Introspected::inactive());
            };
            if claims.grant_id.is_some() {
                claims.sub = subject::of(&call.realm, &holder, &claims.sub);
                let session = claims.sid.as_deref();
                claims.sid = session.map(|sid| subject::session(&call.realm, &holder, sid));
            }
            if !claims.extra.is_empty() {
                leave_own(call, client, &mut claims).await?;
            }
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

/// The token's client, while it is there.
async fn holder(call: &Call, claims: &AccessToken) -> Result<Option<Arc<Client>>, Refusal> {
    let client = call.holder(&claims.client_id).await?;
    Ok(client.filter(|client| !client.disabled))
}

async fn refresh(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<Introspected, Refusal> {
    let Some(family) = crate::refresh_token::living(call, client, token).await? else {
        return Ok(Introspected::inactive());
    };
    let extra = extra(&family);
    Ok(Introspected {
        active: true,
        scope: Some(family.scope),
        client_id: Some(family.client),
        sub: Some(subject::of(&call.realm, client, &family.person)),
        exp: Some(family.idle_expires_at.min(family.expires_at)),
        iat: Some(family.rotated_at),
        iss: Some(call.realm.issuer().to_owned()),
        extra,
        ..Introspected::default()
    })
}

/// What a refresh token is bound to and what it is for in particular, as members of the answer.
fn extra(family: &Family) -> Map<String, Value> {
    let confirmation = family.confirmation.as_ref();
    let bound = confirmation.map(|bound| ("cnf".to_owned(), serde_json::json!(bound)));
    let details = family.details.as_ref();
    let details = details.map(|details| (DETAILS.to_owned(), serde_json::json!(details)));
    bound.into_iter().chain(details).collect()
}

/// Takes away what a token is for in particular at other APIs than the caller (RFC 9396 §9.2).
async fn leave_own(
    call: &Call,
    client: &AuthenticatedClient,
    claims: &mut AccessToken,
) -> Result<(), Refusal> {
    let Some(all) = access_token::details(claims)? else {
        return Ok(());
    };
    claims.extra.remove(DETAILS);
    let catalogue = call.realm.catalogue().await?;
    let own = claims.client_id == client.id;
    let kept = all.only(|detail| own || belongs(detail, &client.introspects, &catalogue));
    if let Some(kept) = kept {
        let kept = serde_json::json!(kept);
        claims.extra.insert(DETAILS.to_owned(), kept);
    }
    Ok(())
}
