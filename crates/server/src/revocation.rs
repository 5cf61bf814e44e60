//! `POST /revoke` (RFC 7009). A refresh token takes its whole grant with it: the family and every access token. An access token goes alone, so that a
//! client can throw one away and refresh.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::Params;
use oauth::revocation::Request;
use realm::Mark;

use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::refusal::{Reason, Refusal};
use crate::tokens::access_token;
use crate::tokens::refresh_token as text;
use crate::{answer, refresh_token};

const ENDPOINT: Endpoint = Endpoint {
    name: "revocation",
    path: "/revoke",
    for_scripts: true,
};

/// The endpoint. What is unknown, expired or revoked already is answered like what was revoked just now (§2.2).
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = revoke(&call, &client, &params).await;
    let fulfilled = |(): &()| answer::empty(StatusCode::OK);
    ENDPOINT.answer(&call, &client, outcome, fulfilled).await
}

async fn revoke(call: &Call, client: &AuthenticatedClient, params: &Params) -> Result<(), Refusal> {
    let request = Request::parse(params)?;
    if text::looks_like(&request.token) {
        return revoke_family(call, client, &request.token).await;
    }
    let realm = &call.realm;
    let claims = match access_token::read(realm, &request.token, call.now()).await {
        Ok(claims) => claims,
        Err(Refusal::Because(_)) => return Ok(()),
        Err(failed) => return Err(failed),
    };
    if claims.client_id != client.id {
        return Err(Reason::TokenOfAnotherClient.into());
    }
    let mut batch = client.batch(realm);
    let person = claims.grant_id.as_ref().map(|_| claims.sub.as_str());
    let detail = serde_json::json!({ "jti": claims.jti, "grant": claims.grant_id });
    let event = call
        .event("access_token.revoked", person, &client.id)
        .detail(detail);
    realm.record(&mut batch, event);
    realm
        .revocations()
        .revoke_until(&mut batch, Mark::Token(&claims.jti), claims.exp);
    client.commit(realm, batch).await?;
    Ok(())
}

async fn revoke_family(
    call: &Call,
    client: &AuthenticatedClient,
    token: &str,
) -> Result<(), Refusal> {
    let realm = &call.realm;
    let Some((id, _)) = text::read(realm, token) else {
        return Ok(());
    };
    // Any token of the family will do, an old one too: whoever throws one away means the grant.
    let Some(family) = refresh_token::sql::find(realm, &id).await? else {
        return Ok(());
    };
    if family.client != client.id {
        return Err(Reason::TokenOfAnotherClient.into());
    }
    if family.revoked_at.is_some() {
        return Ok(());
    }
    let mut batch = client.batch(realm);
    let detail = serde_json::json!({ "grant": family.id });
    realm.record(
        &mut batch,
        refresh_token::event(call, "refresh_token.revoked", &family, detail),
    );
    refresh_token::revoke_grant(realm, &mut batch, &family.id, call.now());
    client.commit(realm, batch).await?;
    Ok(())
}
