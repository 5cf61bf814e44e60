//! `POST /par` (RFC 9126): a client pushes its authorization request and gets a reference, with which it sends the browser to /authorize.
//!
//! 1. The client authenticates as at /token. 2. `rules::bind` binds it to the key of its proof. 3. /authorize checks it as if the browser had brought it, so that
//!    what is wrong is told here. 4. One commit keeps it with the proofs that count once.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response as HttpResponse;
use oauth::Params;
use oauth::pushed_authorization_request::{Response, request};
use web::limit::Rate;

use crate::authorization::{self, pushed};
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint, proof};
use crate::refusal::{Reason, Refusal};
use crate::{answer, dpop};

const ENDPOINT: Endpoint = Endpoint {
    name: "pushed_authorization_request",
    path: "/par",
    for_scripts: true,
};

/// Sixty requests at once, then one each second: of each public client from each address, as anybody can push with its name.
pub(crate) const DEFAULT: Rate = Rate {
    burst: 60,
    seconds_each: 1,
};

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> HttpResponse {
    let (params, mut client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = match proof::bind_if_shown(&call, ENDPOINT.path, &mut client) {
        Ok(()) => push(&call, &client, &params).await,
        Err(refusal) => Err(refusal),
    };
    let fulfilled = |response: &Response| answer::json(StatusCode::CREATED, response);
    let mut response = ENDPOINT.answer(&call, &client, outcome, fulfilled).await;
    proof::offer(&call, &client, &mut response);
    response
}

async fn push(
    call: &Call,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Response, Refusal> {
    let realm = &call.realm;
    if client.is_public() {
        limit(call, &client.id)?;
    }
    let request = request(params, &client.id)?;
    let request = authorization::open_pushed(call, client, request).await?;
    let jkt = client.proof().map(dpop::Accepted::jkt);
    let request = pushed::rules::bind(request, jkt)?;
    authorization::check_pushed(call, &request).await?;
    let mut batch = client.batch(realm);
    let response = pushed::keep(realm, &mut batch, &client.id, &request);
    match client.commit(realm, batch).await? {
        Some(_) => Ok(response),
        None => Err(Reason::Contended.into()),
    }
}

fn limit(call: &Call, client: &str) -> Result<(), Refusal> {
    let network = call.address.map(|address| address.network());
    let key = (call.realm.name(), network, client);
    let taken = call.server.pushes.take(key);
    taken.map_err(|wait| Refusal::TooMany(wait.0))
}
