//! Requests that were pushed (RFC 9126) and wait for the browser. Each is sealed; /authorize loads it as often as the browser comes, and the commit of the answer
//! uses it up.

pub mod rules;
pub(crate) mod sql;

use db::{Batch, params};
use oauth::Params;
use oauth::pushed_authorization_request::{PREFIX, Response, reference};
use realm::Realm;

use self::rules::Pushed;
use crate::authorization_code::hash;
use crate::call::Call;
use crate::commit;
use crate::refusal::{Reason, Refusal};

/// What the parameters are sealed for.
const PURPOSE: &str = "pushed_authorization_request";

/// Keeps a request of `client`; the answer to it is good when the batch is committed.
pub(crate) fn keep(realm: &Realm, batch: &mut Batch, client: &str, request: &Params) -> Response {
    let lifetimes = realm.settings().lifetimes;
    let expires_in = lifetimes.pushed_authorization_request;
    let expires_at = realm.now().saturating_add(expires_in);
    // The sign-in and the consent may each take as long as a request may.
    let keep_until = expires_at.saturating_add(lifetimes.authorization_request.saturating_mul(2));
    let reference = realm.ambient().token();
    batch.run(
        &sql::PUSH_REQUEST,
        params![
            realm.name(),
            hash(&reference),
            client,
            realm.seal(PURPOSE, rules::write(request)),
            expires_at,
            keep_until
        ],
    );
    Response {
        request_uri: format!("{PREFIX}{reference}"),
        expires_in,
    }
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
