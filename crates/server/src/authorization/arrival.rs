//! Where the parameters of a request are that the browser brings: in the address, in a request object (RFC 9101 §5), or with us since the client pushed them
//! (RFC 9126 §4).

use std::borrow::Cow;

use oauth::Params;
use oauth::pushed_authorization_request::PREFIX;
use realm::Client;

use super::pushed;
use super::request::{Stop, client, find};
use crate::call::Call;
use crate::refusal::{Reason, Refusal};
use crate::{federation, request_object};

/// The parameters that count, and how they came.
pub(super) struct Arrived<'p> {
    /// The parameters.
    pub(super) params: Cow<'p, Params>,
    /// How they came.
    pub(super) by: By,
}

/// How parameters came.
pub(super) enum By {
    /// In the address.
    Address,
    /// In an object that the client signed.
    Object,
    /// The client pushed them: the hash names the row.
    Push(String),
}

/// Finds the parameters of a request that a browser brings.
pub(super) async fn resolve<'p>(call: &Call, params: &'p Params) -> Result<Arrived<'p>, Stop> {
    let (object, reference) = (params.get("request"), params.get("request_uri"));
    if object.is_none() && reference.is_none() {
        return Ok(Arrived {
            params: Cow::Borrowed(params),
            by: By::Address,
        });
    }
    Box::pin(federation::learn(call, params)).await;
    let client = client(call, params.get("client_id")).await?;
    match Box::pin(elsewhere(call, &client, params)).await {
        Ok(arrived) => Ok(arrived),
        // What a reference of ours stands for is not known, and nothing beside it counts.
        Err(refusal) if reference.is_some_and(|uri| uri.starts_with(PREFIX)) => {
            Err(Stop::Page(refusal))
        }
        Err(refusal) => Err(match find(call, params).await {
            Ok((_, answer)) => Stop::Redirect(Box::new(answer), refusal),
            Err(_) => Stop::Page(refusal),
        }),
    }
}

async fn elsewhere<'p>(
    call: &Call,
    client: &Client,
    params: &Params,
) -> Result<Arrived<'p>, Refusal> {
    match (params.get("request"), params.get("request_uri")) {
        (Some(_), Some(_)) => Err(Reason::RequestTwice.into()),
        (_, Some(uri)) if uri.starts_with(PREFIX) => {
            let (params, hash) = pushed::find(call, &client.id, uri).await?;
            Ok(Arrived {
                params: Cow::Owned(params),
                by: By::Push(hash),
            })
        }
        (_, Some(uri)) => signed(request_object::fetch(call, client, uri, params).await?),
        (object, None) => {
            let object = object.unwrap_or_default();
            signed(request_object::open(call, client, object, params).await?)
        }
    }
}

fn signed<'p>(params: Params) -> Result<Arrived<'p>, Refusal> {
    Ok(Arrived {
        params: Cow::Owned(params),
        by: By::Object,
    })
}

/// Takes the parameters of a pushed request out of its object, if it is one (RFC 9126 §3).
///
/// # Errors
/// `invalid_request_object`; `invalid_request` where there has to be one.
pub(crate) async fn open_pushed(
    call: &Call,
    client: &Client,
    params: Params,
) -> Result<Params, Refusal> {
    let settings = call.realm.settings();
    match params.get("request") {
        Some(object) => Box::pin(request_object::open(call, client, object, &params)).await,
        None if client.profile(&settings).demands_signed_requests() => {
            Err(Reason::ProfileObjectMissing.into())
        }
        None if client.requires_signed_requests(&settings) => {
            Err(Reason::RequestObjectNeeded.into())
        }
        None => Ok(params),
    }
}
