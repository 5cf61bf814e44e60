//! `POST /par` (RFC 9126): a client pushes its authorization request and gets a reference, with which it sends the browser to /authorize.
//!
//! 1. The client authenticates as at /token. 2. `rules.rs` keeps what belongs to the request. 3. /authorize checks it as if the browser had brought it, so that
//!    what is wrong is told here. 4. One commit keeps it, sealed, with the proofs that count once. 5. /authorize loads it as often as the browser comes, and the
//!    commit of the answer uses it up.

pub mod rules;
pub(crate) mod sql;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response as HttpResponse;
use db::{Batch, params};
use oauth::Params;
use oauth::pushed_authorization_request::{PREFIX, Response, reference, request};
use realm::Realm;
use web::limit::Rate;

use self::rules::Pushed;
use crate::authorization;
use crate::authorization_code::hash;
use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::commit;
use crate::refusal::{Reason, Refusal};
use crate::{answer, dpop};

const ENDPOINT: Endpoint = Endpoint {
    name: "pushed_authorization_request",
    path: "/par",
    for_scripts: true,
};

/// What the parameters are sealed for.
const PURPOSE: &str = "pushed_authorization_request";

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
    let outcome = match dpop::bind_if_shown(&call, ENDPOINT.path, &mut client) {
        Ok(()) => push(&call, &client, &params).await,
        Err(refusal) => Err(refusal),
    };
    let fulfilled = |response: &Response| answer::json(StatusCode::CREATED, response);
    let mut response = ENDPOINT.answer(&call, &client, outcome, fulfilled).await;
    dpop::offer(&call, &client, &mut response);
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
    let request = rules::bind(request, jkt)?;
    authorization::check_pushed(call, &request).await?;
    let lifetimes = realm.settings().lifetimes;
    let now = call.now();
    let expires_in = lifetimes.pushed_authorization_request;
    let expires_at = now.saturating_add(expires_in);
    // The sign-in and the consent may each take as long as a request may.
    let keep_until = expires_at.saturating_add(lifetimes.authorization_request.saturating_mul(2));
    let reference = realm.ambient().token();
    let mut batch = client.batch(realm);
    batch.run(
        &sql::PUSH_REQUEST,
        params![
            realm.name(),
            hash(&reference),
            &client.id,
            realm.seal(PURPOSE, rules::write(&request)),
            expires_at,
            keep_until
        ],
    );
    match client.commit(realm, batch).await? {
        Some(_) => Ok(Response {
            request_uri: format!("{PREFIX}{reference}"),
            expires_in,
        }),
        None => Err(Reason::Contended.into()),
    }
}

fn limit(call: &Call, client: &str) -> Result<(), Refusal> {
    let network = call.address.map(|address| address.network());
    let key = (call.realm.name(), network, client);
    let taken = call.server.pushes.take(key);
    taken.map_err(|wait| Refusal::TooMany(wait.0))
}

/// The request behind a reference that the browser of `client` brought, and the hash by which its answer uses it up.
///
/// # Errors
/// `invalid_request_uri`.
pub(crate) async fn find(
    call: &Call,
    client: &str,
    request_uri: &str,
) -> Result<(Params, String), Refusal> {
    let realm = &call.realm;
    let hash = hash(reference(request_uri).ok_or(Reason::RequestUriUnknown)?);
    let pushed = sql::find(realm, &hash).await?;
    let pushed = pushed.ok_or(Reason::RequestUriUnknown)?;
    rules::decide(&pushed, client, call.now())?;
    Ok((open(realm, &pushed)?, hash))
}

/// The request with this hash, of a browser that brought the reference in time.
///
/// # Errors
/// `invalid_request_uri` when it was answered, or is so old that it is not kept any more.
pub(crate) async fn reopen(call: &Call, hash: &str) -> Result<Params, Refusal> {
    let pushed = sql::find(&call.realm, hash).await?;
    let pushed = pushed.ok_or(Reason::RequestUriExpired)?;
    if pushed.used {
        return Err(Reason::RequestUriUsed.into());
    }
    open(&call.realm, &pushed)
}

fn open(realm: &Realm, pushed: &Pushed) -> Result<Params, Refusal> {
    let damaged = || Refusal::Failed("a pushed request cannot be opened".to_owned());
    let text = realm.unseal(PURPOSE, &pushed.request).ok_or_else(damaged)?;
    Ok(rules::read(&text)?)
}

/// Adds to the batch of an answer that it uses the request up: when that was done before, the guard fails.
pub(crate) fn use_up(realm: &Realm, batch: &mut Batch, hash: &str) {
    let values = params![realm.name(), hash, realm.now()];
    batch.expect(&sql::USE_PUSHED_REQUEST, values, 1);
}

/// Uses a request up by itself, for an answer that writes nothing else.
///
/// # Errors
/// [`Reason::RequestUriUsed`] when it was answered before: of two answers one leaves.
pub(crate) async fn answered(realm: &Realm, hash: &str) -> Result<(), Refusal> {
    let mut batch = Batch::new();
    use_up(realm, &mut batch, hash);
    match commit::commit(realm, batch).await? {
        Some(_) => Ok(()),
        None => Err(Reason::RequestUriUsed.into()),
    }
}
