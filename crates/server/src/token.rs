//! `POST /token` (RFC 6749 §3.2). Answers JSON whatever the caller accepts.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use oauth::token::{GrantType, TokenRequest, TokenResponse};

use crate::call::Call;
use crate::client_auth::{AuthenticatedClient, Endpoint};
use crate::refusal::{Reason, Refusal};
use crate::{answer, authorization_code, client_credentials, refresh_token};

const ENDPOINT: Endpoint = Endpoint {
    name: "token",
    for_scripts: true,
};

/// The endpoint.
pub(crate) async fn post(call: Call, body: Body) -> Response {
    let (params, client) = match ENDPOINT.admit(&call, body).await {
        Ok(admitted) => admitted,
        Err(refused) => return *refused,
    };
    let outcome = match TokenRequest::parse(&params) {
        Ok(request) => grant(&call, &client, &request).await,
        Err(error) => Err(error.into()),
    };
    ENDPOINT.answer(&call, &client, outcome, |tokens: &TokenResponse| {
        answer::json(StatusCode::OK, tokens)
    })
}

async fn grant(
    call: &Call,
    client: &AuthenticatedClient,
    request: &TokenRequest,
) -> Result<TokenResponse, Refusal> {
    registered(client, request.grant_type())?;
    match request {
        TokenRequest::AuthorizationCode(request) => {
            authorization_code::redeem(call, client, request).await
        }
        TokenRequest::RefreshToken(request) => refresh_token::refresh(call, client, request).await,
        TokenRequest::ClientCredentials(request) => {
            client_credentials::issue(call, client, request).await
        }
        TokenRequest::DeviceCode(_) => Err(Reason::GrantTypeNotRegistered.into()),
    }
}

fn registered(client: &AuthenticatedClient, grant: GrantType) -> Result<(), Reason> {
    if crate::granting::rules::allows_grant(client, grant) {
        Ok(())
    } else {
        Err(Reason::GrantTypeNotRegistered)
    }
}
